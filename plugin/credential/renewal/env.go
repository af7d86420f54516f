// Package renewal renews credentials, one flight at a time and credential: the store first, then its lock, the store again,
// then WeChat.
//
// Where to read on: fly.go has the order of a flight's steps, adopt.go what is taken from the store, wait.go why a second
// process waits, fetch.go the call, save.go what is stored behind it, records.go how records are read and written,
// report.go the log. env.go is what a configuration gives to it all, flight.go what a flight is.
package renewal

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	stopGrace  = 2 * time.Second         // what a fetch under way gets when its configuration stops
	storeGrace = 2500 * time.Millisecond // what storing gets after that, as a whole: a reload of Caddy's waits for it
)

var storeWords = storeguard.Words{
	Fails: "credential store fails; serving from memory and sharing nothing",
	Works: "credential store works again",
}

// ErrStopped says that a configuration was stopped before its flight brought anything.
var ErrStopped = errors.New("the configuration was stopped")

// EnvConfig is what one configuration gives the Keepers of its account.
type EnvConfig struct {
	// Fetch asks WeChat for a credential. force asks for a forced refresh of a stable access_token.
	Fetch func(ctx context.Context, kind value.Kind, force bool) (wechat.Grant, error)

	Store        storeguard.Store     // nil: nothing is shared, nothing survives a restart
	Secret       string               // app secret: the key for what lies in the store is derived from it; empty: nothing is shared
	Classic      bool                 // access_tokens come from /cgi-bin/token: every one is new, and there are few a day
	ForceRefresh bool                 // whether forced refreshes may be spent on a token that WeChat refuses
	Offset       func() time.Duration // how far WeChat's clock is ahead of ours; nil: not at all
	Now          func() time.Time     // nil: time.Now
	Random       func() float64       // in [0, 1), for waits and moments that are not to coincide; nil: crypto/rand

	// Sources names who gives the credentials of a kind, unless WeChat does. They are not ours to renew: nothing is forced.
	Sources map[value.Kind]value.Source

	// LearnClock asks WeChat for the time, so that Offset is known, unless it is, and tells whether it is then. It is called
	// before a value is taken from a store that does not tell its age, and must return within seconds. Where it is not
	// known, the value is not taken. nil: it is taken from a store that never tells ages, by our own clock.
	LearnClock func(context.Context) bool

	Logger  *slog.Logger // nil: silent
	Observe func(Event)  // told of each renewal and failure; it must not block; nil: nobody is

	// Step is called by what goes on together with others (after it waited for what they wait for too, or behind an answer that
	// they have), before it looks at what they share: who calls it goes on when it returns, so that a simulation can say who
	// is first. who tells apart those who call it for one kind. nil: whoever is.
	Step func(kind value.Kind, who string)
}

// Event tells of a renewal, or of an attempt that failed. It holds no secret.
type Event struct {
	Kind     value.Kind
	Source   value.Source // of a new value
	Obtained time.Time
	Expires  time.Time

	Err         error // of a failure; then the three above are zero
	NextAttempt time.Time

	// Forced says that nobody asked for it and yet one of the day's forced refreshes was spent: WeChat refused a token, and gave the
	// same one again.
	Forced bool
}

// Env is one configuration's side of the Keepers: how to fetch, where to share, where to log. Keepers outlive it.
type Env struct {
	EnvConfig
	share  *storeguard.Share // nil: nothing is shared
	sealer *seal.Sealer

	ctx     context.Context
	cancel  context.CancelFunc
	storing context.Context // of what is stored when ctx has ended
	giveUp  context.CancelFunc
	mu      sync.Mutex
	stopped bool
	flights sync.WaitGroup
}

// NewEnv makes an Env. It starts nothing and calls nobody. Stop must be called when its configuration ends.
func NewEnv(cfg EnvConfig) (*Env, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = value.Random
	}
	if cfg.Step == nil {
		cfg.Step = func(value.Kind, string) {}
	}
	if cfg.Offset == nil {
		cfg.Offset = func() time.Duration { return 0 }
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Event) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	sealer, err := seal.New(cfg.Secret)
	if err != nil {
		return nil, err
	}
	e := &Env{EnvConfig: cfg, sealer: sealer}
	if cfg.Store != nil && cfg.Secret != "" {
		e.share = storeguard.NewShare(cfg.Store, cfg.Logger, storeWords)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.storing, e.giveUp = context.WithCancel(context.Background())
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

// Stop lets no new flight begin, gives those under way two seconds, ends them and waits for them. A store that is slow may have
// four more.
func (e *Env) Stop() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	stop, giveUp := time.AfterFunc(stopGrace, e.cancel), time.AfterFunc(stopGrace+storeGrace, e.giveUp)
	e.flights.Wait()
	stop.Stop()
	giveUp.Stop()
	e.cancel()
	e.giveUp()
}

// forcible reports whether credentials of a kind are such that a forced refresh replaces them: stable access_tokens.
func (e *Env) forcible(kind value.Kind) bool {
	return kind == value.AccessToken && !e.Classic && e.Sources[kind] == ""
}

// wechatNow is the time by WeChat's clock.
func (e *Env) wechatNow() time.Time { return e.Now().Add(e.Offset()) }

// timeKnown tells whether our own clock, with Offset, may judge when a value ends whose age the store did not tell.
func (e *Env) timeKnown(ctx context.Context) bool {
	if e.LearnClock == nil {
		return !e.share.Ages()
	}
	return e.learnClock(ctx)
}

// Shares tells whether credentials are shared, through a store.
func (e *Env) Shares() bool { return e.share != nil }

// Fingerprint tells one configuration from another: two with the same app secret have the same.
func (e *Env) Fingerprint() string { return e.sealer.Fingerprint }
