package routes_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// guest is somebody else's action, which passes everything on.
type guest struct{}

func (guest) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".guest", New: func() caddy.Module { return new(guest) }}
}
func (guest) Needs() []credential.Kind                        { return nil }
func (guest) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { d.Next(); return nil }
func (guest) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, _ *plugin.Account) error {
	return next.ServeHTTP(w, r)
}

// lastGuest is another, which answers.
type lastGuest struct{ guest }

func (lastGuest) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".last_guest", New: func() caddy.Module { return new(lastGuest) }}
}
func (lastGuest) PassesNothingOn() {}

func init() {
	caddy.RegisterModule(guest{})
	caddy.RegisterModule(lastGuest{})
}

// TestGuests asks the actions of others, too, whether they pass anything on.
func TestGuests(t *testing.T) {
	for name, reached := range map[string]bool{"guest": true, "last_guest": false} {
		all := found(t, ":9080 {\nroute {\nwechat_card "+name+"\nwechat_card /wechat/addCard add_card p1\n}\n}\n")
		inVain := slices.ContainsFunc(all, func(text string) bool {
			return strings.Contains(text, "no request reaches add_card at /wechat/addCard: wechat_card "+name+" stands before it")
		})
		if inVain == reached {
			t.Errorf("%s: got %q", name, all)
		}
	}
}
