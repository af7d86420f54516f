package oauth

import (
	"slices"
	"strings"
	"testing"
)

var testOrigins = []string{"https://shop.example", "http://127.0.0.1:9080", "https://xn--pss25c.example:8443"}

const testPath = "/wechat/oauth"

func TestReturnTo(t *testing.T) {
	for text, want := range map[string]string{
		"/":                                "/",
		"/a/b?x=1&y=2#z":                   "/a/b?x=1&y=2#z",
		"/?a=//evil.example":               "/?a=//evil.example",
		"/a//b":                            "/a//b",
		"/a b":                             "/a%20b",
		"/商品?q=券":                          "/%E5%95%86%E5%93%81?q=%E5%88%B8",
		`/a?b="<>'`:                        `/a?b=%22%3C%3E'`,
		"/%zz%":                            "/%zz%",
		"/a%2fb%5Cc":                       "/a%2fb%5Cc",
		"/@evil.example":                   "/@evil.example",
		"/https://evil.example":            "/https://evil.example",
		"/wechat/oauthx":                   "/wechat/oauthx",
		"https://shop.example":             "https://shop.example/",
		"https://shop.example/a?b#c":       "https://shop.example/a?b#c",
		"https://shop.example?b":           "https://shop.example/?b",
		"https://shop.example#/c":          "https://shop.example/#/c",
		"https://shop.example//a":          "https://shop.example//a",
		"http://127.0.0.1:9080/x":          "http://127.0.0.1:9080/x",
		"https://xn--pss25c.example:8443/": "https://xn--pss25c.example:8443/",
	} {
		if got, ok := ReturnTo(text, testOrigins, testPath); !ok || got != want {
			t.Errorf("%s: got %q, %v", text, got, ok)
		} else if again, ok := ReturnTo(got, testOrigins, testPath); !ok || again != got {
			t.Errorf("%s: got %q, %v the second time", got, again, ok)
		}
	}
	for _, text := range []string{
		"", "a", "?a", "#a", ".", "..", "./a", " /a", "//evil.example", "///evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`,
		"/\tevil", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", "/\r\nX: 1", "/a\x00", "/\x7f", "/\xff", `/a\b`,
		"/%2fevil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/.//evil.example", "/%2e//evil.example", "/a/..//evil.example",
		"/%2e%2e//evil.example", `/a/../\evil.example`, "/./%2fevil.example", "//../evil.example", "//..", "//%2e.",
		"https:evil.example", "https:/evil.example", "https:///evil.example", "https://evil.example", "https:shop.example", "https:/shop.example",
		"https:///shop.example", "https://shop.example@evil.example", "https://shop.example:@evil.example", "https://user@shop.example/",
		"https://shop.example.evil.example/", "https://shop.example./", "https://shop.example:444/", "https://shop.example:/", "https://shop.example:443/",
		"http://shop.example/", "HTTPS://shop.example/", "https://Shop.example/", "https://shop.example\\@evil.example/", "https://shop.example%2f@evil.example/",
		"https://shop.example\t.evil.example/", "https://shop.example。evil.example/", "https://shop。example/", "https://店.example:8443/",
		"https://evil.example/https://shop.example", "https://evil.example#https://shop.example", "javascript:alert(1)", "data:text/html,x",
		"http://127.0.0.1/", "http://127.1:9080/", "http://0x7f.0.0.1:9080/", "http://127.0.0.1:9080@evil.example/", "http://127.0.0.1:90801/",
		testPath, testPath + "/", testPath + "/start?return=/", testPath + "/%63allback", "/x/.." + testPath + "/start", "/wechat//oauth/start",
		"https://shop.example" + testPath + "/end", "/" + strings.Repeat("a", maxReturn), "/" + strings.Repeat("券", maxReturn/9+1),
	} {
		if got, ok := ReturnTo(text, testOrigins, testPath); ok {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// browserOrigin is the origin to which a browser goes from a page of base for an address, by the URL Standard (url.spec.whatwg.org), as
// far as http and https go; "other" where it is none of them, or has a host that is not plain ASCII.
func browserOrigin(base, address string) string {
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
	slash := func(s string) bool { return s != "" && (s[0] == '/' || s[0] == '\\') }
	scheme, rest := "", address
	if i := strings.IndexByte(address, ':'); i > 0 && strings.Trim(strings.ToLower(address[:i]), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == "" && strings.Trim(strings.ToLower(address[:1]), "abcdefghijklmnopqrstuvwxyz") == "" {
		scheme, rest = strings.ToLower(address[:i]), address[i+1:]
	}
	baseScheme, _, _ := strings.Cut(base, ":")
	switch {
	case scheme != "" && scheme != "http" && scheme != "https":
		return "other"
	case scheme == baseScheme && !strings.HasPrefix(rest, "//"), scheme == "":
		if !slash(rest) || !slash(rest[1:]) {
			return base
		}
		scheme = baseScheme
	}
	rest = strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		rest = rest[:end]
	}
	host := strings.ToLower(rest[strings.LastIndexByte(rest, '@')+1:])
	if strings.ContainsAny(host, "%<>^|\" ") || strings.ContainsFunc(host, func(r rune) bool { return r >= 0x7F }) {
		return "other"
	}
	if scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + strings.TrimSuffix(host, ":")
}

// FuzzReturnTo looks at where a browser goes: never to an origin that is not listed, and never with what a header cannot hold.
func FuzzReturnTo(f *testing.F) {
	parts := []string{
		"/", "\\", "//", ":", "@", ".", "..", "%2f", "%5C", "%2e", "\t", "\n", "\r", " ", "\x00", "?", "#", "https:", "http:", "HTTPS:", "evil.example",
		"shop.example", "Shop.Example", "https://shop.example", "http://127.0.0.1:9080", ":443", ":80", "。", "店", "xn--pss25c", "[::1]", "a", "%", "user:pw@",
		"javascript:", "wechat/oauth/start",
	}
	for i, a := range parts {
		for j, b := range parts {
			f.Add(a + b + parts[(i*7+j*11)%len(parts)])
			f.Add("https://shop.example" + a + b)
			f.Add("/" + a + b + "/evil.example")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := ReturnTo(text, testOrigins, testPath)
		for _, base := range testOrigins {
			allowed := func(origin string) bool { return slices.Contains(testOrigins, origin) }
			if there := browserOrigin(base, text); ok && !allowed(there) {
				t.Errorf("%q, which leads to %s, is accepted", text, there)
			}
			if !ok {
				continue
			}
			there := browserOrigin(base, address)
			if !allowed(there) || strings.HasPrefix(address, "/") && there != base {
				t.Errorf("%q became %q, which leads to %s", text, address, there)
			}
		}
		if ok && (strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '\\' }) || len(address) > maxReturn) {
			t.Errorf("%q became %q", text, address)
		}
	})
}
