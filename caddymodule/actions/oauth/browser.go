package oauth

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
)

// session finds out who a visitor is. There may be several cookies of one name, for other hosts of a domain can set some.
func (o *OAuth) session(r *http.Request, account *plugin.Account) (oauth.Visitor, bool) {
	for _, cookie := range r.CookiesNamed(o.cookie) {
		if visitor, ok := account.OpenSession(cookie.Value, o.life); ok {
			return visitor, true
		}
	}
	return oauth.Visitor{}, false
}

// pageOf is the address that a browser shows for a request: that of the original one, whatever it was rewritten to.
func (o *OAuth) pageOf(r *http.Request) string {
	u := visit.Page(r)
	for _, back := range []string{u.RequestURI(), u.EscapedPath()} { // the latter when the query is too long for a cookie
		if address, ok := oauth.ReturnTo(back, o.origins, o.path); ok {
			return address
		}
	}
	return "/"
}
