package browsers

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSpeaks(t *testing.T) {
	const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	for name, tc := range map[string]struct {
		header http.Header
		want   bool
	}{
		"an <img> on plain HTTP":     {http.Header{"User-Agent": {agent}, "Accept-Language": {"zh-CN,zh;q=0.9"}}, true},
		"small letters":              {http.Header{"User-Agent": {"mozilla/5.0"}, "Accept-Language": {"en"}}, true},
		"blanks":                     {http.Header{"User-Agent": {" Mozilla/5.0"}, "Accept-Language": {" en "}}, true},
		"no language in it":          {http.Header{"User-Agent": {agent}, "Accept-Language": {""}}, true},
		"any, but one rather":        {http.Header{"User-Agent": {agent}, "Accept-Language": {"en, *;q=0.5"}}, true},
		"twice":                      {http.Header{"User-Agent": {"x", agent}, "Accept-Language": {"*", "en"}}, true},
		"fetch of Node.js":           {http.Header{"User-Agent": {"node"}, "Accept-Language": {"*"}, "Sec-Fetch-Mode": {"cors"}}, false},
		"the same, called a browser": {http.Header{"User-Agent": {agent}, "Accept-Language": {"*"}, "Sec-Fetch-Mode": {"cors"}}, false},
		"an agent alone":             {http.Header{"User-Agent": {agent}}, false},
		"a language alone":           {http.Header{"Accept-Language": {"en"}}, false},
		"a Java program":             {http.Header{"User-Agent": {"Java/17"}, "Accept-Language": {"zh-CN"}}, false},
		"a word in it":               {http.Header{"User-Agent": {"bot (like Mozilla/5.0)"}, "Accept-Language": {"en"}}, false},
		"curl":                       {http.Header{"User-Agent": {"curl/8.5.0"}}, false},
		"nothing":                    {nil, false},
	} {
		if got := Speaks(tc.header); got != tc.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestHostName(t *testing.T) {
	for host, tc := range map[string]struct {
		name    string
		nobodys bool
	}{
		"localhost":              {"localhost", true},
		"localhost:8081":         {"localhost", true},
		"LocalHost.":             {"localhost", true},
		"localhost.:8081":        {"localhost", true},
		"a.b.localhost:1":        {"a.b.localhost", true},
		"127.0.0.1":              {"127.0.0.1", true},
		"127.0.0.1:8081":         {"127.0.0.1", true},
		"10.0.0.7.:80":           {"10.0.0.7", true},
		"[::1]":                  {"::1", true},
		"[::1]:8081":             {"::1", true},
		"[2001:DB8::7]:443":      {"2001:db8::7", true},
		"::1":                    {"::1", true},
		"[fe80::1%eth0]:80":      {"fe80::1%eth0", true},
		"api.weixin.qq.com":      {"api.weixin.qq.com", false},
		"API.Weixin.QQ.com.:443": {"api.weixin.qq.com", false},
		"evil.example":           {"evil.example", false},
		"localhost.evil.example": {"localhost.evil.example", false},
		"evillocalhost":          {"evillocalhost", false},
		"127.0.0.1.evil.example": {"127.0.0.1.evil.example", false},
		"127.0.0.1.nip.io:8081":  {"127.0.0.1.nip.io", false},
		"x@127.0.0.1":            {"x@127.0.0.1", false},
		"127.1":                  {"127.1", false},
		"2130706433":             {"2130706433", false},
		"0x7f.0.0.1":             {"0x7f.0.0.1", false},
		"0":                      {"0", false},
		"localhost..":            {"localhost.", false},
		"":                       {"", false},
		":8081":                  {"", false},
		"[evil.example]":         {"evil.example", false},
		"[":                      {"", false},
	} {
		name := HostName(host)
		if name != tc.name || IsNobodys(name) != tc.nobodys {
			t.Errorf("%q: got %q, %v", host, name, IsNobodys(name))
		}
	}
}

// FuzzHostName compares with net/url, which knows what a browser's address bar had in it.
func FuzzHostName(f *testing.F) {
	for _, host := range []string{"localhost:80", "[::1]:80", "[::1]", "A.b.", "x@y", "a:b", "127.0.0.1.", "evil.example:80"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		u, err := url.Parse("http://" + host + "/")
		if err != nil || u.Host != host || strings.Contains(host, "%") || strings.Contains(host, "]") && host[0] != '[' {
			return
		}
		name := HostName(host)
		if want := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); name != want {
			t.Errorf("%q: got %q, want %q", host, name, want)
		}
		if IsNobodys(name) && net.ParseIP(name) == nil && name != "localhost" && !strings.HasSuffix(name, ".localhost") {
			t.Errorf("%q may be somebody's", host)
		}
	})
}
