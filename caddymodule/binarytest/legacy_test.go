//go:build binary

package binarytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

const migratingPath = "../../docs/migrating.md"

// What docs/migrating.md and the old script in legacy/php know.
const (
	shopCard   = "pjZ8Yt1XGILfi-FUsewpnnolGgZk"
	shopAppID  = "wx5a6d8b2c4e1f3a70"
	shopSecret = "8f0c4e1d7b3a69258f0c4e1d7b3a6925"
	stagingKey = "5b9d2e7c1f4a68035b9d2e7c1f4a6803"
)

// needPrograms skips a test where a program is missing that it runs, and fails it where CI_TOOLS is set in the environment.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing(t, "there is no %s", name)
		}
	}
}

func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI_TOOLS") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// section is the part of docs/migrating.md below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(readFile(t, migratingPath), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/migrating.md has no heading %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	if strings.HasPrefix(heading, "### ") {
		text, _, _ = strings.Cut(text, "\n### ")
	}
	return text
}

// recipe is the nth Caddyfile below a heading of docs/migrating.md.
func recipe(t *testing.T, heading string, n int) string {
	t.Helper()
	for _, b := range blocks(section(t, heading)) {
		if b.lang != "caddyfile" {
			continue
		}
		if n == 0 {
			return withAccount(b.text)
		}
		n--
	}
	t.Fatalf("docs/migrating.md has too few Caddyfiles below %q", heading)
	return ""
}

// withAccount puts the account before a Caddyfile that has no global options.
func withAccount(text string) string {
	if strings.HasPrefix(text, "{") {
		return text
	}
	return accountOption + text
}

// shop is a gateway that runs a Caddyfile of docs/migrating.md, on other ports and with a sandbox in WeChat's place.
type shop struct {
	*caddy
	t *testing.T
	w *wechat
	p ports
}

var (
	apiOption  = regexp.MustCompile(`(?m)^\t\tapi .*\n`)
	publicSite = regexp.MustCompile(`(?m)^(https://)?[a-z.]+\.example\.com \{$`)
)

// runShop starts one. Its public site is at port 8080 of p, so to speak; options are more global options.
func runShop(t *testing.T, w *wechat, text string, p ports, options string) *shop {
	t.Helper()
	h := newHome(t, "WECHAT_APP_SECRET="+shopSecret, "STAGING_KEY="+stagingKey)
	return &shop{h.run(t, h.file(t, "Caddyfile", shopConfig(w, text, p, options))), t, w, p}
}

// shopConfig makes the configuration of a shop.
func shopConfig(w *wechat, text string, p ports, options string) string {
	text = publicSite.ReplaceAllString(p.replace(text), ":"+p["8080"]+" {")
	text = apiOption.ReplaceAllString(text, "")
	text = strings.Replace(text, "\twechat_card {\n", "\twechat_card {\n\t\tproxy off\n\t\tapi "+w.url+"\n", 1)
	return strings.Replace(text, "{\n", "{\n\tdefault_bind 127.0.0.1\n\tpersist_config off\n\tskip_install_trust\n"+options, 1)
}

// shopPorts gives free ports to those that docs/migrating.md names.
func shopPorts(t *testing.T) ports {
	t.Helper()
	p := make(ports)
	for i, free := range freeport.Ports(t, 5) {
		p[[...]string{"8080", "8081", "8082", "443", "80"}[i]] = free
	}
	return p
}

func (s *shop) url(port, path string) string { return "http://127.0.0.1:" + s.p[port] + path }

// post posts JSON to an address that must answer 200 with JSON.
func post(t *testing.T, url, body string) (answer map[string]any) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s: %v %v", url, resp.Status, answer, err)
	}
	return answer
}

// What WeChat does to credentials in a rotation.
const (
	replaceStable = iota // ends the stable token, and leaves alone what /cgi-bin/token gave
	endTokens            // ends all tokens
	endAll               // ends all tokens and tickets
)

// apart is the least time between two rotations. What seems younger than two seconds is not told apart by age, for clocks differ:
// the gateway might take a token out of its store that WeChat has ended just before.
const apart = 2100 * time.Millisecond

// rotate has WeChat end credentials. The gateway finds a dead token by itself; of a dead ticket WeChat tells nobody.
func (s *shop) rotate(what int) {
	s.t.Helper()
	time.Sleep(apart)
	switch what {
	case replaceStable:
		force := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":true}`, shopAppID, shopSecret)
		refreshed := make(map[any]bool)
		for range 400 { // until two more have come: WeChat refreshes only now and then
			if refreshed[post(s.t, s.w.url+"/cgi-bin/stable_token", force)["access_token"]] = true; len(refreshed) == 3 {
				post(s.t, "http://"+s.admin+"/wechat_card/refresh", "{}")
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		s.t.Fatal("WeChat does not refresh the token")
	case endTokens:
		post(s.t, s.w.url+"/_sandbox/revoke", `{}`)
	case endAll:
		post(s.t, s.w.url+"/_sandbox/revoke", `{}`)
		post(s.t, s.w.url+"/_sandbox/revoke", `{"kind":"api_ticket"}`)
		post(s.t, "http://"+s.admin+"/wechat_card/refresh", `{"credential":"api_ticket"}`)
	}
}

// wantCard has the phone take a card out of an answer that is a parameter of wx.addCard, and returns its encrypted code.
func (s *shop) wantCard(who, url string) (code string) {
	s.t.Helper()
	body := get(s.t, url)
	answer := post(s.t, s.w.url+"/_sandbox/phone/addCard", string(body))
	list, _ := answer["cardList"].([]any)
	if answer["errMsg"] != "addCard:ok" || len(list) != 1 {
		s.t.Fatalf("%s: the phone says %v to %s", who, answer, body)
	}
	code, _ = list[0].(map[string]any)["code"].(string)
	return code
}

// trade asks a page for cards until it is told to end, and has the phone take them.
func (s *shop) trade(ctx context.Context, path string) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		cards := 0
		for ; ctx.Err() == nil; cards++ {
			body, err := fetch(ctx, s.url("8080", path))
			if ctx.Err() != nil {
				break
			}
			if errors.Is(err, errNoAnswer) { // a server of Go's that a reload ends may close a connection that it has just accepted
				time.Sleep(20 * time.Millisecond)
				continue
			}
			var list struct {
				Cards []json.RawMessage `json:"cardList"`
			}
			if err == nil {
				err = json.Unmarshal(body, &list)
			}
			if err != nil || len(list.Cards) != 1 {
				s.t.Errorf("%s answers %s: %v", path, body, err)
				return
			}
			if no := s.w.addCard(http.DefaultClient, list.Cards[0]); no != "" {
				s.t.Errorf("the phone refuses a card of %s: %s", path, no)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if cards < 10 {
			s.t.Errorf("%s gave only %d cards", path, cards)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// TestMigratingShowsTheScripts looks for each block of PHP of docs/migrating.md in the scripts that the tests run.
func TestMigratingShowsTheScripts(t *testing.T) {
	paths, err := filepath.Glob("legacy/php/*.php")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d scripts, error %v", len(paths), err)
	}
	scripts, before := "", -1
	for _, path := range paths { // in the order of the steps
		text := readFile(t, path)
		scripts += text
		lines := strings.Count(text, "\n")
		if before >= 0 && lines >= before {
			t.Errorf("%s has %d lines, and the script before it %d", path, lines, before)
		}
		before = lines
		if doc := readFile(t, migratingPath); !regexp.MustCompile(fmt.Sprintf(`%s[^.]*\b%d lines`, regexp.QuoteMeta(filepath.Base(path)), lines)).MatchString(doc) {
			t.Errorf("docs/migrating.md does not say that %s has %d lines", path, lines)
		}
	}
	n := 0
	for _, b := range blocks(readFile(t, migratingPath)) {
		if b.lang != "php" {
			continue
		}
		n++
		if !strings.Contains(scripts, b.text) {
			t.Errorf("no script has\n%s", b.text)
		}
	}
	if n == 0 {
		t.Error("docs/migrating.md shows no PHP")
	}
}
