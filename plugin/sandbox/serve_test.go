package sandbox

import (
	"strings"
	"testing"
)

func TestPageIsNoAPI(t *testing.T) {
	r := newRig(t, Config{})
	for _, tc := range []struct {
		name, method, target string
		fields               map[string]string
		code                 int
		want                 string
	}{
		{"page", "GET", "/", nil, 200, "<!doctype html>"},
		{"at an address", "GET", "/", map[string]string{"Host": "127.0.0.1:8081", "Sec-Fetch-Site": "none"}, 200, "<!doctype html>"},
		{"at another local name", "GET", "/", map[string]string{"Host": "wechat.localhost"}, 200, "<!doctype html>"},
		{"anything will do", "GET", "/", map[string]string{"Accept": "*/*"}, 200, "<!doctype html>"},
		{"nothing said", "GET", "/", map[string]string{"Accept": ""}, 200, "<!doctype html>"},
		{"nothing said, under a name", "GET", "/", map[string]string{"Accept": "", "Host": "wechat:8081"}, 200, "40066"},
		{"nothing said, elsewhere", "GET", "/", map[string]string{"Accept": "", "RemoteAddr": "192.0.2.1:1"}, 200, "40066"},
		{"the doctor, whether the API answers", "HEAD", "/", map[string]string{"Accept": ""}, 200, "40066"},
		{"not HTML", "GET", "/", map[string]string{"Accept": "application/json"}, 200, "40066"},
		{"POST", "POST", "/", nil, 200, "40066"},
		{"an unknown path", "GET", "/index.html", nil, 200, "40066"},
		{"elsewhere", "GET", "/", map[string]string{"RemoteAddr": "192.0.2.1:1"}, 403, "at http://localhost:8081/"},
		{"a name that leads here", "GET", "/", map[string]string{"Host": "evil.example:8081"}, 403, "same machine only"},
		{"a file elsewhere", "GET", "/_sandbox/page/main.js", map[string]string{"RemoteAddr": "192.0.2.1:1"}, 403, "same machine only"},
		{"no such file", "GET", "/_sandbox/page/nothing.js", nil, 404, "no such file"},
		{"the folder above", "GET", "/_sandbox/page/../page.go", nil, 404, "no such file"},
		{"POST to a file", "POST", "/_sandbox/page/main.js", nil, 405, "want GET"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if w := r.browse(tc.method, tc.target, "", tc.fields); w.Code != tc.code || !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("got %d %.200s, want %d %q", w.Code, w.Body, tc.code, tc.want)
			}
		})
	}
	if w := r.browse("HEAD", "/", "", nil); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("got %d", w.Code)
	}
}

// TestControlsAreThePagesOwn has pages of other sites try the controls, and programs, which may.
func TestControlsAreThePagesOwn(t *testing.T) {
	r := newRig(t, Config{})
	for _, tc := range []struct {
		name   string
		fields map[string]string
		ok     bool
	}{
		{"the page", nil, true},
		{"the page, in an old browser", map[string]string{"Sec-Fetch-Site": "", "Origin": "http://localhost:8081"}, true},
		{"a program", map[string]string{"Sec-Fetch-Site": "", "Host": "sandbox.test"}, true},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		{"another port", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, false},
		{"another site, in an old browser", map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, false},
		{"a sandboxed frame", map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, false},
		{"a name that leads here", map[string]string{"Host": "evil.example:8081", "Origin": "http://evil.example:8081"}, false},
		{"a form in another tab", map[string]string{"Sec-Fetch-Site": "none"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, target := range []string{"reset", "faults", "phone/openCard"} {
				w := r.browse("POST", "/_sandbox/"+target, `{"path":"/x","times":1}`, tc.fields)
				if target == "reset" {
					w = r.browse("POST", "/_sandbox/reset", "", tc.fields)
				}
				if ok := w.Code == 200; ok != tc.ok {
					t.Errorf("%s: got %d %s", target, w.Code, w.Body)
				}
			}
		})
	}
	if w := r.browse("GET", "/_sandbox/calls", "", map[string]string{"Sec-Fetch-Site": "none"}); w.Code != 200 {
		t.Errorf("an address that was typed: got %d", w.Code)
	}
	for name, tc := range map[string]struct {
		fields map[string]string
		ok     bool
	}{
		"a program":                       {map[string]string{"Host": "127.0.0.1:8081"}, true},
		"fetch of Node.js":                {map[string]string{"User-Agent": "node", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"}, true},
		"an <img>, in an old browser":     {map[string]string{"User-Agent": "Mozilla/5.0", "Accept-Language": "zh-CN"}, false},
		"a page under a name of its own":  {map[string]string{"Host": "evil.example:8081"}, false},
		"the same, without the language":  {map[string]string{"Host": "evil.example:8081", "User-Agent": "Mozilla/5.0"}, false},
		"a name that begins as localhost": {map[string]string{"Host": "localhost.evil.example:8081"}, false},
	} {
		tc.fields["Sec-Fetch-Site"] = ""
		if w := r.browse("GET", "/_sandbox/calls", "", tc.fields); (w.Code == 200) != tc.ok || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
}
