package exchanges

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// What must not be shown in full, in JSON and in queries.
const hiddenNames = `(?:(?:component_|authorizer_)?(?:access_token|refresh_token|app_?secret)|component_secret|(?:pre_)?auth_code|authorization_code|rejected_token|secret|(?:api_|jsapi_|component_verify_)?ticket|session_key)`

var (
	secretJSON  = regexp.MustCompile(`("(` + hiddenNames + `)"\s*:\s*")((?:[^"\\]|\\.)*)`)
	secretQuery = regexp.MustCompile(`((?:^|[?&\s])(` + hiddenNames + `)=)([^&#\s]*)`)
)

// authScheme is what stands before the secret in Authorization.
var authScheme = regexp.MustCompile(`^(?:Basic|Bearer|Digest|Negotiate) +`)

// secretFields are parts of the names of header fields that must not be shown.
var secretFields = []string{"auth", "cookie", "credential", "key", "password", "secret", "session", "ticket", "token"}

// Masked is text without its secrets: by their names, and those known wherever they stand.
func Masked(text string, known []string) string {
	return replaced(text, known, func(_, secret string) string { return Mask(secret) })
}

// replaced has what stands in the place of secrets made by with. name is that of the secret, "" where it has none.
func replaced(text string, known []string, with func(name, secret string) string) string {
	for _, re := range []*regexp.Regexp{secretJSON, secretQuery} {
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			m := re.FindStringSubmatch(found)
			return m[1] + with(m[2], m[3])
		})
	}
	for _, k := range known {
		text = strings.ReplaceAll(text, k, with("", k))
	}
	return text
}

// MaskedHeader is a header as names and values, in order, without secrets: some fields are masked whole, by their names.
func MaskedHeader(h http.Header, known []string) [][2]string {
	return fieldsOf(h, known, func(_, secret string) string { return Mask(secret) })
}

func fieldsOf(h http.Header, known []string, with func(name, secret string) string) [][2]string {
	list := [][2]string{}
	for name, values := range h {
		for _, value := range values {
			value = strings.ToValidUTF8(value, "�")
			if lower := strings.ToLower(name); value != "" && slices.ContainsFunc(secretFields, func(part string) bool { return strings.Contains(lower, part) }) {
				scheme := ""
				if m := authScheme.FindString(value); m != "" && strings.HasSuffix(name, "Authorization") {
					scheme = m
				}
				list = append(list, [2]string{name, scheme + with(name, value[len(scheme):])})
				continue
			}
			list = append(list, [2]string{name, replaced(value, known, with)})
		}
	}
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
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
