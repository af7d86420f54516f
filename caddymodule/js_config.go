package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// JSConfig answers with the parameters of the JS-SDK's `wx.config`, signed, for an H5 page:
// `{"appId":"…","timestamp":1700000000,"nonceStr":"…","signature":"…","jsApiList":[…]}`.
//
// A request has `url`: the page's address as `location.href` has it, in the query of a GET (encoded once, by
// encodeURIComponent), or in a JSON object or a form of a POST. What follows `#` does not matter; everything else is signed as
// it came.
type JSConfig struct {
	// The origins whose pages are signed for, such as `https://shop.example`: a gateway that signs for any page lets anybody's
	// page act as the account's. May hold placeholders that do not depend on a request.
	Origin []string `json:"origin,omitempty"`

	// The names in jsApiList: what the pages may call. Default: none.
	API []string `json:"api,omitempty"`

	origins []string
	shape   shape
}

// CaddyModule returns the Caddy module information.
func (JSConfig) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: actionNamespace + ".js_config", New: func() caddy.Module { return new(JSConfig) }}
}

// Provision compiles the configuration.
func (j *JSConfig) Provision(caddy.Context) error {
	if len(j.Origin) == 0 {
		return errNoOrigin
	}
	for _, raw := range j.Origin {
		origin, err := expand(raw)
		if err != nil {
			return fmt.Errorf("origin: %w", err)
		}
		if origin, err = parseOrigin(origin); err != nil {
			return err
		}
		if slices.Contains(j.origins, origin) {
			return fmt.Errorf("origin %s is listed twice", origin)
		}
		j.origins = append(j.origins, origin)
	}
	if err := checkAPIs(j.API); err != nil {
		return err
	}
	j.shape = shape{fields: fieldsOf(pageURL)}
	return nil
}

var errNoOrigin = errors.New("no origin is listed")

// parseOrigin gives an origin the form that it has in a browser's location.origin.
func parseOrigin(raw string) (string, error) {
	refuse := func(why string) (string, error) { return "", fmt.Errorf("origin '%s' %s", raw, why) }
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return refuse("is not like https://shop.example")
	}
	if u.User != nil || u.Path != "" || strings.ContainsAny(raw, "?#") {
		return refuse("has more than scheme, host and port")
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() && addr.Zone() == "" {
		host = "[" + addr.String() + "]"
	} else if host == "" || !all(host, func(c byte) bool { return isWordByte(c) || c == '.' }) {
		return refuse("has a host that no browser shows: it takes a whole name, in ASCII (punycode)")
	}
	origin := u.Scheme + "://" + host
	if port == "" {
		return origin, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || n == 0:
		return refuse("has no port that exists")
	case u.Scheme == "http" && n == 80, u.Scheme == "https" && n == 443:
		return origin, nil
	}
	return origin + ":" + strconv.FormatUint(n, 10), nil
}

// checkAPIs refuses what is not the name of a JS interface.
func checkAPIs(names []string) error {
	for i, name := range names {
		if name == "" || !all(name, func(c byte) bool { return isWordByte(c) || c == '.' || c == ':' }) {
			return fmt.Errorf("api: '%s' is not the name of a JS interface", name)
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("api %s is listed twice", name)
		}
	}
	return nil
}

// Needs implements Action.
func (j *JSConfig) Needs() []credential.Kind { return []credential.Kind{credential.JSAPITicket} }

// Methods implements Answering.
func (j *JSConfig) Methods() []string { return answeringMethods }

// ServeAction implements Action.
func (j *JSConfig) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	s := getScratch()
	defer s.free()
	q := &s.request
	if err := q.read(r, &j.shape); err != nil {
		return err
	}
	if q.shared[pageURL].absent() {
		return invalid("url is missing")
	}
	page, err := q.shared[pageURL].check(pageURL)
	if err != nil {
		return err
	}
	if origin, _ := originOf(page); !slices.Contains(j.origins, origin) {
		return problemf(http.StatusForbidden, reasonOriginNotAllowed, "pages of this origin are not signed for here")
	}
	body, err := account.JSConfig(r.Context(), s.answer, page, j.API)
	if err != nil {
		return err
	}
	s.answer = body
	answerJSON(w, r, body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	js_config {
//		origin <origin...>
//		api    <name...>
//	}
func (j *JSConfig) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := unmarshalSegment(d, subdirectives{
		"origin": func() error { return j.unmarshalOrigin(d) },
		"api":    func() error { return j.unmarshalAPI(d) },
	})
	if err != nil {
		return err
	}
	if len(j.Origin) == 0 {
		return d.WrapErr(errNoOrigin)
	}
	return nil
}

// unmarshalOrigin reads `origin <origin...>`, which may be repeated.
func (j *JSConfig) unmarshalOrigin(d *caddyfile.Dispenser) error {
	origins := d.RemainingArgs()
	if len(origins) == 0 {
		return d.ArgErr()
	}
	for _, origin := range origins {
		// placeholders can only be judged when their values are there
		if _, err := parseOrigin(origin); err != nil && !isDynamic(origin) {
			return d.WrapErr(err)
		}
	}
	j.Origin = append(j.Origin, origins...)
	return nil
}

// unmarshalAPI reads `api <name...>`, which may be repeated.
func (j *JSConfig) unmarshalAPI(d *caddyfile.Dispenser) error {
	names := d.RemainingArgs()
	if len(names) == 0 {
		return d.ArgErr()
	}
	j.API = append(j.API, names...)
	return located(d, checkAPIs(j.API))
}

// Interface guards
var (
	_ caddy.Provisioner     = (*JSConfig)(nil)
	_ Answering             = (*JSConfig)(nil)
	_ caddyfile.Unmarshaler = (*JSConfig)(nil)
)
