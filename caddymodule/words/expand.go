package words

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// Expand evaluates placeholders that depend on no request. One that is unknown or comes out empty is an error that says where it
// stands, if it was read from a Caddyfile by this process.
// White space around the result goes: files tend to end with it.
func Expand(s string) (string, error) {
	out, err := caddy.NewReplacer().ReplaceOrErr(s, true, true)
	if err == nil {
		if out = strings.TrimSpace(out); out == "" && s != "" {
			err = fmt.Errorf("%s is empty", s)
		}
	}
	if err != nil {
		return "", Placed(s, fmt.Errorf("%w%s", err, wayOut(s)))
	}
	return out, nil
}

// wayOut says what to do about a placeholder that comes out empty.
func wayOut(s string) string {
	switch {
	case strings.Contains(s, "{env."):
		return ": set the variable in the environment of the process that runs Caddy (Environment= or EnvironmentFile= of a systemd unit, -e of a container; a shell needs export)"
	case strings.Contains(s, "{file."):
		return ": the file must be there and not empty, and the user that Caddy runs as must be able to read it"
	}
	return ""
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
