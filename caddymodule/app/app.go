// Package app is the Caddy app wechat_card: the accounts of a configuration, and where WeChat and the store are.
package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// App is a Caddy app that keeps the credentials of WeChat official accounts (公众号): access_token, card api_ticket and
// jsapi_ticket, one set for all handlers of all Caddys that share a store.
//
// Every string here may be or hold a placeholder that does not depend on a request, such as `{env.WECHAT_APP_SECRET}` or
// `{file./run/secrets/wechat_app_secret}`. Secrets should: Caddy shows its configuration as it was loaded.
type App struct {
	// The base URLs of WeChat's API, tried in this order.
	// Default: `["https://api.weixin.qq.com", "https://api2.weixin.qq.com"]`.
	API []string `json:"api,omitempty"`

	// How long one call to WeChat may take. Default: 5s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// The URL of the proxy for calls to WeChat (http, https or socks5), or `off`.
	// Default: what HTTPS_PROXY and NO_PROXY in the environment say.
	Proxy string `json:"proxy,omitempty"`

	// PEM files with certificates of authorities to trust beside the system's when calling WeChat or the proxy.
	CA []string `json:"ca,omitempty"`

	// Where credentials are shared and survive restarts. Default: `{"module": "caddy"}`, Caddy's own storage.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=wechat_card.stores inline_key=module"`

	// The official accounts by name. Handlers use the one named `default` unless told otherwise.
	Accounts map[string]*Account `json:"accounts,omitempty"`

	baseURL   string // the first of the API
	accounts  map[string]*plugin.Account
	clients   []*wechat.Client
	observers map[string]*observe.Account // by account name
	needs     *needs
	cards     *cardsInUse
	store     credential.Store // nil: nothing is shared
	pooled    *pooled
	logger    *slog.Logger
}

// The names that the plugin is known by.
const (
	Name           = "wechat_card"
	DefaultAccount = "default"
)

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: Name, New: func() caddy.Module { return new(App) }}
}

// Provision makes the accounts. It calls nobody: credentials are fetched from Start on, or when they are first asked for.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger = ctx.Slogger()
	a.needs = newNeeds()
	a.cards = new(cardsInUse)
	a.pooled = new(pooled)
	a.accounts = make(map[string]*plugin.Account, len(a.Accounts))
	a.observers = make(map[string]*observe.Account, len(a.Accounts))

	cfg, err := a.clientConfig()
	if err != nil {
		return err
	}
	a.baseURL = cfg.BaseURLs[0]
	store, err := a.loadStore(ctx)
	if err != nil {
		return err
	}
	a.store = store
	names := slices.Sorted(maps.Keys(a.Accounts))
	ready := make(map[string]plugin.AccountConfig, len(names))
	for _, name := range names {
		c, err := a.Accounts[name].provision(name)
		if err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
		if c.Token, c.Tickets, err = a.Accounts[name].openSources(name, cfg); err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
		a.needs.account(name, c.TokenSource == plugin.None, c.Tickets != nil)
		c.APIURL = cfg.BaseURLs[0]
		c.Store = store
		c.Logger = a.logger.With("account", name)
		ready[name] = c
	}
	if err := a.checkMiniPrograms(names); err != nil {
		return err
	}

	mod, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("getting events app: %w", err)
	}
	events := mod.(*caddyevents.App)
	emitter := observe.NewEmitter(ctx, a, events)
	for _, name := range names {
		a.warn(name, store)
		o := observe.NewAccount(name, emitter, a.Accounts[name].owners()...)
		a.observers[name] = o
		cfg.Observe = o.Called
		client := wechat.New(cfg)
		a.clients = append(a.clients, client)
		c := ready[name]
		c.Client, c.Observe, c.Pushed = client, o.Happened, o.Pushed
		key := plugin.SharedKey(c)
		state, _ := statePool.LoadOrStore(key, plugin.NewState(c))
		a.pooled.keys = append(a.pooled.keys, key)
		account, err := plugin.NewAccount(c, state.(*plugin.State))
		if err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
		a.accounts[name] = account
	}
	if err := observe.Metrics().Register(ctx.GetMetricsRegistry(), observe.NewExpiries(a.Names, a.Needs, a.statusOf)); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return events.On("started", started{a})
}

func (a *App) statusOf(account string, kind credential.Kind) credential.Status {
	return a.accounts[account].Status(kind)
}

// checkMiniPrograms refuses the id of a mini program in the place of an official account's: the commonest mistake there is,
// and one that WeChat answers with signature errors on phones only.
func (a *App) checkMiniPrograms(names []string) error {
	for _, name := range names {
		for _, mp := range a.Accounts[name].miniPrograms {
			for _, other := range names {
				if a.Accounts[other].appID == mp.AppID {
					return fmt.Errorf("account %q: its app_id is that of mini_program %s; it must be the official account's that created the cards",
						other, mp.AppID)
				}
			}
		}
	}
	return nil
}

// warn logs what is allowed but unwise about an account.
func (a *App) warn(name string, store credential.Store) {
	account := a.Accounts[name]
	if literal := account.LiteralSecrets(); len(literal) > 0 {
		a.logger.Warn(words.LiteralSecrets, "account", name, "secrets", literal)
	}
	if account.AppSecret == "" && store != nil {
		a.logger.Info("credentials are not shared and do not survive a restart: there is no app_secret to seal them with in the store",
			"account", name)
	}
	if account.TokenSource.Name() != plugin.Classic {
		return
	}
	_, isFiles := store.(stores.Files)
	if store == nil || isFiles {
		a.logger.Warn("token_source classic with a store that other machines do not share: each machine's access_token ends that of the others",
			"account", name)
	}
}

// loadStore finds where credentials are shared; nil when they are not.
func (a *App) loadStore(ctx caddy.Context) (credential.Store, error) {
	var mod any
	var err error
	if a.StoreRaw == nil {
		mod, err = ctx.LoadModuleByID(stores.Namespace+".caddy", nil)
	} else {
		mod, err = ctx.LoadModule(a, "StoreRaw")
	}
	if err != nil {
		return nil, fmt.Errorf("loading store: %w", err)
	}
	provider, ok := mod.(stores.Provider)
	if !ok {
		return nil, fmt.Errorf("loading store: %T is no store", mod)
	}
	store, err := provider.CredentialStore()
	if err != nil {
		return nil, fmt.Errorf("loading store: %w", err)
	}
	return store, nil
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)

	_ caddyevents.Handler = started{}
)
