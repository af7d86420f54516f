package app

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func (a *App) unmarshalAccount(d *caddyfile.Dispenser) error {
	name := DefaultAccount
	if d.NextArg() {
		name = d.Val()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	if _, ok := a.Accounts[name]; ok {
		return d.Errf("account '%s' already specified", name)
	}
	words.RememberPlace("account "+name, d)
	account := new(Account)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := account.unmarshalSubdirective(d); err != nil {
			return err
		}
	}
	return a.addAccount(d, name, account)
}

// addAccount adds an account that has been read.
func (a *App) addAccount(d *caddyfile.Dispenser, name string, account *Account) error {
	if _, ok := a.Accounts[name]; ok {
		return d.Errf("account '%s' already specified", name)
	}
	if account.AppID == "" {
		return d.Errf("account '%s': app_id is missing", name)
	}
	for other, configured := range a.Accounts {
		if configured.AppID == account.AppID {
			return words.Located(d, errOneAppID(other, name, account.AppID))
		}
	}
	if account.AppSecret == "" && account.TokenSource.Name().NeedsSecret() {
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
		if err := words.OneValue(d, &a.AppID); err != nil {
			return err
		}
		return words.Located(d, checkAppID(a.AppID))
	case "app_secret":
		return words.OneValue(d, &a.AppSecret)
	case "token_source":
		return a.TokenSource.unmarshalCaddyfile(d)
	case "ticket_source":
		return a.unmarshalTicketSource(d)
	case "force_refresh":
		return words.OneOf(d, &a.ForceRefresh, "on", "off")
	case "mini_program":
		var mp MiniProgram
		if !d.AllArgs(&mp.AppID, &mp.AppSecret) {
			return d.ArgErr()
		}
		if err := checkAppID(mp.AppID); err != nil {
			return d.Errf("mini_program: %w", err)
		}
		a.MiniPrograms = append(a.MiniPrograms, mp)
	case "message_push":
		if a.MessagePush != nil {
			return words.AlreadySpecified(d, name)
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
			return words.Number(d, &a.Limit.Decrypt)
		case "geturl":
			return words.Number(d, &a.Limit.Geturl)
		case "login":
			return words.Number(d, &a.Limit.Login)
		case "activation":
			return words.Number(d, &a.Limit.Activation)
		}
		return d.Errf("limit is for decrypt, geturl, login or activation, not '%s'", api)
	default:
		return words.Unrecognized(d, slices.Clone(accountWords)...)
	}
	return nil
}
