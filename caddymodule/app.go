package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

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
	observers map[string]*accountObserver // by account name
	needs     *needs
	cards     *cardsInUse
	store     credential.Store // nil: nothing is shared
	pooled    *pooled
	logger    *slog.Logger
}

// The names that the plugin is known by.
const (
	appName        = "wechat_card"
	defaultAccount = "default"
)

// statePool holds, by plugin.SharedKey, what outlives a configuration: no reload loses a credential or repeats a call.
var statePool = caddy.NewUsagePool()

// poolReferences tells by how many configurations each part of what outlives them is held.
func poolReferences() map[any]int {
	refs := make(map[any]int)
	statePool.Range(func(key, _ any) bool {
		refs[key] = 0
		return true
	})
	for key := range refs {
		refs[key], _ = statePool.References(key)
	}
	return refs
}

// pooled is what a configuration holds of statePool. It stands apart from the App, which is not written to any more once
// it is provisioned: events that are under way when it ends still look at it.
type pooled struct{ keys []string }

// release gives everything back, once.
func (p *pooled) release() (err error) {
	for _, key := range p.keys {
		_, deleteErr := statePool.Delete(key)
		err = errors.Join(err, deleteErr)
	}
	p.keys = nil
	return err
}

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: appName, New: func() caddy.Module { return new(App) }}
}

// Provision makes the accounts. It calls nobody: credentials are fetched from Start on, or when they are first asked for.
func (a *App) Provision(ctx caddy.Context) error {
	a.logger = ctx.Slogger()
	a.needs = newNeeds()
	a.cards = new(cardsInUse)
	a.pooled = new(pooled)
	a.accounts = make(map[string]*plugin.Account, len(a.Accounts))
	a.observers = make(map[string]*accountObserver, len(a.Accounts))

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
	emitter := newEmitter(ctx, a, events)
	for _, name := range names {
		a.warn(name, store)
		o := newAccountObserver(name, emitter, a.Accounts[name].owners()...)
		a.observers[name] = o
		cfg.Observe = o.called
		client := wechat.New(cfg)
		a.clients = append(a.clients, client)
		c := ready[name]
		c.Client, c.Observe, c.Pushed = client, o.happened, o.pushed
		key := plugin.SharedKey(c)
		state, _ := statePool.LoadOrStore(key, plugin.NewState(c))
		a.pooled.keys = append(a.pooled.keys, key)
		account, err := plugin.NewAccount(c, state.(*plugin.State))
		if err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
		a.accounts[name] = account
	}
	if err := metrics().register(ctx.GetMetricsRegistry(), newExpiries(a.Names, a.Needs, a.statusOf)); err != nil {
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
	if literal := account.literalSecrets(); len(literal) > 0 {
		a.logger.Warn(literalSecretsMessage, "account", name, "secrets", literal)
	}
	if account.AppSecret == "" && store != nil {
		a.logger.Info("credentials are not shared and do not survive a restart: there is no app_secret to seal them with in the store",
			"account", name)
	}
	if account.TokenSource.name() != plugin.Classic {
		return
	}
	_, isFiles := store.(fileStore)
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
		mod, err = ctx.LoadModuleByID(storeNamespace+".caddy", nil)
	} else {
		mod, err = ctx.LoadModule(a, "StoreRaw")
	}
	if err != nil {
		return nil, fmt.Errorf("loading store: %w", err)
	}
	provider, ok := mod.(StoreProvider)
	if !ok {
		return nil, fmt.Errorf("loading store: %T is no store", mod)
	}
	store, err := provider.CredentialStore()
	if err != nil {
		return nil, fmt.Errorf("loading store: %w", err)
	}
	return store, nil
}

// Start leaves it to started: other apps may not have started yet, and what the accounts call may be a site of this very
// Caddy, such as a sandbox.
func (a *App) Start() error { return nil }

// started handles Caddy's event of that name: it makes this configuration the current one of its accounts and warms, in the
// background, what the configured actions need. The field is not exported because Caddy logs handlers as JSON, at DEBUG.
type started struct{ app *App }

// Handle implements caddyevents.Handler.
func (s started) Handle(context.Context, caddy.Event) error {
	for _, name := range slices.Sorted(maps.Keys(s.app.accounts)) {
		s.app.accounts[name].Start(s.app.needs.of(name)...)
	}
	return nil
}

// Stop ends what Start began, and waits for it.
func (a *App) Stop() error {
	var wg sync.WaitGroup
	for _, account := range a.accounts {
		wg.Go(account.Stop)
	}
	wg.Wait()
	return nil
}

// Cleanup gives back what Provision acquired. Requests in flight may go on using the accounts.
func (a *App) Cleanup() error {
	err := a.Stop() // a configuration that is only validated, or fails to load, never gets the other one
	if a.pooled != nil {
		err = errors.Join(err, a.pooled.release())
	}
	for _, client := range a.clients {
		client.Close()
	}
	for _, account := range a.Accounts {
		if account != nil {
			account.closeSources()
		}
	}
	return err
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)

	_ caddyevents.Handler = started{}
)
