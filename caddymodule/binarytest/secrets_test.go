//go:build binary

package binarytest

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// waitForStore waits until both credentials lie in the home's storage: they are stored after they are served.
func waitForStore(t *testing.T, h *home) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		n := 0
		for path := range files(t, h.dir) {
			if strings.Contains(path, "wechat_card") && !strings.Contains(path, "locks") {
				n++
			}
		}
		if n >= 2 {
			return
		}
	}
	t.Fatalf("no credentials in the storage: %v", slices.Sorted(maps.Keys(files(t, h.dir))))
}

// files are all files below dir by path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) { // lock files come and go
			return err
		}
		found[path] = string(b)
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return found
}

// TestSecretsStayInside uses every secret and credential of an account, then looks for them wherever Caddy writes.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	secrets := map[string]string{"app_secret": strings.TrimPrefix(appSecret, "APP_SECRET=")}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for header, name := range map[string]string{"X-Token": "access_token", "X-Ticket": "api_ticket", "X-Jsapi": "jsapi_ticket"} {
			if v := r.Header.Get(header); v != "" {
				secrets[name] = v
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer backend.Close()

	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	site := "http://127.0.0.1:" + port
	config := gateway(w, port, `
	log
	wechat_card /openCard open_card {
		card *
	}
	wechat_card /memberCard member_card_component {
		card *
	}
	route /legacy {
		wechat_card inject {
			header X-Token access_token
			header X-Ticket api_ticket
			header X-Jsapi jsapi_ticket
		}
		reverse_proxy `+strings.TrimPrefix(backend.URL, "http://")+`
	}`)
	config = strings.Replace(config, "{\n", "{\n\tdebug\n", 1)
	c := h.run(t, h.file(t, "Caddyfile", config))

	// where secrets are put to use: answers and refusals
	var outside strings.Builder
	ask := func(method, path, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, site+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&outside, path, resp.Status, resp.Header, string(answer))
	}
	use := func() {
		ask(http.MethodGet, "/addCard?card_id=pCard", "")
		ask(http.MethodGet, "/addCard?card_id=p!", "")
		ask(http.MethodPost, "/openCard", `{"card_id":"pCard","code":"bm90IGEgY29kZSBvZiB0aGlzIHdvcmxkIGF0IGFsbA=="}`)
		ask(http.MethodGet, "/memberCard?card_id=pCard", "")
		ask(http.MethodGet, "/legacy", "")
	}
	use()
	waitForStore(t, h)
	c.reload(t, h.file(t, "Caddyfile", config))
	fault(t, w, `{"path":"/card/code/decrypt","times":9,"errcode":40164}`)
	fault(t, w, `{"path":"/card/membercard/activate/geturl","times":9,"drop":true}`)
	use()
	outside.Write(get(t, "http://"+c.admin+"/config/"))
	fault(t, w, `{"path":"/cgi-bin/ticket/getticket","times":1,"errcode":40164}`)
	for _, command := range [][]string{{"status"}, {"refresh"}, {"status", "--json"}} {
		stdout, stderr, _ := c.tool(t, command...)
		outside.WriteString(stdout + stderr)
	}
	outside.Write(get(t, "http://"+c.admin+"/metrics"))
	outside.Write(get(t, "http://"+c.admin+"/wechat_card/status"))
	c.stop(t)

	mu.Lock()
	defer mu.Unlock()
	if len(secrets) != 4 {
		t.Fatalf("the backend got only %v", slices.Sorted(maps.Keys(secrets)))
	}
	places := files(t, h.dir)
	places["answers, /config/, status and /metrics"] = outside.String()
	var log strings.Builder
	for line := range strings.Lines(c.log.String()) {
		// Caddy's own reverse_proxy prints the headers that it sends at DEBUG: the one exception, named in the README
		if !strings.Contains(line, `"logger":"http.handlers.reverse_proxy"`) {
			log.WriteString(line)
		}
	}
	places["log"] = log.String()
	for place, text := range places {
		for name, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", name, place)
			}
		}
	}
	autosaved := slices.ContainsFunc(slices.Collect(maps.Keys(places)), func(path string) bool {
		return filepath.Base(path) == "autosave.json"
	})
	if !autosaved {
		t.Errorf("no autosaved configuration among %v", slices.Sorted(maps.Keys(places)))
	}
}

// fault tells the stand-in to fail.
func fault(t *testing.T, w *wechat, body string) {
	t.Helper()
	resp, err := http.Post(w.url+"/_sandbox/faults", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		answer, _ := io.ReadAll(resp.Body)
		t.Fatalf("fault %s: %s %s", body, resp.Status, answer)
	}
}
