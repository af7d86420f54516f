package field

import "strings"

// IsPath tells whether a path of WeChat's API is one that everybody on the way there reads alike: plain segments only, of letters, digits,
// _ and -, and dots between these.
func IsPath(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment[0] == '.' || segment[len(segment)-1] == '.' || strings.Contains(segment, "..") {
			return false
		}
		if !All(segment, func(c byte) bool { return IsWord(c) || c == '.' }) {
			return false
		}
	}
	return true
}
