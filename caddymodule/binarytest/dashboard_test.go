//go:build binary

package binarytest

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestDashboardPicture makes docs/operations/dashboard.png, if DASHBOARD is in the environment: the picture's path and, after a comma, for
// how many minutes things happen. Credentials live a part of that, not two hours.
func TestDashboardPicture(t *testing.T) {
	picture, length, _ := strings.Cut(os.Getenv("DASHBOARD"), ",")
	if picture == "" {
		t.Skip("DASHBOARD does not say where the picture goes")
	}
	minutes, err := strconv.ParseFloat(length, 64)
	if err != nil {
		t.Fatalf("DASHBOARD does not say how many minutes: %v", err)
	}
	needBrowser(t)
	const scrape = 5 // seconds
	s := watch(t, int(minutes*60*0.6), scrape)
	began := time.Now()
	end := began.Add(time.Duration(minutes * float64(time.Minute)))

	var users sync.WaitGroup
	for i, site := range s.sites {
		users.Go(func() {
			for n := 0; time.Now().Before(end) && t.Context().Err() == nil; n++ {
				s.visit(t.Context(), site)
				if n%10 == 0 { // somebody asks for nothing
					_, _ = fetch(t.Context(), site+"/openCard?card_id=&code=")
				}
				busy := 1 + math.Sin(time.Since(began).Seconds()/90+float64(i)) // people come in waves
				time.Sleep(time.Duration((0.3 + busy*0.5) * float64(time.Second)))
			}
		})
	}
	for _, happens := range []struct {
		after float64 // of the minutes
		do    func()
	}{
		{0.2, func() { fault(t, s.w, `{"path":"/card/code/decrypt","delay":"400ms"}`) }},
		{0.32, func() { post(t, s.w.url+"/_sandbox/heal", `{}`) }},
		{0.42, func() { fault(t, s.w, `{"path":"/card/code/decrypt","status":502}`) }},
		{0.5, func() { post(t, s.w.url+"/_sandbox/heal", `{}`) }},
		{0.6, func() { post(t, s.w.url+"/_sandbox/revoke", `{}`) }}, // somebody else fetches tokens
		{0.7, func() {
			fault(t, s.w, `{"path":"/cgi-bin/stable_token","status":503}`)
			post(t, s.w.url+"/_sandbox/revoke", `{}`)
		}},
		{0.78, func() { post(t, s.w.url+"/_sandbox/heal", `{}`) }},
	} {
		time.Sleep(time.Until(began.Add(time.Duration(happens.after * minutes * float64(time.Minute)))))
		happens.do()
	}
	users.Wait()

	drawn := filepath.Join(t.TempDir(), "dashboard.png")
	if err := s.draw(t, scrape, minutes, drawn); err != nil {
		t.Fatal(err)
	}
	shrink(t, filepath.Dir(drawn))
	if err := os.WriteFile(picture, []byte(readFile(t, drawn)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// draw makes a picture of the last minutes as the dashboard shows them. It fails when a panel has nothing to show, or more than fits
// into it.
func (s *watched) draw(t *testing.T, scrape int, minutes float64, picture string) error {
	t.Helper()
	dashboard, err := filepath.Abs(filepath.Join(operations, "grafana-dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "dashboard.js", dashboard, s.prometheus, fmt.Sprint(scrape), fmt.Sprint(minutes), picture)
	cmd.Dir, cmd.Env = "browser", append(os.Environ(), "CHROMIUM="+chromium(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
