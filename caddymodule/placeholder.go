package caddymodule

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// replacer gives the request's placeholders.
func replacer(r *http.Request) *caddy.Replacer {
	return r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
}

// isDynamic tells whether s has to go through a replacer.
func isDynamic(s string) bool { return strings.ContainsAny(s, "{}") }

// fullPlaceholders writes the Caddyfile's short placeholders in full, {query.shop} as {http.request.uri.query.shop}.
// The Caddyfile adapter has done that already; whoever writes JSON finds the short ones in our documentation, too.
func fullPlaceholders(s string) string {
	if !isDynamic(s) {
		return s
	}
	segment := caddyfile.Segment{{Text: s}}
	httpcaddyfile.NewShorthandReplacer().ApplyToSegment(&segment)
	return segment[0].Text
}

// expand evaluates placeholders that depend on no request. One that is unknown or comes out empty is an error.
// White space around the result goes: files tend to end with it.
func expand(s string) (string, error) {
	out, err := caddy.NewReplacer().ReplaceOrErr(s, true, true)
	if err != nil {
		return "", err
	}
	out = strings.TrimSpace(out)
	if out == "" && s != "" {
		return "", fmt.Errorf("%s is empty", s)
	}
	return out, nil
}

// literalSecretsMessage is the warning about secrets that need not stand where they stand.
const literalSecretsMessage = "secrets stand in the configuration itself, which Caddy shows at /config/ and saves; use {env.*} or {file.*}"

// rootCAs adds the certificates in files to the system's.
func rootCAs(files []string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	for _, raw := range files {
		name, err := expand(raw)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: there is no certificate in %s", name)
		}
	}
	return pool, nil
}
