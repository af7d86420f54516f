package inject

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries/queriestest"
)

const cutTicket = "ojZ8Yt-VyVr30HheH3CM73y7h4jJE_9"

func TestCut(t *testing.T) {
	var c cutter
	c.add(cutTicket)
	c.add("a+b/c=d")
	tests := []struct{ value, want string }{
		{"/x", "/x"},
		{"/x?a=%2F&t=other", "/x?a=%2F&t=other"},
		{"/x?t=CRED", "/x"},
		{"/x?t=CRED#top", "/x#top"},
		{"/x?t=CRED&a=1", "/x?a=1"},
		{"/x?a=1&t=CRED", "/x?a=1"},
		{"/x?a=1&t=CRED&b=2", "/x?a=1&b=2"},
		{"/x?a=1&t=CRED&b=2#c", "/x?a=1&b=2#c"},
		{"https://shop.example/x/?t=CRED&a=%20+", "https://shop.example/x/?a=%20+"},
		{"?t=CRED", "?"},
		{"?t=CRED&a=1", "?a=1"},
		{"/x?CRED", "/x"},
		{"/x?token=CRED&a=1", "/x?a=1"},                     // renamed
		{"/x?t=CRED&u=CRED&a=1", "/x?a=1"},                  // twice
		{"/x?a=1;t=CRED;b=2", "/x?a=1;b=2"},                 // separated as in older frameworks
		{"/x?a=1&amp;t=CRED&amp;b=2", "/x?a=1&amp&amp;b=2"}, // encoded for HTML
		{"/x#t=CRED&a=1", "/x#a=1"},
		{"/x#/y?t=CRED", "/x#/y"},
		{"/a/CRED/b?c=1", "/a//b?c=1"}, // in a path
		{"/a;t=CRED/b", "/a;t=/b"},
		{"/x?c=preCREDpost&d=1", "/x?d=1"},

		// encoded
		{"/x?t=%6F" + cutTicket[1:] + "&a=1", "/x?a=1"},
		{"/x?t=" + percent(cutTicket, "%02X") + "&a=1", "/x?a=1"},
		{"/x?t=" + percent(cutTicket, "%02x") + "&a=1", "/x?a=1"},
		{"/x?t=a%2Bb%2Fc%3Dd&a=1", "/x?a=1"},
		{"/x?t=a%2bb%2fc%3dd&a=1", "/x?a=1"},
		{"/x?t=a+b/c=d&a=1", "/x?a=1"},
		{"/x?t=a%20b/c=d&a=1", "/x?a=1"}, // decoded as a form, encoded as a path
		{"/x?t=a b/c=d", "/x"},

		// in the query of a URL that is itself a value
		{"/login?return=%2Fx%3Ft%3DCRED", "/login?return=%2Fx"},
		{"/login?return=%2Fx%3Ft%3DCRED&z=2", "/login?return=%2Fx&z=2"},
		{"/login?return=%2Fx%3Ft%3DCRED%26a%3D1&z=2", "/login?return=%2Fx%3Fa%3D1&z=2"},
		{"/login?return=%2Fx%3Fa%3D1%26t%3DCRED&z=2", "/login?return=%2Fx%3Fa%3D1&z=2"},
		{"/login?return=%2Fx%3Fa%3D1%26t%3DCRED%26b%3D2", "/login?return=%2Fx%3Fa%3D1%26b%3D2"},
		{"/login?r=%2Fa%3Fx&return=%2Fx%3Ft%3DCRED%26a%3D1", "/login?r=%2Fa%3Fx&return=%2Fx%3Fa%3D1"},
		{"/login?return=%2Fx%253Ft%253DCRED%2526a%253D1", "/login?return=%2Fx%253Fa%253D1"},
		{"/login?return=/x?t=CRED&a=1", "/login?return=/x&a=1"},
		{"/login?return=/x%3Ft=CRED&a=1", "/login?return=/x&a=1"},
		{"/login?return=%2Fx%2FCRED%2Fy&a=1", "/login?a=1"},
		{"/login?t=CRED&return=%2Fx%3Ft%3DCRED%26a%3D1", "/login?return=%2Fx%3Fa%3D1"},

		// Refresh and Link
		{"5; url=/x?t=CRED", "5; url=/x"},
		{"5;URL='/x?t=CRED'", "5;URL='/x'"},
		{`0; url="/x?t=CRED&a=1"`, `0; url="/x?a=1"`},
		{`</x?t=CRED>; rel="next"`, `</x>; rel="next"`},
		{`</x?t=CRED&a=1>; rel=next, </y?b=1&t=CRED>; rel=prev`, `</x?a=1>; rel=next, </y?b=1>; rel=prev`},

		{"/x%CRED", "/x%"},
	}
	for _, tc := range tests {
		value := strings.ReplaceAll(tc.value, "CRED", cutTicket)
		if got := c.value(value); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.value, got, tc.want)
		}
	}
}

func TestCutGivesUpOnWhatItCannotCut(t *testing.T) {
	var c cutter
	c.add("abcdefghij")
	if got := c.value("/x?y=%abcdefghij"); got != "" { // %ab hides the start
		t.Errorf("got %q, want nothing", got)
	}
	if got := c.value("/x?" + strings.Repeat("t=abcdefghij&", maxCuts+1)); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestCutHeader(t *testing.T) {
	var c cutter
	c.add(cutTicket)
	links := []string{"</a>; rel=a", "</b?t=" + cutTicket + ">; rel=b", "</c>; rel=c"}
	h := http.Header{
		"Location":         {"/x?t=" + cutTicket},
		"content-location": {"/x?a=1&t=" + cutTicket},
		"Refresh":          {"0;url=/x?t=" + cutTicket},
		"Link":             links,
		"X-Other":          {cutTicket, "kept"},
		"Etag":             {`W/"` + cutTicket + `"`},
		"Set-Cookie":       {"a=1; Path=/", "back=/x?t=" + cutTicket + "&a=1; Path=/", "b=" + percent(cutTicket, "%02x")},
		"Hx-Redirect":      {"/x?a=1&t=" + percent(cutTicket, "%02X")},
		"X-Redirect":       {"https://shop.example/x?t=" + cutTicket + "&b=2#c"},
		"X-Json":           {`{"url":"/x?t=` + cutTicket + `"}`},
		"x-lower":          {"see " + cutTicket},
		"Trailer:X-Sum":    {cutTicket},
		"X-Percent":        {"100%", ""},
	}
	if held, cutLocation := c.header(h); held == "" || !cutLocation {
		t.Errorf("got %q, %v", held, cutLocation)
	}
	want := http.Header{
		"Location":         {"/x"},
		"content-location": {"/x?a=1"},
		"Refresh":          {"0;url=/x"},
		"Link":             {"</a>; rel=a", "</b>; rel=b", "</c>; rel=c"},
		"X-Other":          {"kept"},
		"Set-Cookie":       {"a=1; Path=/"},
		"Hx-Redirect":      {"/x?a=1"},
		"X-Redirect":       {"https://shop.example/x?b=2#c"},
		"X-Percent":        {"100%", ""},
	}
	if fmt.Sprint(h) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", h, want)
	}
	if !strings.Contains(links[1], cutTicket) {
		t.Error("the handler's own slice was changed")
	}

	h = http.Header{"Link": {"</x?" + strings.Repeat("t="+cutTicket+"&", maxCuts+1) + ">", "</y>"}, "Location": {cutTicket}}
	c.header(h)
	if fmt.Sprint(h) != fmt.Sprint(http.Header{"Link": {"</y>"}}) {
		t.Errorf("got %v", h)
	}
	if held, cutLocation := c.header(h); held != "" || cutLocation {
		t.Errorf("got %q, %v", held, cutLocation)
	}
}

// FuzzCut writes a credential into a URL in the ways that programs write, and wants it gone, encoded or not,
// and the other pairs as they were.
func FuzzCut(f *testing.F) {
	f.Add(uint64(1), "a=1&b=%2F", cutTicket, uint8(0))
	f.Add(uint64(2), "a=1&b=2&c=/x?y", "a+b/c==", uint8(1))
	f.Add(uint64(3), "%25%2525", "57_%41bc", uint8(2))
	f.Add(uint64(4), "", "x y", uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, query, secret string, depth uint8) {
		if len(secret) < 3 || len(secret) > 512 || strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		var c cutter
		c.add(secret)
		want := "/x?" + query
		for range depth % 4 {
			want = "/login?return=" + url.QueryEscape(want)
		}
		if c.value(query) != query || c.value(want) != want || c.holdsPlain(fullyDecoded(query)) || strings.Contains(query, "#") {
			return // it holds the secret by chance, or one that another text makes up
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		pairs := strings.Split(query, "&")
		if query == "" {
			pairs = nil
		}
		at := rnd.IntN(len(pairs) + 1)
		with := strings.Join(append(append(append([]string{}, pairs[:at]...), "t="+encodeSome(rnd, secret)), pairs[at:]...), "&")

		text := "/x?" + with
		for range depth % 4 {
			text = "/login?return=" + url.QueryEscape(text)
		}
		got := c.value(text)
		for level := got; ; level = phpDecode1(level) {
			if strings.Contains(level, secret) {
				t.Fatalf("%q of %q holds %q", got, text, secret)
			}
			if level == phpDecode1(level) {
				break
			}
		}
		if strings.ContainsAny(query+secret, "?;'\"<> \t%") || len(query) == 0 {
			return // what belongs to what is a matter of opinion then
		}
		if got != want {
			t.Fatalf("%q became %q, want %q", text, got, want)
		}
	})
}

// encodeSome percent-encodes what it must, and what it feels like.
func encodeSome(rnd *rand.Rand, s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case url.QueryEscape(string(c)) != string(c) || rnd.IntN(4) == 0:
			fmt.Fprintf(&b, []string{"%%%02X", "%%%02x"}[rnd.IntN(2)], c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// phpDecode1 takes one layer of percent-encoding off.
func phpDecode1(s string) string {
	return strings.ReplaceAll(queriestest.PHPDecode(strings.NewReplacer("=", "%3D", "+", "%2B").Replace(s)), "\x00", "")
}

func fullyDecoded(s string) string {
	for d := phpDecode1(s); d != s; d = phpDecode1(s) {
		s = d
	}
	return s
}

// percent encodes every byte of s.
func percent(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%"+format, s[i])
	}
	return b.String()
}

func BenchmarkCutHeader(b *testing.B) {
	var c cutter
	c.add(cutTicket)
	for name, location := range map[string]string{
		"none":     "",
		"other":    "/x?a=1",
		"encoded":  "/login?return=%2Fx%3Fa%3D1",
		"redirect": "/x?t=" + cutTicket + "&a=1",
		"16KiB":    "/x?" + strings.Repeat("%25", 16<<10/3),
	} {
		b.Run(name, func(b *testing.B) {
			h := http.Header{"Content-Type": {"text/html"}, "Date": {"x"}, "Server": {"Caddy"}, "Vary": {"x"}, "Etag": {"x"}}
			b.ReportAllocs()
			for b.Loop() {
				if location != "" {
					h["Location"] = []string{location}
				}
				c.header(h)
			}
		})
	}
}
