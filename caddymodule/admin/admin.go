// Package admin has the endpoints of Caddy's admin API for operators: how credentials stand, refreshing them, why a phone
// refuses a signature, messages that no backend has accepted, and accounts that are data.
package admin

import (
	"github.com/caddyserver/caddy/v2"
)

// API is a module of Caddy's admin API that shows how the credentials of the app `wechat_card` stand and refreshes
// them: `GET /wechat_card/status` and `POST /wechat_card/refresh`; that says why a phone refuses a signature:
// `POST /wechat_card/verify`; and that lists and brings again what WeChat pushed and no backend has accepted:
// `GET /wechat_card/push` and `POST /wechat_card/push/replay`; and that lists, shows, writes and removes accounts that are data:
// `GET /wechat_card/accounts` and `GET`, `PUT` and `DELETE /wechat_card/accounts/<app_id>`. It shows no secret, no credential and, but for
// those who listen at `GET /wechat_card/push/listen`, no message.
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
		{Pattern: PushesPath, Handler: caddy.AdminHandlerFunc(servePushes)},
		{Pattern: ReplayPath, Handler: caddy.AdminHandlerFunc(serveReplay)},
		{Pattern: ListenPath, Handler: caddy.AdminHandlerFunc(serveListen)},
		{Pattern: AccountsPath, Handler: caddy.AdminHandlerFunc(serveAccounts)},
		{Pattern: AccountsPath + "/", Handler: caddy.AdminHandlerFunc(serveAccount)},
	}
}

// Interface guards
var _ caddy.AdminRouter = API{}
