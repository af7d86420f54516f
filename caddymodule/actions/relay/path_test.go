package relay

import (
	"bufio"
	"net/http"
	"net/url"
	pathpkg "path"
	"strings"
	"testing"
)

// FuzzRelayPath holds what reaches WeChat against what was asked for, on the way that a request line takes.
func FuzzRelayPath(f *testing.F) {
	for _, path := range []string{"/card/get", "//card", "/card/%2e", "/card/..;/x", "/a.b/c", "http://x/card/get"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			return
		}
		got, ok := plainPath(r.URL)
		if !ok {
			return
		}
		asked, _, _ := strings.Cut(path, "?")
		if !strings.HasSuffix(asked, got) || pathpkg.Clean(got) != got || url.PathEscape(strings.ReplaceAll(got, "/", "_")) != strings.ReplaceAll(got, "/", "_") {
			t.Errorf("%q is said to be the plain path %q", path, got)
		}
	})
}
