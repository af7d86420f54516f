package sitetest

import (
	"bytes"
	"encoding/json"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// Adapted makes indented JSON of a Caddyfile.
func Adapted(input string) (string, error) {
	out, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input+"\n"), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "", err
	}
	if len(warnings) > 0 {
		return warnings[0].String(), nil
	}
	var b bytes.Buffer
	err = json.Indent(&b, out, "", "\t")
	return b.String(), err
}
