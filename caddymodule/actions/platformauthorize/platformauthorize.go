// Package platformauthorize is the action platform_authorize: the page on which a merchant authorises a third-party platform (第三方平台).
package platformauthorize

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// PlatformAuthorize is an action that has merchants authorise a third-party platform (第三方平台), so that the gateway acts for their
// accounts. It serves a page with links to WeChat's own, for a computer, where the merchant scans a code, and for WeChat on a phone; it is
// where WeChat sends the merchant back to; and it says what was authorised, and which permission sets (权限集) are missing. All of it has
// one path.
//
// The page's host is what the platform's settings have as the domain where authorisations begin (授权发起页域名): WeChat wants to be reached
// from a page of that host. The pre_auth_code is fetched when the merchant chooses a link. An auth_code that comes back to a browser
// which did not begin there within the last hour is refused with status 403 and reason `state_invalid`.
//
// Parameters of the page: `return` is where the merchant goes on to, a path of the site or an address of a listed origin, and `app_id`
// is the account that is to be authorised; WeChat offers no other then. With `notify` the address to go on to gets the parameters
// `app_id`, `time` and `signature`, so that the backend can believe whose account it is.
type PlatformAuthorize struct {
	// The component (第三方平台) of the app `wechat_card`. Required.
	Component string `json:"component,omitempty"`

	// Where merchants may go on to: origins like `https://platform.example`. The page's own is one of them: WeChat sends a merchant back to the
	// origin that the page was asked for at, when it is listed, else to the first. Required.
	Return []string `json:"return,omitempty"`

	// The path of the page, as browsers see it. Default: that of the request.
	Path string `json:"path,omitempty"`

	// Which accounts may be authorised: `official` accounts, `mini` programs, or `both`. Default: both.
	AuthType string `json:"auth_type,omitempty"`

	// Who is told of each authorisation, new, changed or ended. Default: nobody.
	Notify *Notify `json:"notify,omitempty"`

	component *thirdparty.Component
	origins   []string
	path      string // "": that of the request
	key       string // of Notify; "": there is none
	logger    *zap.Logger
}

// Notify says who is told.
type Notify struct {
	// The address that gets a POST with JSON for each change of an authorisation, until it has answered with a 2xx status, for seven days.
	URL string `json:"url,omitempty"`

	// What notifications are signed with by HMAC-SHA256: 24 characters or more.
	Key string `json:"key,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (PlatformAuthorize) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".platform_authorize", New: func() caddy.Module { return new(PlatformAuthorize) }}
}

// Needs implements Action.
func (p *PlatformAuthorize) Needs() []credential.Kind { return nil }

// Methods implements Answering.
func (p *PlatformAuthorize) Methods() []string { return []string{http.MethodGet, http.MethodHead} }

// WithoutAccount implements Accountless.
func (p *PlatformAuthorize) WithoutAccount() bool { return true }

// PassesNothingOn implements Last.
func (p *PlatformAuthorize) PassesNothingOn() {}

// ServeAction implements Action.
func (p *PlatformAuthorize) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, _ *plugin.Account) error {
	err := p.serve(w, r)
	if problem := problem.Of(err, now()); problem != nil {
		if visit.AcceptsHTML(r) {
			problem.Form = p.showProblem
		}
		return problem
	}
	return err
}

func (p *PlatformAuthorize) serve(w http.ResponseWriter, r *http.Request) error {
	switch nonce, began := visit.Param(r, paramNonce), visit.Param(r, paramStart); {
	case !nonce.Absent():
		return p.callback(w, r, nonce)
	case !began.Absent():
		return p.start(w, r, began)
	}
	return p.offer(w, r)
}

// Interface guards
var (
	_ caddy.Provisioner  = (*PlatformAuthorize)(nil)
	_ action.Answering   = (*PlatformAuthorize)(nil)
	_ action.Accountless = (*PlatformAuthorize)(nil)
	_ action.Last        = (*PlatformAuthorize)(nil)
)
