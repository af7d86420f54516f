// Package admin has the endpoints of Caddy's admin API for operators: how credentials stand, refreshing them, and why a phone
// refuses a signature.
package admin

import (
	"github.com/caddyserver/caddy/v2"
)

// API is a module of Caddy's admin API that shows how the credentials of the app `wechat_card` stand and refreshes
// them: `GET /wechat_card/status` and `POST /wechat_card/refresh`; and that says why a phone refuses a signature:
// `POST /wechat_card/verify`. It shows no secret and no credential.
type API struct{}

// CaddyModule returns the Caddy module information.
func (API) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.wechat_card", New: func() caddy.Module { return new(API) }}
}

// Routes implements caddy.AdminRouter.
func (API) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: StatusPath, Handler: caddy.AdminHandlerFunc(serveStatus)},
		{Pattern: RefreshPath, Handler: caddy.AdminHandlerFunc(serveRefresh)},
		{Pattern: VerifyPath, Handler: caddy.AdminHandlerFunc(serveVerify)},
	}
}

// Interface guards
var _ caddy.AdminRouter = API{}
