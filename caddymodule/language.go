package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
)

// language is one that problem documents are written in, as Content-Language has it.
type language string

const (
	english language = "en"
	chinese language = "zh-CN"
)

// phrase is a fixed text in English: a key of the table of texts.
type phrase string

// in gives the text in a language, or in English if the table lacks it.
func (p phrase) in(lang language) string {
	if lang == chinese {
		if text := textsZH[p]; text != "" {
			return text
		}
	}
	return string(p)
}

// message is a text for people that is put together of parts: a format, which is a key of the table of texts, and its
// arguments, of which phrases and messages are translated, too. The zero value is none.
type message struct {
	format string
	args   []any
}

// Error gives the text in English.
func (m message) Error() string { return fmt.Sprintf(m.format, m.args...) }

// in gives the text in a language; "" if the table lacks it.
func (m message) in(lang language) string {
	if lang == english {
		return m.Error()
	}
	format := textsZH[phrase(m.format)]
	if format == "" {
		return ""
	}
	args := make([]any, len(m.args))
	for i, arg := range m.args {
		switch arg := arg.(type) {
		case phrase:
			args[i] = arg.in(lang)
		case message:
			args[i] = arg.in(lang)
		default:
			args[i] = arg
		}
	}
	return fmt.Sprintf(format, args...)
}

// preferred chooses by the values of Accept-Language (RFC 9110, 12.5.4) whether a client reads Chinese or English. A range
// stands for its first subtag: whoever asks for zh, zh-Hans or zh-TW alone reads zh-CN better than English. Of equals the
// first wins, and English where the client does not say.
func preferred(accept []string) language {
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
		return english // * is no word for Chinese
	}
	if en.at == 0 {
		en = other
	}
	if zh.q > en.q || zh.q > 0 && zh.q == en.q && zh.at < en.at {
		return chinese
	}
	return english
}

// weight is what a client gives a language, and where in its list; 0: it does not name it.
type weight struct{ q, at int }

func (w *weight) add(q, at int) {
	if w.at == 0 || q > w.q {
		*w = weight{q, at}
	}
}

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
