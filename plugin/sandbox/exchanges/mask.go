package exchanges

import (
	"regexp"
	"strings"
)

// What must not be shown in full, in JSON and in queries.
const secretNames = `(?:access_token|refresh_token|rejected_token|secret|app_?secret|ticket|api_ticket|jsapi_ticket|session_key)`

var (
	secretJSON  = regexp.MustCompile(`("` + secretNames + `"\s*:\s*")((?:[^"\\]|\\.)*)`)
	secretQuery = regexp.MustCompile(`((?:^|[?&\s])` + secretNames + `=)([^&#\s]*)`)
)

// Masked is text without its secrets: by their names, and those known wherever they stand.
func Masked(text string, known []string) string {
	for _, re := range []*regexp.Regexp{secretJSON, secretQuery} {
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			m := re.FindStringSubmatch(found)
			return m[1] + Mask(m[2])
		})
	}
	for _, k := range known {
		text = strings.ReplaceAll(text, k, Mask(k))
	}
	return text
}

// Mask shows enough of a secret to tell it from another.
func Mask(secret string) string {
	if strings.Contains(secret, "…") || secret == "" {
		return secret // is masked already
	}
	if len(secret) < 40 {
		return "…"
	}
	return secret[:6] + "…" + secret[len(secret)-4:]
}
