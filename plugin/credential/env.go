package credential

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// stopGrace is what a fetch under way gets when its configuration stops.
const stopGrace = 2 * time.Second

var storeWords = storeguard.Words{
	Fails: "credential store fails; serving from memory and sharing nothing",
	Works: "credential store works again",
}

var errStopped = errors.New("the configuration was stopped")

// EnvConfig is what one configuration gives the Keepers of its account.
type EnvConfig struct {
	// Fetch asks WeChat for a credential. force asks for a forced refresh of a stable access_token.
	Fetch func(ctx context.Context, kind Kind, force bool) (wechat.Grant, error)

	Store        Store                // nil: nothing is shared, nothing survives a restart
	Secret       string               // app secret: the key for what lies in the store is derived from it; empty: nothing is shared
	Classic      bool                 // access_tokens come from /cgi-bin/token: every one is new, and there are few a day
	ForceRefresh bool                 // whether forced refreshes may be spent on a token that WeChat refuses
	Offset       func() time.Duration // how far WeChat's clock is ahead of ours; nil: not at all
	Now          func() time.Time     // nil: time.Now

	// Sources names who gives the credentials of a kind, unless WeChat does. They are not ours to renew: nothing is forced.
	Sources map[Kind]Source

	// LearnClock asks WeChat for the time, so that Offset is known, unless it is. It is called before a value is taken
	// from a store that does not tell its age, and must return within seconds. nil: only calls that are made anyway tell.
	LearnClock func(context.Context)

	Logger  *slog.Logger // nil: silent
	Observe func(Event)  // told of each renewal and failure; it must not block; nil: nobody is
}

// Env is one configuration's side of the Keepers: how to fetch, where to share, where to log. Keepers outlive it.
type Env struct {
	EnvConfig
	share  *storeguard.Share // nil: nothing is shared
	sealer *sealer

	ctx     context.Context
	cancel  context.CancelFunc
	mu      sync.Mutex
	stopped bool
	flights sync.WaitGroup
}

// NewEnv makes an Env. It starts nothing and calls nobody. Stop must be called when its configuration ends.
func NewEnv(cfg EnvConfig) (*Env, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Offset == nil {
		cfg.Offset = func() time.Duration { return 0 }
	}
	if cfg.LearnClock == nil {
		cfg.LearnClock = func(context.Context) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Event) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	sealer, err := newSealer(cfg.Secret)
	if err != nil {
		return nil, err
	}
	e := &Env{EnvConfig: cfg, sealer: sealer}
	if cfg.Store != nil && cfg.Secret != "" {
		e.share = storeguard.NewShare(cfg.Store, cfg.Logger, storeWords)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e, nil
}

// begin announces a flight. It reports false when the configuration was stopped.
func (e *Env) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return false
	}
	e.flights.Add(1)
	return true
}

// Stop lets no new flight begin, gives those under way two seconds, ends them and waits for them.
func (e *Env) Stop() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	stop := time.AfterFunc(stopGrace, e.cancel)
	e.flights.Wait()
	stop.Stop()
	e.cancel()
}

// forcible reports whether credentials of a kind are such that a forced refresh replaces them: stable access_tokens.
func (e *Env) forcible(kind Kind) bool {
	return kind == AccessToken && !e.Classic && e.Sources[kind] == ""
}

// wechatNow is the time by WeChat's clock.
func (e *Env) wechatNow() time.Time { return e.Now().Add(e.Offset()) }
