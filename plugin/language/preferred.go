package language

import (
	"strconv"
	"strings"
)

// Preferred chooses by the values of Accept-Language (RFC 9110, 12.5.4) whether a client reads Chinese or English. A range
// stands for its first subtag: whoever asks for zh, zh-Hans or zh-TW alone reads zh-CN better than English. Of equals the
// first wins, and English where the client does not say.
func Preferred(accept []string) Tag {
	var zh, en, other weight
	n := 0
	for _, value := range accept {
		for item := range strings.SplitSeq(value, ",") {
			tag, params, _ := strings.Cut(item, ";")
			q, ok := quality(params)
			if !ok {
				continue
			}
			n++
			first, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
			switch {
			case strings.EqualFold(first, "zh"):
				zh.add(q, n)
			case strings.EqualFold(first, "en"):
				en.add(q, n)
			case first == "*":
				other.add(q, n)
			}
		}
	}
	if zh.at == 0 {
		return English // * is no word for Chinese
	}
	if en.at == 0 {
		en = other
	}
	if zh.q > en.q || zh.q > 0 && zh.q == en.q && zh.at < en.at {
		return Chinese
	}
	return English
}

// weight is what a client gives a language, and where in its list; 0: it does not name it.
type weight struct{ q, at int }

// quality reads the parameters of a range: in thousandths what q says, or 1.
func quality(params string) (q int, ok bool) {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1000, true
	}
	name, value, _ := strings.Cut(params, "=")
	whole, fraction, _ := strings.Cut(value, ".")
	if !strings.EqualFold(name, "q") || whole != "0" && whole != "1" || len(fraction) > 3 || strings.Trim(fraction, "0123456789") != "" {
		return 0, false
	}
	q, err := strconv.Atoi(whole + fraction + "000"[len(fraction):])
	return q, err == nil && q <= 1000
}
