package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// injectParam is one configured query parameter.
type injectParam struct {
	assign string // the escaped name and =
	folded string // the name as PHP would compare it
	need   int    // index of its credential in Inject.needs
}

func newInjectParam(name string, need int) injectParam {
	folded := []byte(name)
	for i, c := range folded {
		folded[i] = foldParamByte(c)
	}
	return injectParam{assign: url.QueryEscape(name) + "=", folded: string(folded), need: need}
}

// checkInjectParam says what is wrong with a configured parameter name.
func checkInjectParam(name string) error {
	switch {
	case name == "":
		return errors.New("query: the parameter needs a name")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return fmt.Errorf("query %q: the parameter's name may not hold blanks or control characters", name)
	case strings.ContainsAny(name, "[]"):
		return fmt.Errorf("query %s: a parameter that is an array cannot carry a credential", name)
	}
	return nil
}

// removeForgedParams removes params from the query of r.
func removeForgedParams(r *http.Request, params []injectParam) {
	editQuery(r, func(raw string) string {
		clean, _ := cleanQuery(raw, params)
		return clean
	})
}

// cleanQuery returns raw without the parameters that a backend could take for one of params, the rest byte for byte,
// and whether there were any. In doubt it removes: `;` separates, too, as in older frameworks.
func cleanQuery(raw string, params []injectParam) (clean string, forged bool) {
	var b strings.Builder
	kept := 0 // of the parts; the first one goes without its separator
	for start := 0; start <= len(raw); {
		end := start
		for end < len(raw) && raw[end] != '&' && raw[end] != ';' {
			end++
		}
		if isForgedParam(raw[start:end], params) {
			if !forged { // what came before stays as it is
				forged = true
				b.Grow(len(raw))
				b.WriteString(raw[:max(start-1, 0)])
			}
		} else {
			if forged {
				if kept > 0 {
					b.WriteByte(raw[start-1])
				}
				b.WriteString(raw[start:end])
			}
			kept++
		}
		start = end + 1
	}
	if !forged {
		return raw, false
	}
	return b.String(), true
}

// isForgedParam tells whether a backend could take part, one pair of a query, for one of params.
//
// PHP decodes the name, ends it at a NUL, ignores leading blanks, reads ` `, `.` and an unclosed `[` as `_`, and takes
// name[…] for an array of that name. Rack ignores brackets in front of the name, qs (Express) reads [name] as name,
// ASP.NET decodes %u0061 and ignores letter case.
func isForgedParam(part string, params []injectParam) bool {
	if part == "" {
		return false
	}
	var buf [64]byte
	name := decodeParamName(buf[:0], part)
	bare := name
	for len(bare) > 0 && (bare[0] == ' ' || bare[0] == '[' || bare[0] == ']') {
		bare = bare[1:]
	}
	head := bare
	for i, c := range bare {
		if c == '[' || c == ']' {
			head = bare[:i]
			break
		}
	}
	for i := range params {
		folded := params[i].folded
		if sameParam(head, folded) || sameParam(bare, folded) || sameParam(name, folded) {
			return true
		}
	}
	return false
}

func sameParam(name []byte, folded string) bool {
	if len(name) != len(folded) {
		return false
	}
	for i, c := range name {
		if foldParamByte(c) != folded[i] {
			return false
		}
	}
	return true
}

func foldParamByte(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + ('a' - 'A')
	case c == ' ' || c == '.' || c == '[':
		return '_'
	}
	return c
}

// decodeParamName appends the decoded name of part to dst, up to a NUL. Invalid escapes stand for themselves.
func decodeParamName(dst []byte, part string) []byte {
	for i := 0; i < len(part); i++ {
		c := part[i]
		switch {
		case c == '=':
			return dst
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(part):
			if b, ok := hexPair(part[i+1], part[i+2]); ok {
				c = b
				i += 2
			} else if i+5 < len(part) && (part[i+1] == 'u' || part[i+1] == 'U') && part[i+2:i+4] == "00" {
				if b, ok := hexPair(part[i+4], part[i+5]); ok {
					c = b
					i += 5
				}
			}
		}
		if c == 0 {
			return dst
		}
		dst = append(dst, c)
	}
	return dst
}

// hexPair is the byte that two hex digits stand for.
func hexPair(a, b byte) (byte, bool) {
	hi, ok1 := unhex(a)
	lo, ok2 := unhex(b)
	return hi<<4 | lo, ok1 && ok2
}

// injectQuery is what one request's query was, and what became of it.
type injectQuery struct {
	clientQuery string // without forged parameters
	clientURI   string
	query       string // with ours; empty: nothing was injected
	writer      *cutWriter
}

// inject puts params into the query of r. RequestURI stays without them: Caddy uses it for logs and for
// hashing only, and neither should see a credential that changes every two hours.
func (q *injectQuery) inject(w http.ResponseWriter, r *http.Request, params []injectParam, values []string) {
	var b strings.Builder
	var cut cutter
	for i := range params {
		value := values[params[i].need]
		if value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		} else {
			b.Grow(len(params)*128 + len(q.clientQuery))
		}
		b.WriteString(params[i].assign)
		b.WriteString(url.QueryEscape(value))
		cut.add(value)
	}
	if b.Len() == 0 {
		return
	}
	if q.clientQuery != "" {
		b.WriteByte('&')
		b.WriteString(q.clientQuery)
	}
	q.query = b.String()
	r.URL.RawQuery = q.query
	q.writer = &cutWriter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, cut: cut}
}

// takeBack removes from r and from unsent headers what inject added.
func (q *injectQuery) takeBack(r *http.Request) {
	if q.writer == nil {
		return
	}
	q.writer.finish()
	cut := &q.writer.cut
	if r.URL.RawQuery == q.query {
		r.URL.RawQuery = q.clientQuery
	} else { // it was rewritten on the way
		r.URL.RawQuery = strings.TrimPrefix(cut.value("?"+r.URL.RawQuery), "?")
	}
	if r.RequestURI != q.clientURI {
		r.RequestURI = cut.value(r.RequestURI)
	}
}
