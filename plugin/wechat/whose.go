package wechat

import (
	"net/url"
	"path"
	"strings"
)

// Whose says whose access_token the calls of a Client carry. Below some paths
// WeChat takes that of one kind of account only, and what it says of the other
// kind's (40001, 48001) sends people looking for a broken token.
type Whose string

// The kinds of account. Of Anybody's nothing is known, and nothing is refused.
const (
	Anybody         Whose = ""
	OfficialAccount Whose = "official account"
	MiniProgram     Whose = "mini program"
)

// ticketPath is the call for api_ticket and jsapi_ticket, which mini programs
// do not have.
const ticketPath = "/cgi-bin/ticket/getticket"

// ForeignToken is the error of a call that was not made, because WeChat takes
// the access_token of another kind of account on it.
type ForeignToken struct{ Wants Whose }

// Error says whose access_token is wanted.
func (e *ForeignToken) Error() string {
	return "WeChat takes the access_token of one kind of account there: " + string(e.Wants)
}

// CheckPath tells, by a *ForeignToken, that WeChat takes another's token on a
// path. Whoever reads the path on the way may read it otherwise than we do, so
// it is judged by the loosest reading: percent-decoded to the end, with dots
// and slashes resolved and without regard to letter case.
func (w Whose) CheckPath(raw string) error {
	if w == Anybody {
		return nil
	}
	loose := loosest(raw)
	switch {
	case w == OfficialAccount && strings.HasPrefix(loose, "/wxa/"):
		return &ForeignToken{MiniProgram}
	case w == MiniProgram && (strings.HasPrefix(loose, "/card/") || loose == ticketPath):
		return &ForeignToken{OfficialAccount}
	}
	return nil
}

// loosest is a path as the most lenient of servers would read it.
func loosest(raw string) string {
	if isPlainPath(raw) {
		return raw // as nearly all are
	}
	for range 8 {
		decoded, err := url.PathUnescape(raw)
		if err != nil || decoded == raw {
			break
		}
		raw = decoded
	}
	raw, _, _ = strings.Cut(raw, "?")
	raw, _, _ = strings.Cut(raw, "#")
	segments := strings.FieldsFunc(strings.ReplaceAll(raw, `\`, "/"), func(r rune) bool { return r == '/' })
	for i, segment := range segments {
		segment, _, _ = strings.Cut(segment, ";")
		segments[i] = strings.TrimFunc(segment, func(r rune) bool { return r <= ' ' || r == 0x7F })
	}
	return strings.ToLower(path.Clean("/" + strings.Join(segments, "/")))
}

// isPlainPath tells whether a path can only be read in one way: lower-case letters, digits, _ and - between single slashes.
func isPlainPath(raw string) bool {
	slash := false
	for i := range len(raw) {
		switch c := raw[i]; {
		case c == '/':
			if slash {
				return false
			}
			slash = true
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
			if i == 0 {
				return false
			}
			slash = false
		default:
			return false
		}
	}
	return !slash
}
