// Package app is the Caddy app wechat_card: the accounts of a configuration, and where WeChat and the store are.
package app

import (
	"encoding/json"
	"log/slog"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
)

// App is a Caddy app that keeps the credentials of WeChat official accounts (公众号): access_token, card api_ticket and
// jsapi_ticket, one set for all handlers of all Caddys that share a store.
//
// Every string here may be or hold a placeholder that does not depend on a request, such as `{env.WECHAT_APP_SECRET}` or
// `{file./run/secrets/wechat_app_secret}`. Secrets should: Caddy shows its configuration as it was loaded.
type App struct {
	// The base URLs of WeChat's API, tried in this order.
	// Default: `["https://api.weixin.qq.com", "https://api2.weixin.qq.com"]`.
	API []string `json:"api,omitempty"`

	// The base URL of WeChat's page where `oauth` sends visitors, so that WeChat tells who they are.
	// Default: https://open.weixin.qq.com.
	Open string `json:"open,omitempty"`

	// How long one host of `api` may take for a call, connecting included. The next one, where a call goes on to that, has as
	// long. Default: 5s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// The URL of the proxy for calls to WeChat (http, https or socks5), or `off`.
	// Default: what HTTPS_PROXY and NO_PROXY in the environment say.
	Proxy string `json:"proxy,omitempty"`

	// PEM files with certificates of authorities to trust beside the system's when calling WeChat or the proxy.
	CA []string `json:"ca,omitempty"`

	// Where credentials are shared and survive restarts. Default: `{"module": "caddy"}`, Caddy's own storage.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=wechat_card.stores inline_key=module"`

	// The official accounts by name. Handlers use the one named `default` unless told otherwise.
	Accounts map[string]*Account `json:"accounts,omitempty"`

	// The third-party platforms (第三方平台) by name. Default: none.
	Components map[string]*ComponentSettings `json:"components,omitempty"`

	// Where more accounts are, that come and go without a reload. Routes name them by their app_id or alias, which a placeholder may
	// give; a name that no account has is refused with status 403 and reason `account_unknown`. Default: there are the configured
	// accounts only.
	AccountSources []AccountSource `json:"account_sources,omitempty"`

	// What opens the sealed values of accounts that are data, `sealed:…`, each at least 32 characters: the first seals, each opens.
	// There are two at most. Default: none, and sealed values are refused.
	SealKey []string `json:"seal_key,omitempty"`

	baseURL    string // the first of the API
	accounts   map[string]*plugin.Account
	programs   map[string]*plugin.Account  // the mini programs by app id; those that are accounts, too, are the same
	observers  map[string]*observe.Account // by name; a mini program's is its app id
	components map[string]*Component
	byAppID    map[string]*plugin.Account // the configured accounts by app id
	data       *data                      // nil: there are no accounts that are data
	needs      *needs
	cards      *cardsInUse
	doubts     *doubts
	choosing   *choosing
	store      credential.Store // nil: nothing is shared
	backup     credential.Store // where a copy lies of what components must not lose: a Redis may lose everything at once; nil: the store is Caddy's own, or none
	pooled     *pooled
	logger     *slog.Logger
	audit      *observe.Audit
}

// The names that the plugin is known by.
const (
	Name           = "wechat_card"
	DefaultAccount = "default"
)

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: Name, New: func() caddy.Module { return new(App) }}
}
