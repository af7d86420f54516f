package words

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// Replacer gives the request's placeholders.
func Replacer(r *http.Request) *caddy.Replacer {
	return r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
}

// IsDynamic tells whether s has to go through a replacer.
func IsDynamic(s string) bool { return strings.ContainsAny(s, "{}") }

// InFull writes the Caddyfile's short placeholders in full, {query.shop} as {http.request.uri.query.shop}.
// The Caddyfile adapter has done that already; whoever writes JSON finds the short ones in our documentation, too.
func InFull(s string) string {
	if !IsDynamic(s) {
		return s
	}
	segment := caddyfile.Segment{{Text: s}}
	httpcaddyfile.NewShorthandReplacer().ApplyToSegment(&segment)
	return segment[0].Text
}
