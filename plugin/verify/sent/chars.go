package sent

import "strings"

// IsDigits tells whether a text is digits and nothing else.
func IsDigits(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// IsAlphanumeric tells whether a text has no characters other than ASCII letters and digits.
func IsAlphanumeric(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
