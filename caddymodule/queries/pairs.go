package queries

import (
	"iter"
	"strings"
)

// Pairs goes through a query or a form: the decoded name of each pair, and its value as it stands there. Pairs whose names are
// malformed are left out.
func Pairs(raw string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(raw, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name, ok := Unescape(name); ok && !yield(name, value) {
				return
			}
		}
	}
}
