package card_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
)

// otherPages gives the urls that a signed text can be read with, but for that which was signed.
func otherPages(c card.Config, ticket string) (urls []string) {
	url, _, _ := strings.Cut(c.URL, "#")
	text := "jsapi_ticket=" + ticket + "&noncestr=" + c.NonceStr + "&timestamp=" + strconv.FormatInt(c.Timestamp, 10) + "&url=" + url
	before := regexp.MustCompile(`(?s)^jsapi_ticket=` + regexp.QuoteMeta(ticket) + `&noncestr=.*&timestamp=[0-9]+$`)
	for i := range text {
		if rest, ok := strings.CutPrefix(text[i:], "&url="); ok && rest != url && before.MatchString(text[:i]) {
			urls = append(urls, rest)
		}
	}
	return urls
}

func TestConfigSecondReading(t *testing.T) {
	for url, want := range map[string]bool{
		"https://shop.example.com/": false,
		"https://shop.example.com/&timestamp=1700000000&url=https://other.example.net/page":             true,
		"https://shop.example.com/?a=1&timestamp=1700000000&url=":                                       true,
		"https://shop.example.com/?a=1&timestamp=0&url=x#y":                                             true,
		"https://shop.example.com/?a=1&timestamp=&timestamp=2&timestamp=x&url=1&timestamp=3&url=x":      true,
		"https://shop.example.com/&noncestr=a&timestamp=1&url=b&timestamp=2&url=c":                      true,
		"https://shop.example.com/?a=1&timestamp=\n&timestamp=12345678901234567890123&url=https://b/":   true,
		"https://shop.example.com/#&timestamp=1700000000&url=https://other.example.net/page":            false,
		"https://shop.example.com/?timestamp=1700000000&url=https://other.example.net/page":             false,
		"https://shop.example.com/?a=1&timestamp=1700000000":                                            false,
		"https://shop.example.com/?a=1&timestamp=1700000000&x=1&url=https://other.example.net/page":     false,
		"https://shop.example.com/?a=1&timestamp=now&url=https://other.example.net/page":                false,
		"https://shop.example.com/?a=1&timestamp=&url=https://other.example.net/page":                   false,
		"https://shop.example.com/?a=1&Timestamp=1700000000&url=https://other.example.net/page":         false,
		"https://shop.example.com/?a=1%26timestamp=1700000000%26url=https://other.example.net/page":     false,
		"https://shop.example.com/?a=1&amp;timestamp=1700000000&amp;url=https://other.example.net/page": false,
	} {
		c := card.Config{URL: url, NonceStr: "N", Timestamp: 1_700_000_000}
		if got := c.SecondReading(); got != want || len(otherPages(c, "T")) > 0 != want {
			t.Errorf("%q: got %v; it reads as %q", url, got, otherPages(c, "T"))
		}
	}
}

func FuzzConfigSecondReading(f *testing.F) {
	f.Add("https://shop.example.com/", "&timestamp=", "1", "&url=", "https://other.example.net/")
	f.Add("https://shop.example.com/?&timestamp=1&", "timestamp=", "", "&url=", "&timestamp=1&url=#")
	f.Fuzz(func(t *testing.T, a, b, c, d, e string) {
		for _, url := range []string{a + b + c + d + e, a + "&timestamp=" + c + "&url=" + e, b + d, a + "&timestamp=1" + b + "&url=" + d, e + "&timestamp=" + d} {
			config := card.Config{URL: url, NonceStr: "N", Timestamp: 1_700_000_000}
			if got, others := config.SecondReading(), otherPages(config, "T"); got != (len(others) > 0) {
				t.Errorf("%q: got %v; it reads as %q", url, got, others)
			}
		}
	})
}
