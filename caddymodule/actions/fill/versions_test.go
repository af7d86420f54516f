package fill_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestFillHeadVersions asks by HEAD for what a GET would fill: nobody says how long it is, whichever the version of HTTP.
func TestFillHeadVersions(t *testing.T) {
	const inside = `
	wechat_card fill {
		card p1
	}
	header Content-Type application/json
	respond ` + "`" + `{"cardId":"p1","cardExt":\{\}}` + "`"
	for name, outside := range map[string]string{"alone": "", "behind encode": "encode\n"} {
		for version, f := range fronts(t, sitetest.New(t, outside+inside).Server) {
			for method, want := range map[string]bool{"HEAD": false, "GET": true} {
				r, err := http.NewRequestWithContext(t.Context(), method, f.url, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = "localhost"
				resp, err := f.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if lengths := resp.Header["Content-Length"]; (len(lengths) == 1) != want || len(lengths) > 1 || signedJSON.Match(body) != want {
					t.Errorf("%s, %s, %s: got Content-Length %q, body %s", name, version, method, lengths, body)
				}
			}
		}
	}
}

// TestFillHeaderAndTrailer announces a trailer whose name stands in the header too: what stood there stays.
func TestFillHeaderAndTrailer(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Trailer", "X-Sum, Etag")
		h.Set("X-Sum", "5")
		h.Set("Etag", `"1"`)
		fmt.Fprint(w, map[string]string{"/filled": cardJSON, "/nothing": "[1]", "/refused": `{"cardId":"p9","cardExt":{}}`}[r.URL.Path])
		h.Set("X-Sum", "7")
		h.Set("Etag", `"2"`)
	})
	for path, want := range map[string]string{
		"/filled":  `["5"] [] ["5" "7"] []`,
		"/nothing": `["5"] ["\"1\""] ["5" "7"] ["\"1\"" "\"2\""]`, // Caddy's proxy joins them
		"/refused": `["5"] [] [] []`,
	} {
		resp, body := s.Send("GET", path)
		got := fmt.Sprintf("%q %q %q %q", resp.Header["X-Sum"], resp.Header["Etag"], resp.Trailer["X-Sum"], resp.Trailer["Etag"])
		if got != want || path == "/filled" && !signedJSON.MatchString(body) {
			t.Errorf("%s: got %s, want %s, body %s", path, got, want, body)
		}
	}
}
