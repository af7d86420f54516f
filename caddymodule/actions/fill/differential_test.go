package fill_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/fill"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// same sends requests to a site with fill and to one without, and compares all that comes. Where an answer has cards to sign,
// nothing but its body and what is said of the body may differ.
func same(t *testing.T, outside, inside string, n int, target func(*rand.Rand) (path, about string)) {
	t.Helper()
	const maxBody = 2048
	with := fronts(t, sitetest.New(t, outside+fmt.Sprintf("wechat_card fill {\ncard p1 p2\nmax_body %d\n}\n", maxBody)+inside).Server)
	without := fronts(t, sitetest.New(t, outside+inside).Server)
	rnd := rand.New(rand.NewPCG(7, 7))
	filled := 0
	for range n {
		path, about := target(rnd)
		q := newQuestion(rnd)
		version := pick(rnd, "HTTP/1.1", "HTTP/1.1", "HTTP/2", "HTTP/3")
		got := q.ask(t, with[version].client, with[version].url+path)
		want := q.ask(t, without[version].client, without[version].url+path)
		if _, cards := want.cardsIn(q.method, maxBody); cards > 0 {
			filled++
		}
		if fault := compare(q, got, want, maxBody, strings.Contains(outside+inside, "encode\n")); fault != "" {
			t.Errorf("%s %s %s %v %q\n%s\n%s", version, q.method, path, q.header, q.body, fault, about)
		}
	}
	if filled < 3 {
		t.Errorf("of %d answers %d had cards", n, filled)
	}
}

// TestFillDifferential has a backend answer in all ways that it can think of.
func TestFillDifferential(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		var seed uint64
		_, _ = fmt.Sscan(r.URL.Query().Get("seed"), &seed)
		newPlan(seed).answer(t, w, r)
	}))
	defer backend.Close()
	proxy := "reverse_proxy " + backend.Listener.Addr().String() + "\n"
	target := func(rnd *rand.Rand) (string, string) {
		seed := rnd.Uint64()
		return fmt.Sprintf("/x?seed=%d", seed), fmt.Sprintf("the backend: %+v", newPlan(seed))
	}
	for name, site := range map[string]struct{ outside, inside string }{
		"alone":           {"", proxy},
		"encode in front": {"encode\n", proxy},
		"encode behind":   {"", "handle {\nencode\n" + proxy + "}\n"},
	} {
		t.Run(name, func(t *testing.T) { same(t, site.outside, site.inside, 250, target) })
	}
}

// TestFillDifferentialFiles has Caddy's file server answer, with files that are compressed already beside those that are not.
func TestFillDifferentialFiles(t *testing.T) {
	root := t.TempDir()
	paths := []string{"/missing", "/"}
	for name, text := range map[string]string{
		"card.json": cardJSON, "nothing.json": `{"a":"` + strings.Repeat("x", 1000) + `"}`, "style.css": strings.Repeat("a{color:red}\n", 100),
		"photo.png": "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1000), "index.html": strings.Repeat("<p>text</p>", 100), "large.json": "[" + strings.Repeat(" ", 3000) + cardJSON + "]",
	} {
		paths = append(paths, "/"+name)
		for suffix, coding := range map[string]string{"": "", ".gz": "gzip", ".br": "br", ".zst": "zstd"} {
			if err := os.WriteFile(filepath.Join(root, name+suffix), []byte(packed(t, coding, text)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(paths) // so that the same are drawn each time
	target := func(rnd *rand.Rand) (string, string) { return pick(rnd, paths...), "" }
	files := "root * " + root + "\nfile_server "
	for name, inside := range map[string]string{
		"compressed already": files + "{\nprecompressed zstd br gzip\n}\n",
		"encode behind":      "handle {\nencode\n" + files + "\n}\n",
	} {
		t.Run(name, func(t *testing.T) { same(t, "", inside, 250, target) })
	}
}

// TestFillRevalidates takes the validators of answers, and asks again with them: 304 and parts come as without fill.
func TestFillRevalidates(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"nothing.json": `{"a":1}`, "photo.png": "\x89PNG", "style.css": strings.Repeat("a{color:red}\n", 100), "card.json": cardJSON} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := sitetest.NewListening(t, "encode\nwechat_card fill {\ncard p1\n}\nroot * "+root+"\nfile_server", nil)
	for _, path := range []string{"/nothing.json", "/photo.png", "/style.css"} {
		for _, accept := range []string{"identity", "gzip"} {
			resp, _ := s.Send("GET", path, "Accept-Encoding: "+accept)
			for _, header := range []string{"If-None-Match: " + resp.Header.Get("Etag"), "If-Modified-Since: " + resp.Header.Get("Last-Modified")} {
				if again, body := s.Send("GET", path, "Accept-Encoding: "+accept, header); again.StatusCode != http.StatusNotModified || body != "" {
					t.Errorf("%s, %s, %s: got %d", path, accept, header, again.StatusCode)
				}
			}
			part, body := s.Send("GET", path, "Accept-Encoding: identity", "Range: bytes=1-2", "If-Range: "+resp.Header.Get("Etag"))
			if accept == "identity" && (part.StatusCode != http.StatusPartialContent || len(body) != 2) {
				t.Errorf("%s: got %d %q of a part", path, part.StatusCode, body)
			}
		}
	}
	resp, _ := s.Send("GET", "/card.json")
	for _, name := range fill.ValidatorFields {
		if resp.Header[name] != nil {
			t.Errorf("what was filled has %s: %s", name, resp.Header[name])
		}
	}
}
