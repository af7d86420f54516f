// Package queries edits the queries of requests byte for byte, and takes out of them what a backend could mistake for a parameter
// of ours.
package queries

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Edit changes the query of r, and that of the original request, from which Caddy takes PHP's REQUEST_URI and the URL
// that error routes see. ({http.request.orig_uri} stays what the client sent.)
func Edit(r *http.Request, edit func(raw string) string) {
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

// Cut returns a query without the parameters whose decoded names are to be cut, the rest byte for byte.
func Cut(raw string, cut func(name string) bool) string {
	kept := make([]string, 0, 8)
	for pair := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, ok := Unescape(name); !ok || !cut(name) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}
