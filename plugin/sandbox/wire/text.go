package wire

import (
	"net/url"
	"strings"
)

// Escape percent-encodes all but unreserved characters.
func Escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// IsAlphanumeric says whether b is an ASCII letter or digit.
func IsAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
