package words

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// Expand evaluates placeholders that depend on no request. One that is unknown or comes out empty is an error.
// White space around the result goes: files tend to end with it.
func Expand(s string) (string, error) {
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

// LiteralSecrets is the warning about secrets that need not stand where they stand.
const LiteralSecrets = "secrets stand in the configuration itself, which Caddy shows at /config/ and saves; use {env.*} or {file.*}"

// HasLiteralPassword tells whether a URL holds a password as it is.
func HasLiteralPassword(text string) bool {
	_, rest, _ := strings.Cut(text, "://")
	userinfo, _, ok := strings.Cut(rest, "@")
	_, password, _ := strings.Cut(userinfo, ":")
	return ok && password != "" && !IsDynamic(password)
}
