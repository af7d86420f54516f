package app

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// unmarshalAccounts reads a subdirective accounts. Syntax:
//
//	accounts file     <folder>
//	accounts redis    <url> <prefix>
//	accounts http     <url> [<key>] {
//		cache <duration>
//	}
//	accounts platform <component>
func (a *App) unmarshalAccounts(d *caddyfile.Dispenser) error {
	var s AccountSource
	if !d.Args(&s.Source) {
		return d.ArgErr()
	}
	if !slices.Contains(accountSources, s.Source) {
		return d.Errf("a source of accounts is %s, not '%s'", strings.Join(accountSources, " or "), s.Source)
	}
	into := map[string][]*string{
		sourceFile: {&s.Folder}, sourceRedis: {&s.URL, &s.Prefix}, sourceHTTP: {&s.URL, &s.Key}, sourcePlatform: {&s.Component},
	}[s.Source]
	args := d.RemainingArgs()
	least := len(into)
	if s.Source == sourceHTTP {
		least = 1
	}
	if len(args) < least || len(args) > len(into) || slices.Contains(args, "") {
		return d.Errf("it is accounts %s", accountsSyntax[s.Source]) // and does not quote what may be a key
	}
	for i, arg := range args {
		*into[i] = arg
	}
	if err := words.Block(d, 1, s.block(d)); err != nil {
		return err
	}
	if err := s.checkLiteral(); err != nil {
		return d.WrapErr(err)
	}
	if slices.Contains(a.AccountSources, s) {
		return d.Errf("accounts %s is there already", s.Source)
	}
	words.RememberPlace("accounts "+s.Source, d)
	a.AccountSources = append(a.AccountSources, s)
	return nil
}

// accountsSyntax is what follows the word accounts.
var accountsSyntax = map[string]string{
	sourceFile: "file <folder>", sourceRedis: "redis <url> <prefix>", sourceHTTP: "http <url> [<key>]", sourcePlatform: "platform <component>",
}

// block is what may stand in the block of a source.
func (s *AccountSource) block(d *caddyfile.Dispenser) words.Subdirectives {
	if s.Source != sourceHTTP {
		return nil
	}
	return words.Subdirectives{"cache": func() error {
		var text string
		switch {
		case s.Cache != 0:
			return words.AlreadySpecified(d, "cache")
		case !d.AllArgs(&text):
			return d.ArgErr()
		}
		age, err := caddy.ParseDuration(text)
		if err != nil || age <= 0 {
			return d.Errf("cache must be a duration greater than zero, not '%s'", text)
		}
		s.Cache = caddy.Duration(age)
		return nil
	}}
}
