package visit

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

func TestAcceptsHTML(t *testing.T) {
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml,*/*;q=0.8": true,
		"application/json, Text/HTML ; q=0.1":       true,
		"text/html;q=0":                             false,
		"text/html;q=0.000, application/json":       false,
		"*/*":                                       false,
		"":                                          false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		if AcceptsHTML(r) != want {
			t.Errorf("%q: got %v", accept, !want)
		}
	}
}

func TestParam(t *testing.T) {
	for query, want := range map[string]field.Text{
		"":            {},
		"a=1&b=2":     {S: "1"},
		"a=%E4%BD%A0": {S: "你"},
		"a=1&a=1":     {S: "1", Fault: field.FaultTwice},
		"a=%zz":       {Fault: field.FaultEscape},
	} {
		if got := Param(httptest.NewRequest("GET", "/?"+query, nil), "a"); got.Fault != want.Fault || want.Fault == "" && got.S != want.S {
			t.Errorf("%q: got %+v", query, got)
		}
	}
}

// TestOrigin believes no header of a client's.
func TestOrigin(t *testing.T) {
	listed := []string{"https://a.example", "http://b.example:8080"}
	for _, tc := range []struct {
		host, forwarded string
		isTLS           bool
		want            string
	}{
		{"a.example", "", true, "https://a.example"},
		{"A.example:443", "", true, "https://a.example"},
		{"b.example:8080", "", false, "http://b.example:8080"},
		{"a.example", "", false, "https://a.example"}, // not http: the first
		{"evil.example", "", true, "https://a.example"},
		{"evil.example", "b.example:8080", false, "https://a.example"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tc.host
		if tc.isTLS {
			r.TLS = new(tls.ConnectionState)
		}
		if tc.forwarded != "" {
			r.Header.Set("X-Forwarded-Host", tc.forwarded)
		}
		if got := Origin(r, listed); got != tc.want {
			t.Errorf("%+v: got %s", tc, got)
		}
	}
}

func TestCheckPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/a": true, "/a/b-c_d.e~f": true, "/": false, "": false, "a": false, "/a/": false, "//a": false, "/a/../b": false, "/a?b": false, "/中": false,
	} {
		if err := CheckPath(path, "/a"); (err == nil) != ok {
			t.Errorf("%q: got %v", path, err)
		}
	}
}
