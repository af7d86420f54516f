package headers

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

// Field is one configured header field.
type Field struct {
	Name string // canonical
	Need int    // index of what it carries: of a credential in Inject.needs
}

// connectionFields end at the next hop, frame the message, say where it goes or how its body reads, or are
// overwritten by Caddy's proxies: what is set would not arrive in them, or the request would not.
var connectionFields = map[string]bool{
	"Alt-Svc":             true,
	"Connection":          true,
	"Content-Encoding":    true,
	"Content-Length":      true,
	"Content-Type":        true,
	"Expect":              true,
	"Host":                true,
	"Http2-Settings":      true,
	"Keep-Alive":          true,
	"Proxy":               true,
	"Proxy-Authenticate":  true,
	"Proxy-Authorization": true,
	"Proxy-Connection":    true,
	"Te":                  true,
	"Trailer":             true,
	"Transfer-Encoding":   true,
	"Upgrade":             true,
	"Via":                 true,
	"X-Forwarded-For":     true,
	"X-Forwarded-Host":    true,
	"X-Forwarded-Proto":   true,
}

// CheckName says what is wrong with a configured field name.
func CheckName(name string) error {
	switch {
	case !field.IsToken(name):
		return fmt.Errorf("header %q is no valid field name", name)
	case strings.ContainsAny(name, "_."):
		return fmt.Errorf("header %s: field names with _ or . do not get through Caddy and to CGI backends safely; use -", name)
	case connectionFields[http.CanonicalHeaderKey(name)]:
		return fmt.Errorf("header %s belongs to HTTP itself and cannot be set here", name)
	}
	return nil
}

// Same compares field names as a CGI backend sees them: it cannot tell X-Ticket from x_ticket or X.Ticket
// (which reach us only where the server's expected_underscore_headers or expected_dot_headers let them).
func Same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if foldFieldByte(a[i]) != foldFieldByte(b[i]) {
			return false
		}
	}
	return true
}

func foldFieldByte(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + ('a' - 'A')
	case c == '_' || c == '.':
		return '-'
	}
	return c
}
