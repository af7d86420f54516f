package field

import (
	"testing"
)

func TestParseOrigin(t *testing.T) {
	for raw, want := range map[string]string{
		"https://shop.example":       "https://shop.example",
		"HTTPS://Shop.Example":       "https://shop.example",
		"https://shop.example:443":   "https://shop.example",
		"http://shop.example:0080":   "http://shop.example",
		"http://shop.example:443":    "http://shop.example:443",
		"https://shop.example:08443": "https://shop.example:8443",
		"http://127.0.0.1:80":        "http://127.0.0.1",
		"http://[2001:DB8:0:0::1]":   "http://[2001:db8::1]",
		"https://xn--pss25c.example": "https://xn--pss25c.example",
	} {
		if got, err := ParseOrigin(raw); got != want || err != nil {
			t.Errorf("%s: got %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"", "*", "null", "shop.example", "//shop.example", "ftp://shop.example", "https://", "https://*.shop.example",
		"https://shop.example/", "https://shop.example/path", "https://shop.example?", "https://shop.example#", "https://user@shop.example",
		"https://shop.example:0", "https://shop.example:65536", "https://shop.example:port", "https://店.example", "https://[fe80::1%25eth0]",
		"https://:443", "https://shop.example https://other.example", "https://shop.example,https://other.example",
	} {
		if got, err := ParseOrigin(raw); err == nil {
			t.Errorf("%s: got %s and no error", raw, got)
		}
	}
}
