package app

import (
	"fmt"
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

// Provision makes the accounts. It calls nobody: credentials are fetched from Start on, or when they are first asked for. Errors say where
// in a Caddyfile it stands what is wrong, if this process has read it.
func (a *App) Provision(ctx caddy.Context) error {
	if err := checkPlaceholders(ctx); err != nil {
		return err
	}
	return words.Placed(Name, a.provision(ctx))
}

func (a *App) provision(ctx caddy.Context) error {
	a.logger, a.audit = ctx.Slogger(), observe.NewAudit(ctx, "admin")
	a.needs = newNeeds()
	a.cards = new(cardsInUse)
	a.doubts = new(doubts)
	a.choosing = new(choosing)
	a.pooled = new(pooled)
	a.accounts = make(map[string]*plugin.Account, len(a.Accounts))
	a.programs = make(map[string]*plugin.Account)
	a.observers = make(map[string]*observe.Account, len(a.Accounts))

	cfg, key, err := a.clientConfig()
	if err != nil {
		return err
	}
	cfg.Connections = a.pooled.connect(key, cfg)
	client := wechat.New(cfg)
	key.proxy = "" // the environment's, for those who keep credentials in WeChat's place
	owners := wechat.Config{Timeout: cfg.Timeout, RootCAs: cfg.RootCAs}
	owners.Connections = a.pooled.connect(key, owners)
	a.baseURL = cfg.BaseURLs[0]
	openURL, err := a.openURL()
	if err != nil {
		return err
	}
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
			return words.Placed("account "+name, fmt.Errorf("account %q: %w", name, err))
		}
		if c.Token, c.Tickets, err = a.Accounts[name].openSources(name, owners); err != nil {
			return words.Placed("account "+name, fmt.Errorf("account %q: %w", name, err))
		}
		c.APIURL = cfg.BaseURLs[0]
		c.OpenURL = openURL
		c.Store = store
		c.Logger = accountLogger(a.logger, name)
		ready[name] = c
	}
	if err := a.checkAppIDs(names); err != nil {
		return err
	}
	programs, err := a.programConfigs(names, ready)
	if err != nil {
		return err
	}

	mod, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("getting events app: %w", err)
	}
	events := mod.(*caddyevents.App)
	emitter, audit := observe.NewEmitter(ctx, a, events), a.audit.As("gateway")
	open := func(name string, c plugin.AccountConfig, o *observe.Account) (*plugin.Account, error) {
		a.observers[name] = o
		c.Name = name
		c.Client = client.Observed(o.Called, observe.Tracer(c.AppID))
		c.Observe, c.Pushed = o.Happened, o.Pushed
		c.Process, c.Program = process, a.program
		account, err := plugin.NewAccount(c, a.pooled.state(c))
		if err != nil {
			return nil, words.Placed("account "+name, fmt.Errorf("account %q: %w", name, err))
		}
		if c.IsMiniProgram {
			a.programs[c.AppID] = account
		}
		return account, nil
	}
	a.byAppID = make(map[string]*plugin.Account, len(names))
	for _, name := range names {
		a.warn(name, store)
		if a.accounts[name], err = open(name, ready[name], observe.NewAccount(name, emitter, audit, a.Accounts[name].owners()...)); err != nil {
			return err
		}
		a.byAppID[a.accounts[name].AppID()] = a.accounts[name]
	}
	for _, c := range programs {
		if _, err := open(c.AppID, c, observe.NewAccount(c.AppID, emitter, audit)); err != nil {
			return err
		}
	}
	like := common{client: client, openURL: openURL, store: store, emitter: emitter, audit: audit}
	if err := a.openComponents(like); err != nil {
		return err
	}
	if err := a.openAccounts(like, owners); err != nil {
		return err
	}
	if err := observe.Metrics().Register(ctx.GetMetricsRegistry(),
		observe.NewExpiries(a.observed, a.needsOf, a.statusOf), observe.NewComponents(a.componentsNow, a.dataInUse)); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return events.On("started", started{a})
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
	if _, own := mod.(*stores.Caddy); !own && store != nil {
		a.backup = stores.Of(ctx.Storage())
	}
	return store, nil
}
