package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// ParseDirective parses the wechat_sandbox directive.
func ParseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	words.RememberPlaces(h.Dispenser)
	s := new(Sandbox)
	if err := s.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	h.Reset()
	h.Next()
	words.RememberPlace(s.place(), h.Dispenser)
	return s, nil
}

// place is what tells this from other directives.
func (s *Sandbox) place() string {
	sum := sha256.Sum256(caddyconfig.JSON(s, nil))
	return "wechat_sandbox " + hex.EncodeToString(sum[:])
}

// UnmarshalCaddyfile sets up the sandbox from Caddyfile tokens. Syntax:
//
//	wechat_sandbox [<matcher>] {
//		app              <app_id> <app_secret>
//		mini_program     <app_id> <app_secret>
//		secure           <app_id> {
//			symmetric_key  <number> <key>
//			private_key    <number> <pem>
//			certificate    <number> <pem>
//			deprecated_key <number> <pem>
//			demanded       <path...>
//			want_number
//		}
//		component        <app_id> <app_secret> {
//			message_push   <token> <encoding_aes_key>
//			events         <url>
//			messages       <url>
//			domain         <host>
//			whitelist      <address...>
//			test_list      <user_name...>
//			ticket_every   <seconds>
//			ticket_life    <seconds>
//			pre_auth_code  <seconds>
//			pre_auth_again
//			auth_code      <seconds>
//			refresh_token  keep|change|fade
//			token_overlap  <seconds>
//			event_code     same|other
//			code_expires   time|seconds
//			getticket      all|jsapi|none
//		}
//		foreign_token    40001|48001
//		phone_country    string|number
//		expires_in       <seconds>
//		tickets          fresh|honest|grid
//		custom_code_card <card_id...>
//		replay           <file>
//	}
//
// app, mini_program, secure, component and custom_code_card may be repeated.
func (s *Sandbox) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		switch d.Val() {
		case "app":
			if err := unmarshalApp(d, &s.App); err != nil {
				return err
			}
		case "mini_program":
			if err := unmarshalApp(d, &s.MiniProgram); err != nil {
				return err
			}
		case "secure":
			if err := s.unmarshalSecure(d); err != nil {
				return err
			}
			continue
		case "component":
			if err := s.unmarshalComponent(d); err != nil {
				return err
			}
			continue
		case "foreign_token":
			if s.ForeignToken != 0 {
				return d.Err("foreign_token already specified")
			}
			var text string
			if !d.AllArgs(&text) {
				return d.ArgErr()
			}
			n, err := strconv.Atoi(text)
			if err != nil || !slices.Contains(sandbox.ForeignCodes, n) {
				return d.Errf("foreign_token must be 40001 or 48001, not %q", text)
			}
			s.ForeignToken = n
		case "phone_country":
			if err := words.OneOf(d, &s.PhoneCountry, "string", "number"); err != nil {
				return err
			}
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
		case "tickets":
			if s.Tickets != "" {
				return d.Err("tickets already specified")
			}
			if !d.AllArgs(&s.Tickets) {
				return d.ArgErr()
			}
			if !slices.Contains(sandbox.TicketRules, sandbox.TicketRule(s.Tickets)) {
				return d.Errf("tickets must be fresh, honest or grid, not %q", s.Tickets)
			}
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
			if s.Replay == "" {
				return d.Err("replay: the name of the file is empty")
			}
		default:
			return words.Unrecognized(d, "app", "mini_program", "secure", "component", "foreign_token", "phone_country", "expires_in", "tickets", "custom_code_card", "replay")
		}
		if d.NextBlock(1) {
			return d.Errf("a block is not allowed here: %s", d.Val())
		}
	}
	return nil
}

// unmarshalApp reads `<app_id> <app_secret>`.
func unmarshalApp(d *caddyfile.Dispenser, into *map[string]string) error {
	what := d.Val()
	var id, secret string
	if !d.AllArgs(&id, &secret) {
		return d.ArgErr()
	}
	if _, twice := (*into)[id]; twice {
		return d.Errf("%s already specified: %s", what, id)
	}
	if *into == nil {
		*into = make(map[string]string)
	}
	(*into)[id] = secret
	return nil
}
