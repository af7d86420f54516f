package inject

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	inject {
//		header      <field> <credential>
//		query       <param> <credential>
//		placeholder <credential>
//		optional
//	}
func (in *Inject) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"header":      func() error { return unmarshalInjected(d, &in.Header, headers.CheckName) },
		"query":       func() error { return unmarshalInjected(d, &in.Query, queries.CheckName) },
		"placeholder": func() error { return in.unmarshalPlaceholder(d) },
		"optional":    func() error { return words.Flag(d, &in.Optional) },
	})
	if err != nil {
		return err
	}
	if len(in.Header)+len(in.Query)+len(in.Placeholder) == 0 {
		return d.Err("inject has nothing to inject: it takes header, query or placeholder")
	}
	return nil
}

// unmarshalPlaceholder reads `placeholder <credential>`, which may be repeated.
func (in *Inject) unmarshalPlaceholder(d *caddyfile.Dispenser) error {
	var name string
	if !d.AllArgs(&name) {
		return d.ArgErr()
	}
	kind := credential.Kind(name)
	if err := checkKind(kind); err != nil {
		return d.WrapErr(err)
	}
	if slices.Contains(in.Placeholder, kind) {
		return d.Errf("placeholder %s already specified", kind)
	}
	in.Placeholder = append(in.Placeholder, kind)
	return nil
}

// unmarshalInjected reads `<name> <credential>` into one of the maps.
func unmarshalInjected(d *caddyfile.Dispenser, into *map[string]credential.Kind, check func(string) error) error {
	what := d.Val()
	var name, kind string
	if !d.AllArgs(&name, &kind) {
		return d.ArgErr()
	}
	if err := check(name); err != nil {
		return d.WrapErr(err)
	}
	if err := checkKind(credential.Kind(kind)); err != nil {
		return d.WrapErr(err)
	}
	for other := range *into {
		if strings.EqualFold(other, name) {
			return d.Errf("%s %s already specified", what, name)
		}
	}
	if *into == nil {
		*into = make(map[string]credential.Kind)
	}
	(*into)[name] = credential.Kind(kind)
	return nil
}
