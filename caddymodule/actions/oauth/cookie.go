package oauth

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// setCookie has the browser keep a text; less than 0: forget it.
func setCookie(w http.ResponseWriter, r *http.Request, name, value, path string, life time.Duration) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the browser speaks https
		Name: name, Value: value, Path: path, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: schemeOf(r) == "https",
	})
}

// schemeOf is what the browser speaks: of what a proxy in front says, only of one in trusted_proxies.
func schemeOf(r *http.Request) string {
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
