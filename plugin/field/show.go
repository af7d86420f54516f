package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote makes a client's name fit to be shown.
func Quote(name string) string {
	const limit = 64
	if TooLong(name, limit) {
		name = string([]rune(name)[:limit]) + "…"
	}
	return "'" + Printable(name) + "'"
}

// Printable makes text of others fit to be shown: what would need a \u escape in JSON becomes U+FFFD.
func Printable(s string) string {
	if fault := FaultOf(s); fault == "" {
		return s
	}
	return strings.Map(func(r rune) rune {
		if IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
