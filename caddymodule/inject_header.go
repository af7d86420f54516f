package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// injectField is one configured header field.
type injectField struct {
	name string // canonical
	need int    // index of what it carries: of a credential in Inject.needs
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

// checkInjectField says what is wrong with a configured field name.
func checkInjectField(name string) error {
	switch {
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isFieldNameRune(r) }):
		return fmt.Errorf("header %q is no valid field name", name)
	case strings.ContainsAny(name, "_."):
		return fmt.Errorf("header %s: field names with _ or . do not get through Caddy and to CGI backends safely; use -", name)
	case connectionFields[http.CanonicalHeaderKey(name)]:
		return fmt.Errorf("header %s belongs to HTTP itself and cannot be set here", name)
	}
	return nil
}

// isFieldNameRune tells whether r may stand in a header field's name (RFC 9110, section 5.6.2).
func isFieldNameRune(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// removeForgedFields removes fields from r, wherever a client can put them.
func removeForgedFields(r *http.Request, fields []injectField) {
	removeFields(r.Header, fields)
	removeConnectionOptions(r.Header, fields)
	if r.Trailer != nil && r.Body != nil {
		removeFields(r.Trailer, fields)
		r.Body = &trailerFilter{ReadCloser: r.Body, trailer: r.Trailer, fields: fields}
	}
}

// removeFields deletes fields from h, however their names are written.
func removeFields(h http.Header, fields []injectField) {
	for key := range h {
		if isInjectField(key, fields) {
			delete(h, key)
		}
	}
}

// removeConnectionOptions keeps a client from having a proxy drop what is injected, by naming it in Connection.
func removeConnectionOptions(h http.Header, fields []injectField) {
	values := h["Connection"]
	named := func(option string) bool { return isInjectField(strings.Trim(option, " \t"), fields) }
	isNamed := func(value string) bool {
		for option := range strings.SplitSeq(value, ",") {
			if named(option) {
				return true
			}
		}
		return false
	}
	if !slices.ContainsFunc(values, isNamed) {
		return
	}
	var kept []string
	for _, value := range values {
		options := slices.DeleteFunc(strings.Split(value, ","), named)
		if len(options) > 0 {
			kept = append(kept, strings.Join(options, ","))
		}
	}
	if kept == nil {
		delete(h, "Connection")
		return
	}
	h["Connection"] = kept
}

func isInjectField(key string, fields []injectField) bool {
	for i := range fields {
		if sameField(key, fields[i].name) {
			return true
		}
	}
	return false
}

// sameField compares field names as a CGI backend sees them: it cannot tell X-Ticket from x_ticket or X.Ticket
// (which reach us only where the server's expected_underscore_headers or expected_dot_headers let them).
func sameField(a, b string) bool {
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

// trailerFilter is a request body that removes forged fields from the request's trailers:
// net/http puts them into the map when the body ends.
type trailerFilter struct {
	io.ReadCloser
	trailer http.Header
	fields  []injectField
}

// Read implements io.Reader.
func (f *trailerFilter) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if err != nil {
		removeFields(f.trailer, f.fields)
	}
	return n, err
}
