package caddymodule

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// OpenCard is an action.
type OpenCard struct{}

// CaddyModule returns the Caddy module information.
func (OpenCard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".open_card", New: func() caddy.Module { return new(OpenCard) }}
}

// Needs implements Action.
func (a *OpenCard) Needs() []credential.Kind { return []credential.Kind{credential.APITicket} }

// ServeAction implements Action.
func (a *OpenCard) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens.
func (a *OpenCard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return nil }
