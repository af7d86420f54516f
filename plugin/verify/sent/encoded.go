package sent

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// htmlQuote is a quotation mark as HTML has it, in any of its spellings and escaped once more too.
var htmlQuote = regexp.MustCompile(`&(amp;)*(quot|#0*34|#[xX]0*22);`)

// Decode decodes a JSON text that was encoded for HTML or for a URL, and names how. "": it holds no such JSON.
func Decode(text string) (decoded string, how report.ID) {
	for range 2 { // some encode twice
		switch {
		case htmlQuote.MatchString(text):
			text, how = html.UnescapeString(text), report.CardExtHTML
		case strings.Contains(text, "%22"), strings.Contains(text, "%2522"):
			unescape := url.PathUnescape
			if !strings.Contains(text, "%20") && strings.Contains(text, "+") {
				unescape = url.QueryUnescape
			}
			plain, err := unescape(text)
			if err != nil {
				return "", ""
			}
			text, how = plain, report.CardExtPercent
		default:
			return "", ""
		}
		if _, ok := ObjectOf([]byte(text)); ok {
			return text, how
		}
		if _, ok := ListOf([]byte(text)); ok {
			return text, how
		}
	}
	return "", ""
}
