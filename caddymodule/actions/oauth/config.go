package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/headers"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/redact"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// What an OAuth is when nothing is said.
const (
	defaultPath   = "/wechat/oauth"
	defaultCookie = "wechat_session"
	defaultLife   = 2 * time.Hour
)

// maxLife is that of a cookie in browsers.
const maxLife = 400 * 24 * time.Hour

var errNoOrigin = errors.New("no origin is listed")

// scopes are what WeChat is asked for, as they are called here.
var scopes = map[string]oauth.Scope{"": oauth.Base, "base": oauth.Base, "userinfo": oauth.UserInfo}

// Provision checks the configuration and compiles it.
func (o *OAuth) Provision(caddy.Context) error {
	if len(o.Origin) == 0 {
		return errNoOrigin
	}
	for _, raw := range o.Origin {
		origin, err := words.Expand(raw)
		if err != nil {
			return fmt.Errorf("origin: %w", err)
		}
		if origin, err = field.ParseOrigin(origin); err != nil {
			return err
		}
		if slices.Contains(o.origins, origin) {
			return fmt.Errorf("origin %s is listed twice", origin)
		}
		o.origins = append(o.origins, origin)
	}
	var known bool
	if o.scope, known = scopes[o.Scope]; !known {
		return fmt.Errorf("scope is base or userinfo, not '%s'", o.Scope)
	}
	o.path, o.cookie, o.life = cmp.Or(o.Path, defaultPath), cmp.Or(o.Cookie, defaultCookie), time.Duration(o.Life)
	if o.life == 0 {
		o.life = defaultLife
	}
	for _, err := range []error{visit.CheckPath(o.path, defaultPath), checkCookie(o.cookie), checkLife(o.life)} {
		if err != nil {
			return err
		}
	}
	o.attempts = attemptsOf(o.cookie, o.path, o.Require)
	redact.AddHeader(o.cookie)
	redact.AddParam(o.cookie)
	for _, name := range slices.Sorted(maps.Keys(o.Header)) {
		need, err := checkHeader(name, o.Header[name])
		if err != nil {
			return err
		}
		f := headers.Field{Name: http.CanonicalHeaderKey(name), Need: need}
		if slices.ContainsFunc(o.fields, func(g headers.Field) bool { return g.Name == f.Name }) {
			return fmt.Errorf("header %s is configured twice", f.Name)
		}
		o.fields = append(o.fields, f)
		redact.AddHeader(f.Name)
	}
	return nil
}

func checkCookie(name string) error {
	if !field.IsToken(name) || len(name) > 64 {
		return fmt.Errorf("cookie '%s' is no name of a cookie", name)
	}
	return nil
}

func checkLife(life time.Duration) error {
	if life < time.Second || life > maxLife {
		return errors.New("the life of a session is 1s to 400d, which is what browsers keep")
	}
	return nil
}

// ownFields are those that the action reads.
var ownFields = []string{"Accept", "Cookie", "X-Forwarded-Host", "X-Forwarded-Proto"}

// checkHeader gives the index of what a header is to carry.
func checkHeader(name, id string) (need int, err error) {
	if err := headers.CheckName(name); err != nil {
		return 0, err
	}
	if slices.Contains(ownFields, http.CanonicalHeaderKey(name)) {
		return 0, fmt.Errorf("header %s: the action reads this field itself, and what clients send under it would be removed first", name)
	}
	if need = slices.Index(visitorIDs, id); need < 0 {
		return 0, fmt.Errorf("header %s: it is openid or unionid, not '%s'", name, id)
	}
	return need, nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	oauth {
//		origin  <origin...>
//		scope   base|userinfo
//		path    <path>
//		cookie  <name> [<life>]
//		header  <field> openid|unionid
//		require
//	}
func (o *OAuth) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"origin": func() error { return words.Origins(d, &o.Origin) },
		"scope":  func() error { return words.OneOf(d, &o.Scope, "base", "userinfo") },
		"path": func() error {
			if err := words.OneValue(d, &o.Path); err != nil {
				return err
			}
			return words.Located(d, visit.CheckPath(o.Path, defaultPath))
		},
		"cookie":  func() error { return o.unmarshalCookie(d) },
		"header":  func() error { return o.unmarshalHeader(d) },
		"require": func() error { return words.Flag(d, &o.Require) },
	})
	if err != nil {
		return err
	}
	if len(o.Origin) == 0 {
		return d.WrapErr(errNoOrigin)
	}
	return nil
}

// unmarshalCookie reads `cookie <name> [<life>]`.
func (o *OAuth) unmarshalCookie(d *caddyfile.Dispenser) error {
	if o.Cookie != "" {
		return words.AlreadySpecified(d, d.Val())
	}
	args := d.RemainingArgs()
	if len(args) < 1 || len(args) > 2 {
		return d.ArgErr()
	}
	o.Cookie = args[0]
	if err := checkCookie(o.Cookie); err != nil {
		return d.WrapErr(err)
	}
	if len(args) < 2 {
		return nil
	}
	life, err := caddy.ParseDuration(args[1])
	if err != nil {
		return d.Errf("cookie: '%s' is no duration", args[1])
	}
	o.Life = caddy.Duration(life)
	return words.Located(d, checkLife(life))
}

// unmarshalHeader reads `header <field> openid|unionid`.
func (o *OAuth) unmarshalHeader(d *caddyfile.Dispenser) error {
	var name, id string
	if !d.AllArgs(&name, &id) {
		return d.ArgErr()
	}
	if _, err := checkHeader(name, id); err != nil {
		return d.WrapErr(err)
	}
	for other := range o.Header {
		if strings.EqualFold(other, name) {
			return d.Errf("header %s already specified", name)
		}
	}
	if o.Header == nil {
		o.Header = make(map[string]string)
	}
	o.Header[name] = id
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*OAuth)(nil)
	_ caddyfile.Unmarshaler = (*OAuth)(nil)
)
