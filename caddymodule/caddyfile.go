package caddymodule

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// parseGlobalOption sets up the app from the global option. Repeated options merge. Syntax:
//
//	wechat_card {
//		api     <base_url...>
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
//			token_source  redis <url> <key>
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
//	}
func parseGlobalOption(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if previous, ok := existing.(httpcaddyfile.App); ok {
		if err := json.Unmarshal(previous.Value, app); err != nil {
			return nil, d.WrapErr(err)
		}
	}
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: appName, Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile adds one global option to what is set already. For its syntax, see parseGlobalOption.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume option name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		if err := a.unmarshalSubdirective(d); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) unmarshalSubdirective(d *caddyfile.Dispenser) error {
	name := d.Val()
	switch name {
	case "api":
		if len(a.API) > 0 {
			return alreadySpecified(d, name)
		}
		if a.API = d.RemainingArgs(); len(a.API) == 0 {
			return d.ArgErr()
		}
		for _, base := range a.API {
			// placeholders can only be judged when their values are there
			if err := checkBaseURL(base); err != nil && !isDynamic(base) {
				return d.WrapErr(err)
			}
		}
	case "timeout":
		if a.Timeout != 0 {
			return alreadySpecified(d, name)
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
		return oneValue(d, &a.Proxy)
	case "ca":
		if len(a.CA) > 0 {
			return alreadySpecified(d, name)
		}
		if a.CA = d.RemainingArgs(); len(a.CA) == 0 {
			return d.ArgErr()
		}
	case "store":
		return a.unmarshalStore(d)
	case "account":
		return a.unmarshalAccount(d)
	default:
		return d.Errf("unrecognized subdirective '%s'", name)
	}
	return nil
}

func (a *App) unmarshalStore(d *caddyfile.Dispenser) error {
	if a.StoreRaw != nil {
		return alreadySpecified(d, "store")
	}
	if !d.NextArg() {
		return d.ArgErr()
	}
	name := d.Val()
	store, err := unmarshalGuest(d, storeNamespace, name, "store")
	if err != nil {
		return err
	}
	a.StoreRaw = caddyconfig.JSONModuleObject(store, "module", name, nil)
	return nil
}

func (a *App) unmarshalAccount(d *caddyfile.Dispenser) error {
	name := defaultAccount
	if d.NextArg() {
		name = d.Val()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	if _, ok := a.Accounts[name]; ok {
		return d.Errf("account '%s' already specified", name)
	}
	account := new(Account)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := account.unmarshalSubdirective(d); err != nil {
			return err
		}
	}
	if account.AppID == "" {
		return d.Errf("account '%s': app_id is missing", name)
	}
	if account.AppSecret == "" && account.TokenSource.name().NeedsSecret() {
		return d.Errf("account '%s': app_secret is missing", name)
	}
	if a.Accounts == nil {
		a.Accounts = make(map[string]*Account)
	}
	a.Accounts[name] = account
	return nil
}

func (a *Account) unmarshalSubdirective(d *caddyfile.Dispenser) error {
	name := d.Val()
	switch name {
	case "app_id":
		return oneValue(d, &a.AppID)
	case "app_secret":
		return oneValue(d, &a.AppSecret)
	case "token_source":
		return a.TokenSource.unmarshalCaddyfile(d)
	case "ticket_source":
		return a.unmarshalTicketSource(d)
	case "force_refresh":
		return oneOf(d, &a.ForceRefresh, "on", "off")
	case "mini_program":
		var mp MiniProgram
		if !d.AllArgs(&mp.AppID, &mp.AppSecret) {
			return d.ArgErr()
		}
		a.MiniPrograms = append(a.MiniPrograms, mp)
	case "message_push":
		if a.MessagePush != nil {
			return alreadySpecified(d, name)
		}
		a.MessagePush = new(PushSettings)
		switch args := d.RemainingArgs(); len(args) {
		case 2:
			a.MessagePush.EncodingAESKey = args[1]
			fallthrough
		case 1:
			a.MessagePush.Token = args[0]
		default:
			return d.ArgErr()
		}
	case "limit":
		var api string
		if !d.Args(&api) {
			return d.ArgErr()
		}
		switch api {
		case "decrypt":
			return number(d, &a.Limit.Decrypt)
		case "geturl":
			return number(d, &a.Limit.Geturl)
		}
		return d.Errf("limit is for decrypt or geturl, not '%s'", api)
	default:
		return d.Errf("unrecognized subdirective '%s'", name)
	}
	return nil
}

// Interface guards
var _ caddyfile.Unmarshaler = (*App)(nil)
