package fill_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func packed(t testing.TB, coding, text string) string {
	t.Helper()
	if known, ok := packedBefore.Load([2]string{coding, text}); ok {
		return known.(string)
	}
	var b bytes.Buffer
	w := packings[coding].pack(&b)
	fmt.Fprint(w, text)
	if c, ok := w.(io.Closer); ok {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	packedBefore.Store([2]string{coding, text}, b.String())
	return b.String()
}

// packedBefore spares the time of packing the same again: [2]string{coding, text} to string.
var packedBefore sync.Map

// TestFillPacked has a backend pack whatever it is asked for.
func TestFillPacked(t *testing.T) {
	bodies := map[string]string{
		"/card":    cardJSON,
		"/nothing": `{"a":1}`,
		"/limit":   cardJSON + strings.Repeat(" ", 2048-len(cardJSON)),
		"/bomb":    "[" + strings.Repeat(" ", 1<<20) + cardJSON + "]",
		"/above":   cardJSON + strings.Repeat(" ", 2049-len(cardJSON)),
	}
	backend := func(w http.ResponseWriter, r *http.Request) {
		coding := r.URL.Query().Get("coding")
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Encoding", strings.ToUpper(coding))
		h.Set("Etag", `"1"`)
		body := packed(t, coding, bodies[r.URL.Path])
		switch r.URL.Query().Get("how") {
		case "cut":
			body = body[:len(body)-1]
		case "twice":
			h.Add("Content-Encoding", coding)
		case "other":
			body = cardJSON
		}
		if r.URL.Query().Has("told") {
			h.Set("Content-Length", fmt.Sprint(len(body)))
		}
		for len(body) > 0 { // in pieces
			n := min(7, len(body))
			fmt.Fprint(w, body[:n])
			body = body[n:]
		}
	}
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
		max_body 2KiB
	}
	reverse_proxy BACKEND`, backend)
	without := sitetest.NewListening(t, "reverse_proxy BACKEND", backend)
	for coding := range packings {
		if coding == "" {
			continue
		}
		for path := range bodies {
			for _, how := range []string{"", "cut", "twice", "other"} {
				for _, more := range []string{"", "&told"} {
					target := path + "?coding=" + coding + "&how=" + how + more
					resp, body := s.Send("GET", target, "Accept-Encoding: "+coding)
					filled := (path == "/card" || path == "/limit") && (how == "" || how == "twice")
					if filled {
						if !signedJSON.MatchString(strings.TrimRight(body, " ")) || resp.Header["Content-Encoding"] != nil || resp.Header["Etag"] != nil {
							t.Errorf("%s: got %q, %v", target, body, resp.Header)
						}
						continue
					}
					want, wantBody := without.Send("GET", target, "Accept-Encoding: "+coding)
					if body != wantBody || fmt.Sprint(resp.Header["Content-Encoding"], resp.Header["Etag"]) != fmt.Sprint(want.Header["Content-Encoding"], want.Header["Etag"]) {
						t.Errorf("%s: got %d bytes, %v", target, len(body), resp.Header)
					}
				}
			}
		}
	}
}

// TestFillClear has a backend always send gzip: who asks for no encoding gets none, whatever the type.
func TestFillClear(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprint(z, `{"cardId":"p1","cardExt":{}}`)
	})
	for typ, want := range map[string]bool{"text/html": false, "application/json": true, "image/svg+xml": false} {
		for _, header := range []string{"X-Nothing: 1", "Accept-Encoding:"} {
			resp, body := s.Send("GET", "/?type="+strings.ReplaceAll(typ, "+", "%2B"), header)
			if resp.Header["Content-Encoding"] != nil || signedJSON.MatchString(body) != want || !want && body != cardJSON {
				t.Errorf("%s, %s: got %q, %v", typ, header, body, resp.Header)
			}
		}
	}
}
