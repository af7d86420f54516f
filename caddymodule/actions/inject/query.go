package inject

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// queryEdit is what one request's query was, and what became of it.
type queryEdit struct {
	clientQuery string // without forged parameters
	clientURI   string
	query       string // with ours; empty: nothing was injected
	writer      *cutWriter
}

// inject puts params into the query of r. RequestURI stays without them: Caddy uses it for logs and for
// hashing only, and neither should see a credential that changes every two hours. held is told of a field of the answer that
// holds one.
func (q *queryEdit) inject(w http.ResponseWriter, r *http.Request, params []queries.Param, values []string, held func(field string)) {
	var b strings.Builder
	var cut cutter
	for i := range params {
		value := values[params[i].Need]
		if value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		} else {
			b.Grow(len(params)*128 + len(q.clientQuery))
		}
		b.WriteString(params[i].Assign)
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
	q.writer = &cutWriter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, cut: cut, held: held}
}

// takeBack removes from r and from unsent headers what inject added.
func (q *queryEdit) takeBack(r *http.Request) {
	if q.writer == nil {
		return
	}
	q.writer.cutHeader()
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
