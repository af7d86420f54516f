package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// editQuery changes the query of r, and that of the original request, from which Caddy takes PHP's REQUEST_URI and the URL
// that error routes see. ({http.request.orig_uri} stays what the client sent.)
func editQuery(r *http.Request, edit func(raw string) string) {
	raw := r.URL.RawQuery
	edited := edit(raw)
	if edited != raw {
		r.URL.RawQuery = edited
		r.RequestURI = r.URL.RequestURI()
	}
	orig, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	switch {
	case !ok || orig.URL == nil:
	case orig.URL.RawQuery == raw:
		orig.URL.RawQuery = edited
	default: // it was rewritten before it came here
		orig.URL.RawQuery = edit(orig.URL.RawQuery)
	}
}

// cutParams returns a query without the parameters whose decoded names are to be cut, the rest byte for byte.
func cutParams(raw string, cut func(name string) bool) string {
	kept := make([]string, 0, 8)
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, ok := unescape(name); !ok || !cut(name) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}
