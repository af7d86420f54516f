package fill_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestFillTwoTypes fills what copy_response_headers makes of a header, and warns of types that do not agree.
func TestFillTwoTypes(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
	}
	reverse_proxy BACKEND {
		@ok status 2xx
		handle_response @ok {
			header /differ Content-Type text/html
			copy_response_headers
			copy_response
		}
	}`, func(w http.ResponseWriter, r *http.Request) {
		if w.Header().Set("Content-Type", "application/json"); r.URL.Path == "/packed" {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, packed(t, "gzip", cardJSON))
			return
		}
		fmt.Fprint(w, cardJSON)
	})
	for _, path := range []string{"/agree", "/packed"} {
		resp, body := s.Send("GET", path, "Accept-Encoding: gzip")
		if !signedJSON.MatchString(body) || len(resp.Header["Content-Type"]) != 2 || len(resp.Header["Content-Length"]) != 1 {
			t.Errorf("%s: got %q, %v", path, body, resp.Header)
		}
	}
	for range 3 {
		if _, body := s.Send("GET", "/differ?secret"); body != cardJSON {
			t.Errorf("got %s", body)
		}
	}
	said := ""
	for _, line := range logs() {
		said += fmt.Sprintln(line["level"], line["msg"], line["path"], line["why"])
	}
	const why = " /differ its Content-Type lines do not agree\n"
	want := "warn an answer passes unfilled; others for the same reason are logged at DEBUG" + why + strings.Repeat("debug an answer passes unfilled"+why, 2)
	if said != want {
		t.Errorf("the log says\n%swant\n%s", said, want)
	}
}

// TestHandleResponse has a proxy use up the bodies of POSTs, over each version of HTTP.
func TestHandleResponse(t *testing.T) {
	backend := sitetest.NewListening(t, `respond "ok"`, nil)
	inner := func(more, actions string) string {
		return `
	reverse_proxy ` + backend.Addr + ` {
		` + more + `
		@ok status 2xx
		handle_response @ok {
			` + actions + `
		}
	}`
	}
	const addCard = "wechat_card add_card {\ncard p1\n}"
	const openCard = "wechat_card open_card {\ncard p1\n}"
	const fill = "wechat_card fill {\ncard p1\n}\nreverse_proxy BACKEND"
	echo := sitetest.NewListening(t, `respond "echo"`, nil)
	for name, actions := range map[string]string{"add_card": addCard, "open_card": openCard, "fill": fill} {
		actions = strings.ReplaceAll(actions, "BACKEND", echo.Addr)
		used := fronts(t, sitetest.New(t, inner("", actions)+"\nhandle_errors {\nrespond \"{err.message}\" {err.status_code}\n}").Server)
		kept := fronts(t, sitetest.New(t, inner("method GET", actions)).Server)
		for version := range used {
			for _, told := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s over %s, length told: %t", name, version, told), func(t *testing.T) {
					send := func(f front) (int, string) {
						var body io.Reader = strings.NewReader(`{"card_id":"p1"}`)
						if !told {
							body = struct{ io.Reader }{body}
						}
						r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url, body)
						if err != nil {
							t.Fatal(err)
						}
						r.Host = "localhost"
						r.Header.Set("Content-Type", "application/json")
						resp, err := f.client.Do(r)
						if err != nil {
							t.Fatal(err)
						}
						defer resp.Body.Close()
						text, _ := io.ReadAll(resp.Body)
						return resp.StatusCode, string(text)
					}
					if status, text := send(kept[version]); strings.Contains(text, "method GET") || status >= 500 {
						t.Errorf("with method GET: got %d %s", status, text)
					}
					status, text := send(used[version])
					if name == "fill" && !told {
						return // the proxy sends none, and nobody can tell that from an empty one
					}
					if !strings.Contains(text, "`method GET`") || status != map[string]int{"add_card": 400, "open_card": 400, "fill": 502}[name] {
						t.Errorf("got %d %s", status, text)
					}
				})
			}
		}
	}
}
