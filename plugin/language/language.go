// Package language has the texts for people that a problem document may hold, in English and Chinese, and finds out which of
// the two a client reads.
package language

import (
	"fmt"
)

// Tag is a language that problem documents are written in, as Content-Language has it.
type Tag string

// The languages.
const (
	English Tag = "en"
	Chinese Tag = "zh-CN"
)

// Phrase is a fixed text in English: a key of the table of texts, to which other modules add theirs by AddChinese.
type Phrase string

// In gives the text in a language, or in English if the table lacks it.
func (p Phrase) In(lang Tag) string {
	if lang == Chinese {
		if text := textsZH[p]; text != "" {
			return text
		}
	}
	return string(p)
}

// Message is a text for people that is put together of parts: a format, which is a key of the table of texts, and its
// arguments, of which phrases and messages are translated, too. The zero value is none.
type Message struct {
	Format string
	Args   []any
}

// Error gives the text in English.
func (m Message) Error() string { return fmt.Sprintf(m.Format, m.Args...) }

// In gives the text in a language; "" if the table lacks it.
func (m Message) In(lang Tag) string {
	if lang == English {
		return m.Error()
	}
	format := textsZH[Phrase(m.Format)]
	if format == "" {
		return ""
	}
	args := make([]any, len(m.Args))
	for i, arg := range m.Args {
		switch arg := arg.(type) {
		case Phrase:
			args[i] = arg.In(lang)
		case Message:
			args[i] = arg.In(lang)
		default:
			args[i] = arg
		}
	}
	return fmt.Sprintf(format, args...)
}

func (w *weight) add(q, at int) {
	if w.at == 0 || q > w.q {
		*w = weight{q, at}
	}
}
