package caddymodule

import (
	"unicode/utf8"
)

// The faults of a text.
const (
	faultUTF8    = "not valid UTF-8"
	faultControl = "holds a control character"
)

// textFault says what is wrong with a text, whoever wrote it; "" if nothing is.
func textFault(s string) string {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return faultControl
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return faultUTF8
		}
		if isControl(r) {
			return faultControl
		}
		i += size
	}
	return ""
}

// isControl tells control characters, and the two separators that JavaScript takes for line ends.
func isControl(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r == '\u2028' || r == '\u2029'
}
