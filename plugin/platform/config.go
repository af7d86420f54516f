package platform

import (
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// Config is what a Platform needs to know.
type Config struct {
	Name      string           // in the configuration, for logs
	AppID     string           // of the component
	AppSecret string           // of the component
	SealKeys  []string         // what records are sealed with: the first seals, each opens, and so does the AppSecret; none: the AppSecret seals
	Store     credential.Store // where records lie, and credentials; nil: in this process alone
	Copy      credential.Store // where records lie as well; nil: nowhere else
	APIURL    string           // first base URL of the API
	Client    *wechat.Client   // required
	Process   *credential.Process
	Logger    *slog.Logger           // nil: silent
	Now       func() time.Time       // nil: time.Now
	Observe   func(credential.Event) // told of each renewal and failure of the component_access_token; nil: nobody is
	Changed   func(Change)           // told of each change that this process makes to an authorisation; it must not block; nil: nobody is
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Changed == nil {
		c.Changed = func(Change) {}
	}
	return c
}

// id names the component's credentials.
func (c Config) id() credential.ID { return (&Platform{cfg: c}).coreConfig().ID() }

// coreConfig is of what keeps the component_access_token.
func (p *Platform) coreConfig() account.Config {
	core := account.Config{
		AppID: p.cfg.AppID, AppSecret: p.cfg.AppSecret, Token: &componentTokens{p}, APIURL: p.cfg.APIURL, Client: p.cfg.Client,
		Store: p.cfg.Store, Logger: p.cfg.Logger, Now: p.cfg.Now, Observe: p.cfg.Observe,
	}
	if p.clock != nil {
		core.Offset, core.LearnClock = p.clock.Offset, p.clock.Learn
	}
	return core
}

// The calls that visitors of the authorise page cause, a minute.
const visitsAMinute = 600

// lookLife is for how long what was read of an authorisation is believed.
const lookLife = 250 * time.Millisecond

// The bounds of what is remembered.
const (
	maxLooked   = 20_000
	maxOutcomes = 8192
)

// State is what outlives a configuration of a Platform. The host keeps one for each SharedKey for as long as any configuration uses
// it.
type State struct {
	vault       *vault.Memory
	credentials *credential.Keepers
	clock       clock.State
	address     address.Address // as WeChat sees it in calls for accounts
	preAuth     limit.Bucket
	exchanges   limit.Bucket

	looked    *recent.Cache[string, looked]  // by app id
	outcomes  *recent.Cache[string, outcome] // by a hash of the code
	flights   singleflight.Group
	described *recent.Cache[string, time.Time] // when an account was last asked about in vain

	mu      sync.Mutex
	alive   map[string]bool // by app id
	ticket  ticketState
	seeking seeking
	replays map[string]retry // by the name of an event
}

// NewState makes the State of a configuration.
func NewState(cfg Config) *State {
	process := cfg.Process
	if process == nil {
		process = new(credential.Process)
	}
	s := &State{
		vault: vault.NewMemory(), credentials: process.NewKeepers(cfg.id()),
		looked: recent.New[string, looked](maxLooked), outcomes: recent.New[string, outcome](maxOutcomes),
		described: recent.New[string, time.Time](maxOutcomes), alive: make(map[string]bool), replays: make(map[string]retry),
	}
	s.ticket.came = make(chan struct{})
	s.preAuth.Set(wechat.APIPreAuthCode, visitsAMinute)
	s.exchanges.Set(wechat.APIQueryAuth, visitsAMinute)
	return s
}

// SharedKey names the State that configurations share. It holds no secret.
func SharedKey(cfg Config) string { return cfg.id().Hash() }

// count notes whether an account has an authorisation.
func (s *State) count(appID string, alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if alive {
		s.alive[appID] = true
	} else {
		delete(s.alive, appID)
	}
}

func (s *State) counted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.alive)
}
