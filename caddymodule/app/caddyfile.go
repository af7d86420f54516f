package app

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// ParseGlobalOption sets up the app from the global option. Repeated options merge. With an app_id and its secret on the line it has
// the account `default`, and what an account may have may stand in its block, too. Syntax:
//
//	wechat_card [<app_id> <app_secret>] {
//		api     <base_url...>
//		open    <base_url>
//		timeout <duration>
//		proxy   <url>|off
//		ca      <pem_file...>
//		store   caddy|off|redis <url...> {
//			username        <name>
//			password        <password>
//			prefix          <prefix>
//			tls             [<ca_pem_file...>]
//			sentinel_master <name>
//		}
//		account [<name>] {
//			app_id        <app_id>
//			app_secret    <secret>
//			token_source  stable|classic|none
//			token_source  redis <url> <key> {
//				field         <name>
//				expires_field <name>
//			}
//			token_source  remote <url> {
//				header        <field> <value>
//				field         <name>
//				expires_field <name>
//			}
//			ticket_source remote <url> {
//				header        <field> <value>
//				field         <name>
//				expires_field <name>
//			}
//			force_refresh on|off
//			mini_program  <app_id> <app_secret>
//			message_push  <token> [<encoding_aes_key>]
//			limit         decrypt|geturl <n>
//		}
//		component <name> {
//			app_id       <app_id>
//			app_secret   <secret>
//			message_push <token> <encoding_aes_key> [<previous_encoding_aes_key>]
//			seal_key     <key> [<previous_key>]
//		}
//		accounts file     <folder>
//		accounts redis    <url> <prefix>
//		accounts http     <url> [<key>] {
//			cache <duration>
//		}
//		accounts platform <component>
//		seal_key <key> [<previous_key>]
//	}
func ParseGlobalOption(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if previous, ok := existing.(httpcaddyfile.App); ok {
		if err := json.Unmarshal(previous.Value, app); err != nil {
			return nil, d.WrapErr(err)
		}
	} else if err := words.CheckFilePlaceholders(d); err != nil { // the directives of sites may be none of ours
		return nil, err
	}
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: Name, Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile adds one global option to what is set already. For its syntax, see parseGlobalOption.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	words.RememberPlaces(d)
	if err := words.CheckPlaceholders(d); err != nil {
		return err
	}
	d.Next() // consume option name
	words.RememberPlace(Name, d)
	short, err := unmarshalShort(d)
	if err != nil {
		return err
	}
	for d.NextBlock(0) {
		if err := a.unmarshalSubdirective(d, short); err != nil {
			return err
		}
	}
	if short == nil {
		return nil
	}
	return a.addAccount(d, DefaultAccount, short)
}

// optionWords are what may stand in the block of the option, accountWords what may stand in that of an account.
var (
	optionWords  = []string{"api", "open", "timeout", "proxy", "ca", "store", "account", "component", "accounts", "seal_key"}
	accountWords = []string{
		"app_id", "app_secret", "token_source", "ticket_source", "force_refresh", "mini_program", "message_push", "limit",
	}
)

// unmarshalShort reads the account that stands on the line of the option itself; nil where none does.
func unmarshalShort(d *caddyfile.Dispenser) (*Account, error) {
	args := d.RemainingArgs()
	if len(args) > 0 && isDirective(args[0]) {
		return nil, d.Errf("'%s' is for a site: the line wechat_card %s … stands in the block of a site, such as shop.example.com { … }", args[0], args[0])
	}
	switch len(args) {
	case 0:
		return nil, nil
	case 2:
		words.RememberPlace("account "+DefaultAccount, d)
		account := &Account{AppID: args[0], AppSecret: args[1]}
		if account.AppID == "" || account.AppSecret == "" {
			return nil, d.Err("the app_id or the app_secret is empty")
		}
		if err := checkAppID(account.AppID); err != nil {
			return nil, d.WrapErr(err)
		}
		return account, nil
	}
	return nil, d.Err("wechat_card takes an app_id and its app_secret, or neither and a block; a {$VARIABLE} that is not set leaves nothing")
}

// isDirective tells what follows the directive in a site from what follows the option.
func isDirective(word string) bool {
	_, err := caddy.GetModule(action.Namespace + "." + word)
	return err == nil || strings.HasPrefix(word, "/") || strings.HasPrefix(word, "@") || word == "*"
}

// unmarshalSubdirective reads one line of the block; short is the account of the option's own line.
func (a *App) unmarshalSubdirective(d *caddyfile.Dispenser, short *Account) error {
	name := d.Val()
	switch name {
	case "api":
		if len(a.API) > 0 {
			return words.AlreadySpecified(d, name)
		}
		if a.API = d.RemainingArgs(); len(a.API) == 0 {
			return d.ArgErr()
		}
		for _, base := range a.API {
			// placeholders can only be judged when their values are there
			if err := checkBaseURL(base); err != nil && !words.IsDynamic(base) {
				return d.WrapErr(err)
			}
		}
	case "open":
		if err := words.OneValue(d, &a.Open); err != nil {
			return err
		}
		if words.IsDynamic(a.Open) {
			return nil
		}
		return words.Located(d, checkBaseURL(a.Open))
	case "timeout":
		if a.Timeout != 0 {
			return words.AlreadySpecified(d, name)
		}
		var text string
		if !d.AllArgs(&text) {
			return d.ArgErr()
		}
		timeout, err := caddy.ParseDuration(text)
		if err != nil || timeout <= 0 {
			return d.Errf("timeout must be a duration greater than zero, not '%s'", text)
		}
		a.Timeout = caddy.Duration(timeout)
	case "proxy":
		return words.OneValue(d, &a.Proxy)
	case "ca":
		if len(a.CA) > 0 {
			return words.AlreadySpecified(d, name)
		}
		if a.CA = d.RemainingArgs(); len(a.CA) == 0 {
			return d.ArgErr()
		}
	case "store":
		return a.unmarshalStore(d)
	case "account":
		return a.unmarshalAccount(d)
	case "component":
		return a.unmarshalComponent(d)
	case "accounts":
		return a.unmarshalAccounts(d)
	case "seal_key":
		return unmarshalSealKey(d, &a.SealKey)
	default:
		if short != nil && slices.Contains(accountWords, name) {
			return short.unmarshalSubdirective(d)
		}
		if slices.Contains(accountWords, name) {
			return d.Errf("%s belongs to an account: it stands in account { … }", name)
		}
		if short != nil {
			return words.Unrecognized(d, slices.Concat(optionWords, accountWords)...)
		}
		return words.Unrecognized(d, slices.Clone(optionWords)...)
	}
	return nil
}

func (a *App) unmarshalStore(d *caddyfile.Dispenser) error {
	if a.StoreRaw != nil {
		return words.AlreadySpecified(d, "store")
	}
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	store, err := words.Guest(d, stores.Namespace, name, "store")
	if err != nil {
		return err
	}
	a.StoreRaw = caddyconfig.JSONModuleObject(store, "module", name, nil)
	return nil
}

// Interface guards
var _ caddyfile.Unmarshaler = (*App)(nil)
