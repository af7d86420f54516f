package inject

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

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
//
// where a credential is access_token, api_ticket, jsapi_ticket or access_token of mini_program [<app_id>].
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
	args := d.RemainingArgs()
	if len(args) == 0 {
		return d.ArgErr()
	}
	text, err := unmarshalWanted(d, args)
	if err != nil {
		return err
	}
	if slices.Contains(in.Placeholder, text) {
		return d.Errf("placeholder %s already specified", text)
	}
	in.Placeholder = append(in.Placeholder, text)
	return nil
}

// unmarshalInjected reads `<name> <credential>` into one of the maps.
func unmarshalInjected(d *caddyfile.Dispenser, into *map[string]string, check func(string) error) error {
	what, args := d.Val(), d.RemainingArgs()
	if len(args) < 2 {
		return d.ArgErr()
	}
	name := args[0]
	if err := check(name); err != nil {
		return d.WrapErr(err)
	}
	text, err := unmarshalWanted(d, args[1:])
	if err != nil {
		return err
	}
	for other := range *into {
		if strings.EqualFold(other, name) {
			return d.Errf("%s %s already specified", what, name)
		}
	}
	if *into == nil {
		*into = make(map[string]string)
	}
	(*into)[name] = text
	return nil
}

// unmarshalWanted reads the words of a credential, which JSON has as one text.
func unmarshalWanted(d *caddyfile.Dispenser, args []string) (text string, err error) {
	if len(args) > 1 && (len(args) < 3 || len(args) > 4 || args[1] != "of") {
		return "", d.ArgErr()
	}
	text = strings.Join(args, " ")
	_, err = readWanted(text)
	return text, words.Located(d, err)
}
