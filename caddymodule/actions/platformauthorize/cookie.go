package platformauthorize

import (
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
)

// While a merchant is at WeChat's page, the browser keeps the nonce of the address to come back to, sealed, in a cookie. Each attempt
// has one of its own, so that several windows may be on their way.

const (
	cookiePrefix = "wechat_authorize_"
	hostPrefix   = "__Host-" // no other host of the domain can set such a cookie
	maxAttempts  = 4
)

// prefix is what the cookies' names begin with, and their path.
func (p *PlatformAuthorize) prefix(r *http.Request) (name, path string) {
	if visit.Scheme(r) == "https" {
		return hostPrefix + cookiePrefix, "/"
	}
	return cookiePrefix, "/"
}

// keep has the browser keep an attempt, and forget the oldest of too many.
func (p *PlatformAuthorize) keep(w http.ResponseWriter, r *http.Request, attempt thirdparty.Attempt) {
	prefix, path := p.prefix(r)
	var others []string
	for _, cookie := range r.Cookies() {
		if strings.HasPrefix(cookie.Name, prefix) {
			others = append(others, cookie.Name) // browsers send the oldest first
		}
	}
	for i := 0; i <= len(others)-maxAttempts; i++ {
		visit.SetCookie(w, r, others[i], "", path, -1)
	}
	visit.SetCookie(w, r, prefix+slot(attempt.Nonce), p.component.SealAttempt(attempt), path, thirdparty.AttemptLife)
}

// attempt finds the attempt of a nonce.
func (p *PlatformAuthorize) attempt(r *http.Request, nonce string) (thirdparty.Attempt, bool) {
	prefix, _ := p.prefix(r)
	for _, cookie := range r.CookiesNamed(prefix + slot(nonce)) {
		if attempt, ok := p.component.OpenAttempt(cookie.Value); ok && attempt.Nonce == nonce {
			return attempt, true
		}
	}
	return thirdparty.Attempt{}, false
}

// slot is what a cookie's name has of a nonce.
func slot(nonce string) string { return nonce[:min(len(nonce), 8)] }
