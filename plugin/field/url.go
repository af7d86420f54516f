package field

import (
	"strings"
)

// OriginOf gives the part of an absolute http or https URL that is its origin, as it stands there: what no browser would
// write so, such as capitals or a user, equals no origin that is listed.
func OriginOf(s string) (origin string, ok bool) {
	_, rest, _ := strings.Cut(s, "://")
	scheme := s[:len(s)-len(rest)]
	if scheme != "http://" && scheme != "https://" {
		return "", false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + rest, rest != ""
}

// isPageURL accepts absolute http and https URLs. None has a blank in a browser: it was a + before somebody decoded it as a
// form, and signed with a blank the page would be refused.
func isPageURL(s string) bool {
	_, ok := OriginOf(s)
	return ok && strings.IndexByte(s, ' ') < 0
}
