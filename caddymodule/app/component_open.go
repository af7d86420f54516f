package app

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"

	"github.com/caddyserver/caddy/v2"
)

// platformPool holds, by thirdparty.SharedKey, what outlives a configuration of a component.
var platformPool = caddy.NewUsagePool()

// lastingPlatform is a thirdparty.State in a pool.
type lastingPlatform struct{ *thirdparty.State }

// Destruct implements caddy.Destructor.
func (lastingPlatform) Destruct() error { return nil }

// platform gives what outlives the configuration of a component.
func (p *pooled) platform(cfg thirdparty.Config) *thirdparty.State {
	key := thirdparty.SharedKey(cfg)
	state, _, _ := platformPool.LoadOrNew(key, func() (caddy.Destructor, error) { return lastingPlatform{thirdparty.NewState(cfg)}, nil })
	p.platforms = append(p.platforms, key)
	return state.(lastingPlatform).State
}

// componentLabel is what logs, metrics and events call a component: no account's name has a blank.
func componentLabel(name string) string { return "component " + name }

// openComponents makes the platforms of the configured components. like has what they have in common with accounts.
func (a *App) openComponents(like common) error {
	a.components = make(map[string]*Component, len(a.Components))
	known := make(map[string]string) // app ids, and whose they are
	for name, account := range a.accounts {
		known[account.AppID()] = fmt.Sprintf("account '%s'", name)
	}
	for appID := range a.programs {
		known[appID] = "a mini_program"
	}
	for _, name := range slices.Sorted(maps.Keys(a.Components)) {
		placed := func(err error) error {
			return words.Placed("component "+name, fmt.Errorf("component %q: %w", name, err))
		}
		settings := a.Components[name]
		cfg, err := settings.provision(name)
		if err != nil {
			return placed(err)
		}
		if whose := known[cfg.AppID]; whose != "" {
			return placed(fmt.Errorf("its app_id, %s, is that of %s; a component has one of its own", cfg.AppID, whose))
		}
		known[cfg.AppID] = fmt.Sprintf("component '%s'", name)
		a.warnOfComponent(name, settings, like.store)

		o := observe.NewAccount(componentLabel(name), like.emitter, like.audit)
		cfg.Store, cfg.Copy = like.store, a.backup
		cfg.APIURL = a.baseURL
		cfg.Client = like.client.Observed(o.Called, observe.Tracer(cfg.AppID))
		cfg.Process = process
		cfg.Logger = accountLogger(a.logger, componentLabel(name))
		cfg.Observe, cfg.Pushed = o.Happened, o.Pushed
		if a.Open != "" {
			cfg.OpenURL = like.openURL
		}
		cfg.Changed = func(c platform.Change) { a.changed(name, c) }
		c, err := thirdparty.New(cfg, a.pooled.platform(cfg))
		if err != nil {
			return placed(err)
		}
		seal := cfg.AppSecret
		if len(cfg.SealKeys) > 0 {
			seal = cfg.SealKeys[0]
		}
		a.components[name] = &Component{Component: c, seal: seal, observer: o}
	}
	return nil
}

// warnOfComponent logs what is allowed but unwise about a component.
func (a *App) warnOfComponent(name string, c *ComponentSettings, store credential.Store) {
	if literal := c.LiteralSecrets(); len(literal) > 0 {
		a.logger.Warn(words.LiteralSecrets, "component", name, "secrets", literal)
	}
	if len(c.SealKey) == 0 {
		a.logger.Warn("the component has no seal_key: what merchants authorised is sealed with a key that comes from app_secret, and is lost when that is replaced",
			"component", name)
	}
	if store == nil {
		a.logger.Warn("store off: the refresh tokens of merchants are in this process alone, and are asked for again after a restart", "component", name)
	}
}

// serve has an account that authorised the component act through it.
func (c *Component) serve(cfg *plugin.AccountConfig) {
	cfg.Token, cfg.SealSecret = c.Source(cfg.AppID), c.sealSecret(cfg.AppID)
	cfg.Component = &plugin.Component{AppID: c.AppID(), Call: c.Call}
}

// sealSecret is what the store's records of an account are sealed with that has no app_secret, because it authorised the component.
func (c *Component) sealSecret(appID string) string {
	key, err := hkdf.Key(sha256.New, []byte(c.seal), nil, "wechat_card account of a component "+appID, 32)
	if err != nil {
		panic(err) // of sizes, which are fixed
	}
	return hex.EncodeToString(key)
}
