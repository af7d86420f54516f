package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

	"github.com/caddyserver/caddy/v2"
)

// dataAccount is one account as some data say.
type dataAccount struct {
	version  string
	platform string                     // the component that it authorised; empty: none
	names    []string                   // that a route may have for it: its app id, its alias
	account  *plugin.Account            // nil: the data will not do
	err      error                      // why
	programs map[string]*plugin.Account // its mini programs by app id, but itself
	first    string                     // the first of its mini programs
	keys     []string                   // what it holds of statePool
	used     *atomic.Int64              // when last, in Unix seconds
}

// as gives the same account for data that it is not of.
func (one *dataAccount) as(version string) *dataAccount {
	other := *one
	other.version = version
	return &other
}

// plan is the configuration of an account and of its mini programs, but itself.
type plan struct {
	account  plugin.AccountConfig
	programs []plugin.AccountConfig
	first    string // the app id of the first mini program
	err      error  // why no account can be made of the data
}

// plan makes the configurations for an entry. It may take a moment.
func (d *data) plan(e directory.Entry) (p plan) {
	if p.account, p.err = d.config(e); p.err != nil {
		return p
	}
	for i, mp := range p.account.MiniPrograms {
		if i == 0 {
			p.first = mp.AppID
		}
		if mp.AppID == e.AppID {
			continue
		}
		program := plugin.AccountConfig{
			AppID: mp.AppID, AppSecret: mp.AppSecret, IsMiniProgram: true, ForceRefresh: p.account.ForceRefresh,
			APIURL: p.account.APIURL, Store: p.account.Store, Callers: p.account.Callers,
		}
		if mp.AppSecret == "" { // it authorised the component, too
			d.app.components[e.Platform].serve(&program)
		}
		p.programs = append(p.programs, program)
	}
	return p
}

// open makes the account of an entry, and of its mini programs; d.mu is held.
func (d *data) open(e directory.Entry, p plan) *dataAccount {
	one := &dataAccount{
		version: versionOf(e), platform: e.Platform, names: []string{e.AppID}, used: new(atomic.Int64),
		programs: make(map[string]*plugin.Account), first: p.first,
	}
	if e.Alias != "" {
		one.names = append(one.names, e.Alias)
	}
	err := p.err
	if err == nil {
		one.account, err = d.openAccount(one, p.account)
	}
	for _, program := range p.programs {
		if err == nil {
			one.programs[program.AppID], err = d.openAccount(one, program)
		}
	}
	if err != nil {
		one.stop()
		one.release()
		one.account, one.err = nil, &directory.Broken{Name: e.AppID, Err: err}
		return one
	}
	d.app.choosing.show(one.names, one.account)
	return one
}

// openAccount makes an account, or a mini program of one.
func (d *data) openAccount(one *dataAccount, cfg plugin.AccountConfig) (*plugin.Account, error) {
	o := observe.NewDataAccount(cfg.AppID, d.emitter, d.audit)
	cfg.Name = cfg.AppID
	cfg.Client = d.client.Observed(o.Called, observe.Tracer(cfg.AppID))
	cfg.Observe, cfg.Pushed = o.Happened, o.Pushed
	cfg.Logger = accountLogger(d.logger, cfg.AppID)
	cfg.Process = process
	cfg.Program = func(appID string) *plugin.Account {
		if appID == one.names[0] {
			return one.account
		}
		return one.programs[appID]
	}
	return plugin.NewAccount(cfg, d.state(one, cfg))
}

// state gives what outlives the data of an account, and the configuration.
func (d *data) state(one *dataAccount, cfg plugin.AccountConfig) *plugin.State {
	if d.phase == released {
		return plugin.NewState(cfg) // a request of the configuration before
	}
	key := plugin.SharedKey(cfg)
	state, _, _ := statePool.LoadOrNew(key, func() (caddy.Destructor, error) { return lasting{plugin.NewState(cfg)}, nil })
	one.keys = append(one.keys, key)
	return state.(lasting).State
}

// config makes the configuration of an account.
func (d *data) config(e directory.Entry) (plugin.AccountConfig, error) {
	var data object.Data
	cfg := plugin.AccountConfig{APIURL: d.app.baseURL, OpenURL: d.openURL, Store: d.store}
	if err := json.Unmarshal(e.Object, &data); err != nil {
		return cfg, errors.New("they are no object that the source has read")
	}
	if data.AppID != e.AppID || checkAppID(e.AppID) != nil {
		return cfg, errors.New("app_id is another")
	}
	for name, component := range d.app.components {
		if component.AppID() == e.AppID {
			return cfg, fmt.Errorf("app_id is that of component %s", name)
		}
	}
	cfg.AppID, cfg.AppSecret = data.AppID, data.AppSecret
	cfg.TokenSource, cfg.ForceRefresh = plugin.TokenSource(data.TokenSource), data.ForceRefresh != "off"
	if limit := data.Limit; limit != nil {
		cfg.DecryptLimit, cfg.GeturlLimit, cfg.LoginLimit, cfg.ActivationLimit = limit.Decrypt, limit.Geturl, limit.Login, limit.Activation
	}
	if data.MessagePush != nil {
		cfg.MessagePush = push.Config{Token: data.MessagePush.Token, EncodingAESKey: data.MessagePush.EncodingAESKey}
	}
	key := clients.KeyOf(e.Key)
	cfg.Callers = &plugin.Callers{HasKey: key.Set, IsKey: key.Matches}
	for _, mp := range data.MiniPrograms {
		cfg.MiniPrograms = append(cfg.MiniPrograms, plugin.MiniProgram{AppID: mp.AppID, AppSecret: mp.AppSecret})
	}
	if e.Platform != "" {
		return d.configOfPlatform(e, cfg)
	}
	if !slices.Contains([]plugin.TokenSource{"", plugin.Stable, plugin.Classic}, cfg.TokenSource) {
		return cfg, fmt.Errorf("token_source is %s or %s: data have the gateway connect to nobody else", plugin.Stable, plugin.Classic)
	}
	if cfg.AppSecret == "" {
		return cfg, errors.New("app_secret is missing")
	}
	for _, mp := range cfg.MiniPrograms {
		if mp.AppID != cfg.AppID {
			continue
		}
		if mp.AppSecret != cfg.AppSecret {
			return cfg, errors.New("its app_id is that of a mini_program with another app_secret; they are one, and have one")
		}
		cfg.IsMiniProgram = true
	}
	return cfg, nil
}

// configOfPlatform goes on with the configuration of an account that authorised a component: its token is the component's to fetch, and
// its messages come by the component's.
func (d *data) configOfPlatform(e directory.Entry, cfg plugin.AccountConfig) (plugin.AccountConfig, error) {
	component := d.app.components[e.Platform]
	switch {
	case component == nil:
		return cfg, fmt.Errorf("component %q is not configured", e.Platform)
	case cfg.AppSecret != "" || cfg.TokenSource != "" || cfg.MessagePush.Token != "":
		return cfg, errors.New("an account that authorised a component has no app_secret, token_source and message_push of its own")
	}
	component.serve(&cfg)
	if cfg.IsMiniProgram = e.IsMiniProgram; e.IsMiniProgram {
		cfg.MiniPrograms = append([]plugin.MiniProgram{{AppID: e.AppID}}, cfg.MiniPrograms...)
	}
	return cfg, nil
}

// start makes it the current one and keeps warm what the configured actions need.
func (one *dataAccount) start(needs *needs) {
	if one.account == nil {
		return
	}
	one.account.Start(needs.ofData(one.names, one.account.IsMiniProgram())...)
	for appID, program := range one.programs {
		program.Start(needs.ofProgram(appID, appID == one.first)...)
	}
}

// stop ends what start began, and waits for it.
func (one *dataAccount) stop() {
	if one.account == nil {
		return
	}
	one.account.Stop()
	for _, program := range one.programs {
		if program != nil { // else it could not be made
			program.Stop()
		}
	}
}

// release gives back what it holds of the pool.
func (one *dataAccount) release() {
	for _, key := range one.keys {
		_, _ = statePool.Delete(key) // which fails for what is not there
	}
	one.keys = nil
}
