// Package oauth is the action oauth: who the visitor of a web page in WeChat's browser is (网页授权), by a cookie of the gateway's own.
package oauth

import (
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/nostore"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// OAuth is an action that lets the visitor of a web page log in by WeChat (网页授权), keeps who he is in a cookie, and tells the
// handlers that follow. It belongs into a `route`, before what uses it, and must match its own paths, too.
//
// Three paths below `path` are its own. `<path>/start?return=<path or address>` sends the visitor to WeChat's page, `<path>/callback` is
// where that sends him back to, with a code, and `<path>/end?return=<path or address>` ends the session. A `return` that is
// neither a path of the site nor an address of a listed origin is refused with status 400. On every other path it reads the
// session and passes the request on.
//
// A code is exchanged once, by whichever process of a fleet it comes to first, however often WeChat's client brings it: what it told
// is kept, sealed, for five minutes in the account's store. A code that WeChat refuses begins the login once more; the second
// time the answer is status 422 with reason `wechat_rejected`. A callback that was not begun in the same browser within ten minutes
// is refused with status 403 and reason `state_invalid`, a visitor who does not agree with `login_refused`, and one who sees the page as
// a snapshot (快照页), whose ids are nobody's, with `snapshot_user`. The account's `limit login` bounds the exchanges together
// with those of `login`.
//
// The session is sealed with a key that follows from the app_secret, so that every process of a fleet reads it. One that is
// broken, of another account, sealed before the secret was changed, or too old, is none. What the client sends under a configured
// header is removed first. When the next handler returns, the headers are gone again, so that error routes (`handle_errors`) do
// not see them. An answer to somebody with a session that says nothing of caching gets `Cache-Control: no-store`.
//
// Placeholders that are set for the handlers that follow:
//
// Placeholder | Description
// ------------|---------------
// `{http.wechat_card.openid}` | The visitor's openid in the official account; empty without a session
// `{http.wechat_card.unionid}` | The visitor's unionid; empty when WeChat gives none, as with scope base
type OAuth struct {
	// Where visitors may go back to: origins like `https://shop.example`. The first is where WeChat sends visitors back whose
	// request came to an origin that is not listed. Required.
	Origin []string `json:"origin,omitempty"`

	// What WeChat is asked for: `base` is the openid, and passes silently; `userinfo` is the unionid, too, and the visitor has to
	// agree. Default: base.
	Scope string `json:"scope,omitempty"`

	// What the action's own paths begin with, as browsers see it. Default: /wechat/oauth.
	Path string `json:"path,omitempty"`

	// The name of the session's cookie. While visitors are at WeChat's page there are cookies of that name with `_` and 16 hex digits behind
	// it, 16 of them at most; below `path`, or with `require` on the whole site. Default: wechat_session.
	Cookie string `json:"cookie,omitempty"`

	// How long a session lives, counted from its login. Default: 2h.
	Life caddy.Duration `json:"life,omitempty"`

	// Request header fields to set, each to `openid` or `unionid`. Without a session, or a unionid, the field is absent. Field
	// names may not hold `_` or `.` (Caddy drops such fields), nor belong to HTTP itself, like Host or Content-Length. Default:
	// none.
	Header map[string]string `json:"header,omitempty"`

	// Whether a session is required: without one, a GET that accepts HTML is sent to WeChat's page and comes back to the same
	// address, and all else is answered with status 401 and reason `login_required`. Default: false.
	Require bool `json:"require,omitempty"`

	origins  []string
	scope    oauth.Scope
	path     string
	cookie   string
	attempts attempts
	life     time.Duration
	fields   []headers.Field
}

// visitorIDs are what a header may carry. A field's need is an index in it.
var visitorIDs = []string{"openid", "unionid"}

// CaddyModule returns the Caddy module information.
func (OAuth) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".oauth", New: func() caddy.Module { return new(OAuth) }}
}

// Needs implements Action. A code is asked about with the account's own secret.
func (o *OAuth) Needs() []credential.Kind { return nil }

// CheckAccount implements Choosing.
func (o *OAuth) CheckAccount(account *plugin.Account) error { return account.CheckOAuth() }

// ServeAction implements Action.
func (o *OAuth) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	if own := o.own(r); own != nil {
		if refused := checkMethod(w, r); refused != nil || r.Method == http.MethodOptions {
			return refused
		}
		return own(w, r, account)
	}
	return o.pass(w, r, next, account)
}

// pass tells what follows who the visitor is. It changes r itself, not a copy, as inject does and for the same reason.
func (o *OAuth) pass(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error {
	if len(o.fields) > 0 {
		headers.RemoveForged(r, o.fields)
	}
	visitor, known := o.session(r, account)
	if !known && o.Require {
		if r.Method == http.MethodGet && visit.AcceptsHTML(r) {
			return o.send(w, r, account, o.pageOf(r), false)
		}
		return problem.Newf(http.StatusUnauthorized, problem.ReasonLoginRequired, "this takes a visitor who has logged in by WeChat")
	}
	ids := [...]string{visitor.OpenID, visitor.UnionID}
	repl := words.Replacer(r)
	for i, id := range ids {
		key := words.PlaceholderPrefix + visitorIDs[i]
		if _, set := repl.Get(key); id != "" || !set { // a login before it may have set the unionid
			repl.Set(key, id)
		}
	}
	if !known {
		return next.ServeHTTP(w, r)
	}
	for _, f := range o.fields {
		if id := ids[f.Need]; id != "" {
			r.Header[f.Name] = []string{id}
		}
	}
	// deferred, because a proxy that loses its backend in mid-answer panics
	defer func() {
		for _, f := range o.fields {
			delete(r.Header, f.Name)
		}
	}()
	return nostore.Serve(w, func(w http.ResponseWriter) error { return next.ServeHTTP(w, r) })
}

// Interface guards
var _ action.Choosing = (*OAuth)(nil)
