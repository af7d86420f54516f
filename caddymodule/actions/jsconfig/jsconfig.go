// Package jsconfig is the action js_config: the parameters of wx.config, signed for the pages of some origins.
package jsconfig

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/answer"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/request"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// JSConfig answers with the parameters of the JS-SDK's `wx.config`, signed, for an H5 page:
// `{"appId":"…","timestamp":1700000000,"nonceStr":"…","signature":"…","jsApiList":[…]}`.
//
// A request has `url`: the page's address as `location.href` has it, in the query of a GET (encoded once, by
// encodeURIComponent), or in a JSON object or a form of a POST. What follows `#` does not matter; everything else is signed as
// it came. An address that holds `&timestamp=`, digits and `&url=` is refused, for its signature would be good for the page behind
// them, too; and so is one that was not encoded and lost what WeChat had put behind it, such as `from`.
type JSConfig struct {
	// The origins whose pages are signed for, such as `https://shop.example`: a gateway that signs for any page lets anybody's
	// page act as the account's. May hold placeholders that do not depend on a request.
	Origin []string `json:"origin,omitempty"`

	// The names in jsApiList: what the pages may call. Default: none.
	API []string `json:"api,omitempty"`

	origins []string
	shape   request.Shape
}

// CaddyModule returns the Caddy module information.
func (JSConfig) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: action.Namespace + ".js_config", New: func() caddy.Module { return new(JSConfig) }}
}

// Provision compiles the configuration.
func (j *JSConfig) Provision(caddy.Context) error {
	if len(j.Origin) == 0 {
		return errNoOrigin
	}
	for _, raw := range j.Origin {
		origin, err := words.Expand(raw)
		if err != nil {
			return fmt.Errorf("origin: %w", err)
		}
		if origin, err = field.ParseOrigin(origin); err != nil {
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
	j.shape = request.Shape{Fields: field.SetOf(field.PageURL)}
	return nil
}

// Needs implements Action.
func (j *JSConfig) Needs() []credential.Kind { return []credential.Kind{credential.JSAPITicket} }

// Methods implements Answering.
func (j *JSConfig) Methods() []string { return answer.Methods }

// PassesNothingOn implements Last.
func (j *JSConfig) PassesNothingOn() {}

// ServeAction implements Action.
func (j *JSConfig) ServeAction(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler, account *plugin.Account) error {
	pairs, err := pairsOf(r)
	if err != nil {
		return err
	}
	s := answer.GetScratch()
	defer s.Free()
	q := &s.Request
	if err := q.Read(r, &j.shape); err != nil {
		return err
	}
	if q.Shared[field.PageURL].Absent() {
		return problem.Invalid("url is missing")
	}
	page, err := q.Shared[field.PageURL].Check(field.PageURL)
	if err != nil {
		return err
	}
	if wasCut(pairs) {
		return problem.Invalid("url was cut at its first &: encode it once, with encodeURIComponent")
	}
	if origin, _ := field.OriginOf(page); !slices.Contains(j.origins, origin) {
		return problem.Newf(http.StatusForbidden, problem.ReasonOriginNotAllowed, "pages of this origin are not signed for here")
	}
	body, err := account.JSConfig(r.Context(), s.Body, page, j.API)
	if err != nil {
		return err
	}
	s.Body = body
	answer.JSON(w, r, body)
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	js_config {
//		origin <origin...>
//		api    <name...>
//	}
func (j *JSConfig) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"origin": func() error { return words.Origins(d, &j.Origin) },
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

// unmarshalAPI reads `api <name...>`, which may be repeated.
func (j *JSConfig) unmarshalAPI(d *caddyfile.Dispenser) error {
	names := d.RemainingArgs()
	if len(names) == 0 {
		return d.ArgErr()
	}
	j.API = append(j.API, names...)
	return words.Located(d, checkAPIs(j.API))
}

// Interface guards
var (
	_ caddy.Provisioner     = (*JSConfig)(nil)
	_ action.Answering      = (*JSConfig)(nil)
	_ action.Last           = (*JSConfig)(nil)
	_ caddyfile.Unmarshaler = (*JSConfig)(nil)
)
