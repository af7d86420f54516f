// Package visit is what actions that people open in a browser have in common: where they are, as the browser shows it, what they come with,
// and how they are sent on.
package visit

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/queries"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Scheme is what the browser speaks: of what a proxy in front says, only of one in trusted_proxies.
func Scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if strings.EqualFold(strings.TrimSpace(proto), "https") && isOfTrustedProxy(r) {
		return "https"
	}
	return "http"
}

func isOfTrustedProxy(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// Origin is the origin that a visitor is to be sent back to: the request's, when it is listed, else the first of those listed.
func Origin(r *http.Request, listed []string) string {
	host := r.Host
	if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" && isOfTrustedProxy(r) {
		host, _, _ = strings.Cut(forwarded, ",")
	}
	origin, err := field.ParseOrigin(Scheme(r) + "://" + strings.TrimSpace(host))
	if err == nil && slices.Contains(listed, origin) {
		return origin
	}
	return listed[0]
}

// Page is the address that a browser shows for a request: that of the original one, whatever it was rewritten to.
func Page(r *http.Request) *url.URL {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		return original.URL
	}
	return r.URL
}

// SetCookie has the browser keep a text; less than 0: forget it.
func SetCookie(w http.ResponseWriter, r *http.Request, name, value, path string, life time.Duration) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the browser speaks https
		Name: name, Value: value, Path: path, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: Scheme(r) == "https",
	})
}

// Param finds a parameter of the query.
func Param(r *http.Request, name string) (p field.Text) {
	found := false
	for key, value := range queries.Pairs(r.URL.RawQuery) {
		if key != name {
			continue
		}
		if found {
			p.Fault = field.FaultTwice
		} else if s, ok := queries.Unescape(value); ok {
			p.S = s
		} else {
			p.Fault = field.FaultEscape
		}
		found = true
	}
	if p.Fault == "" {
		p.Fault = field.FaultOf(p.S)
	}
	return p
}

// AcceptsHTML tells a browser that opens a page from what a page loads.
func AcceptsHTML(r *http.Request) bool {
	for _, value := range r.Header["Accept"] {
		for part := range strings.SplitSeq(value, ",") {
			mediaType, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(mediaType)) {
			case "text/html", "application/xhtml+xml":
				if !isNever(params) {
					return true
				}
			}
		}
	}
	return false
}

// isNever tells whether the parameters of a media type say that it is not accepted.
func isNever(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, q, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return strings.Trim(q, " \t0.") == "" && strings.TrimSpace(q) != ""
		}
	}
	return false
}

// NoStore keeps an answer out of caches.
func NoStore(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }

// Redirect sends a visitor on.
func Redirect(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

// CheckPath accepts what an address can hold as it is; like is an example of it.
func CheckPath(p, like string) error {
	plain := func(c byte) bool { return field.IsWord(c) || strings.IndexByte("/.~", c) >= 0 }
	if len(p) < 2 || p[0] != '/' || path.Clean(p) != p || !field.All(p, plain) {
		return fmt.Errorf("path '%s' is not like %s: letters, digits, - . _ ~ and single slashes, none at the end", p, like)
	}
	return nil
}
