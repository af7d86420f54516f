package caddymodule

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// MemberCardComponent is an action.
type MemberCardComponent struct{}

// CaddyModule returns the Caddy module information.
func (MemberCardComponent) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".member_card_component", New: func() caddy.Module { return new(MemberCardComponent) }}
}

// Needs implements Action.
func (a *MemberCardComponent) Needs() []credential.Kind {
	return []credential.Kind{credential.APITicket}
}

// ServeAction implements Action.
func (a *MemberCardComponent) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens.
func (a *MemberCardComponent) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return nil }
