package platformauthorize

import (
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/visit"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/notify"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

var (
	errNoComponent = errors.New("component is missing")
	errNoReturn    = errors.New("return lists no origin")
)

// authTypes are what WeChat calls them.
var authTypes = map[string]thirdparty.AuthType{
	"": thirdparty.Both, "both": thirdparty.Both, "official": thirdparty.OfficialAccounts, "mini": thirdparty.MiniPrograms,
}

// Provision checks the configuration and compiles it.
func (p *PlatformAuthorize) Provision(ctx caddy.Context) error {
	p.logger = ctx.Logger()
	if err := p.compile(); err != nil {
		return err
	}
	loaded, err := ctx.AppIfConfigured(app.Name)
	if err != nil {
		return err
	}
	component := loaded.(*app.App).Component(p.Component)
	if component == nil {
		return fmt.Errorf("component %q is not configured in the global option wechat_card", p.Component)
	}
	return p.take(component.Component)
}

// compile checks what needs no component.
func (p *PlatformAuthorize) compile() error {
	if p.Component == "" {
		return errNoComponent
	}
	if len(p.Return) == 0 {
		return errNoReturn
	}
	for _, raw := range p.Return {
		origin, err := words.Expand(raw)
		if err != nil {
			return fmt.Errorf("return: %w", err)
		}
		if origin, err = field.ParseOrigin(origin); err != nil {
			return fmt.Errorf("return: %w", err)
		}
		if slices.Contains(p.origins, origin) {
			return fmt.Errorf("return %s is listed twice", origin)
		}
		p.origins = append(p.origins, origin)
	}
	if p.path = p.Path; p.path != "" {
		if err := visit.CheckPath(p.path, examplePath); err != nil {
			return err
		}
	}
	if _, ok := authTypes[p.AuthType]; !ok {
		return fmt.Errorf("auth_type is official, mini or both, not '%s'", p.AuthType)
	}
	return nil
}

// examplePath is what a path is like.
const examplePath = "/platform/authorize"

// take has the action serve a component.
func (p *PlatformAuthorize) take(component *thirdparty.Component) error {
	p.component = component
	if p.Notify == nil {
		return nil
	}
	address, err := words.Expand(p.Notify.URL)
	if err != nil {
		return fmt.Errorf("url of notify: %w", err)
	}
	if p.key, err = words.Expand(p.Notify.Key); err != nil {
		return fmt.Errorf("key of notify: %w", err)
	}
	if !words.IsDynamic(p.Notify.Key) {
		p.logger.Warn(words.LiteralSecrets, zap.Strings("secrets", []string{"key of notify"}))
	}
	if err := component.Notify(address, p.key, nil); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// UnmarshalCaddyfile sets up the action from Caddyfile tokens. Syntax:
//
//	platform_authorize {
//		component <name>
//		return    <origin...>
//		path      <path>
//		auth_type official|mini|both
//		notify    <url> <key>
//	}
func (p *PlatformAuthorize) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	err := words.Unmarshal(d, words.Subdirectives{
		"component": func() error { return words.OneValue(d, &p.Component) },
		"return":    func() error { return words.Origins(d, &p.Return) },
		"path": func() error {
			if err := words.OneValue(d, &p.Path); err != nil {
				return err
			}
			return words.Located(d, visit.CheckPath(p.Path, examplePath))
		},
		"auth_type": func() error { return words.OneOf(d, &p.AuthType, "official", "mini", "both") },
		"notify":    func() error { return p.unmarshalNotify(d) },
	})
	switch {
	case err != nil:
		return err
	case p.Component == "":
		return d.WrapErr(errNoComponent)
	case len(p.Return) == 0:
		return d.WrapErr(errNoReturn)
	}
	return nil
}

// unmarshalNotify reads `notify <url> <key>`. It quotes neither: the key is a secret, and the address may hold one.
func (p *PlatformAuthorize) unmarshalNotify(d *caddyfile.Dispenser) error {
	if p.Notify != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	p.Notify = new(Notify)
	args := d.RemainingArgs()
	if len(args) != 2 {
		return d.Err("notify wants the address and the key that notifications are signed with")
	}
	p.Notify.URL, p.Notify.Key = args[0], args[1]
	if !words.IsDynamic(p.Notify.URL) {
		if err := notify.CheckURL(p.Notify.URL); err != nil {
			return d.WrapErr(err)
		}
	}
	if words.IsDynamic(p.Notify.Key) {
		return nil
	}
	return words.Located(d, notify.CheckKey(p.Notify.Key))
}

// Interface guards
var _ caddyfile.Unmarshaler = (*PlatformAuthorize)(nil)
