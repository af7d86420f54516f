package sandbox

import (
	"strconv"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ParseDirective parses the wechat_sandbox directive.
func ParseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	s := new(Sandbox)
	if err := s.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return s, nil
}

// UnmarshalCaddyfile sets up the sandbox from Caddyfile tokens. Syntax:
//
//	wechat_sandbox [<matcher>] {
//		app              <app_id> <app_secret>
//		expires_in       <seconds>
//		custom_code_card <card_id...>
//		replay           <file>
//	}
//
// app and custom_code_card may be repeated.
func (s *Sandbox) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		switch d.Val() {
		case "app":
			var id, secret string
			if !d.AllArgs(&id, &secret) {
				return d.ArgErr()
			}
			if _, twice := s.App[id]; twice {
				return d.Errf("app already specified: %s", id)
			}
			if s.App == nil {
				s.App = make(map[string]string)
			}
			s.App[id] = secret
		case "expires_in":
			if s.ExpiresIn != 0 {
				return d.Err("expires_in already specified")
			}
			var text string
			if !d.AllArgs(&text) {
				return d.ArgErr()
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > maxSandboxLifetime {
				return d.Errf("expires_in must be 1 to %d seconds, not %q", maxSandboxLifetime, text)
			}
			s.ExpiresIn = n
		case "custom_code_card":
			ids := d.RemainingArgs()
			if len(ids) == 0 {
				return d.ArgErr()
			}
			s.CustomCodeCard = append(s.CustomCodeCard, ids...)
		case "replay":
			if s.Replay != "" {
				return d.Err("replay already specified")
			}
			if !d.AllArgs(&s.Replay) {
				return d.ArgErr()
			}
		default:
			return d.Errf("unrecognized subdirective '%s'", d.Val())
		}
		if d.NextBlock(1) {
			return d.Errf("a block is not allowed here: %s", d.Val())
		}
	}
	return nil
}
