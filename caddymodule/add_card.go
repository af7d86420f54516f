package caddymodule

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// AddCard is an action.
type AddCard struct{}

// CaddyModule returns the Caddy module information.
func (AddCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".add_card", New: func() caddy.Module { return new(AddCard) }}
}

// Needs implements Action.
func (a *AddCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// ServeAction implements Action.
func (a *AddCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens.
func (a *AddCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return nil }
