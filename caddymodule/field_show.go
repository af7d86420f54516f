package caddymodule

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote makes a client's name fit to be shown.
func quote(name string) string {
	const limit = 64
	if tooLong(name, limit) {
		name = string([]rune(name)[:limit]) + "…"
	}
	return "'" + printable(name) + "'"
}

// printable makes text of others fit to be shown: what would need a \u escape in JSON becomes U+FFFD.
func printable(s string) string {
	if fault := textFault(s); fault == "" {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
