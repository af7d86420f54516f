package card

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
)

// Config is what wx.config signs.
type Config struct {
	// URL is the page's, as the browser shows it. It is signed raw, neither
	// decoded nor escaped; only the fragment is cut off.
	URL       string
	NonceStr  string
	Timestamp int64 // seconds since the Unix epoch
}

// SecondReading tells whether what is signed can be read as another page's: whether the URL holds a timestamp and a url as the
// text has them. The text says nowhere that the nonce ends before. Such a signature must not be handed out.
func (c *Config) SecondReading() bool {
	rest, _, _ := strings.Cut(c.URL, "#")
	for {
		_, behind, found := strings.Cut(rest, "&timestamp=")
		if !found {
			return false
		}
		rest = behind
		if url := strings.TrimLeft(behind, "0123456789"); len(url) < len(behind) && strings.HasPrefix(url, "&url=") {
			return true
		}
	}
}

// Signature is wx.config's signature: 40 lower-case hex digits. jsapiTicket is
// the ticket of type jsapi. The rule is that of the JS-SDK documentation,
// appendix 1: keys in this order, raw values.
func (c *Config) Signature(jsapiTicket string) string {
	url, _, _ := strings.Cut(c.URL, "#")
	var buf [512]byte
	text := append(buf[:0], "jsapi_ticket="...)
	text = append(text, jsapiTicket...)
	text = append(text, "&noncestr="...)
	text = append(text, c.NonceStr...)
	text = append(text, "&timestamp="...)
	text = strconv.AppendInt(text, c.Timestamp, 10)
	text = append(text, "&url="...)
	text = append(text, url...)
	sum := sha1.Sum(text)
	var digits [2 * sha1.Size]byte
	return string(hex.AppendEncode(digits[:0], sum[:]))
}
