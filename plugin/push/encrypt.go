package push

import (
	"iter"
	"regexp"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/jsonscan"
)

// The encrypted part, wherever it stands: in compatible mode (兼容模式) it comes behind what a user has written, which need not
// be well-formed.
var (
	xmlEncrypt  = regexp.MustCompile(`<Encrypt[ \t\r\n]*>[ \t\r\n]*(?:<!\[CDATA\[)?[ \t\r\n]*([0-9A-Za-z+/=\r\n]+?)[ \t\r\n]*(?:\]\]>)?[ \t\r\n]*</Encrypt[ \t\r\n]*>`)
	jsonEncrypt = regexp.MustCompile(`"Encrypt"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)*")`)
)

// encrypts gives what may be the encrypted part of an envelope; which of them is WeChat's, its signature tells.
func encrypts(body []byte, d document) iter.Seq[string] {
	return func(yield func(string) bool) {
		read := d.fields[fieldEncrypt]
		if read != "" && !yield(read) {
			return
		}
		for _, m := range encryptPattern(body).FindAllSubmatch(body, -1) {
			text := string(m[1])
			if d.format == JSON {
				text, _ = scalar(jsonscan.MarkControls(m[1]))
			}
			if text != "" && text != read && !yield(text) {
				return
			}
		}
	}
}

// lastEncrypt is where the encrypted part of a document stands that is not whole: at its end.
func lastEncrypt(text []byte) span {
	all := encryptPattern(text).FindAllIndex(text, -1)
	if all == nil {
		return span{}
	}
	last := all[len(all)-1]
	return span{last[0], last[1]}
}

func encryptPattern(text []byte) *regexp.Regexp {
	if formatOf(text) == JSON {
		return jsonEncrypt
	}
	return xmlEncrypt
}
