package language

import (
	"fmt"
)

// AddChinese adds texts of another module's actions to the table: formats of its problems, phrases among their arguments, titles.
// What the table has already need not be added again. A format's verbs stand in the same order in both, or are numbered.
//
// It is for that module's init, and for no later time: the table is read without a lock as soon as there are requests. It
// panics, as Caddy's registering does, on a phrase that is there with another text.
func AddChinese(texts map[Phrase]string) {
	for phrase, text := range texts {
		if known, ok := textsZH[phrase]; ok && known != text {
			panic(fmt.Sprintf("language: the Chinese of %q is %q already, not %q", phrase, known, text))
		}
		textsZH[phrase] = text
	}
}
