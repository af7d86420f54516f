// Package activation activates member cards, and finds out what their users filled in.
package activation

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// How long it is remembered what an activate_ticket stands for, and that a card was activated: App.onShow of a mini
// program brings the same ticket again and again. WeChat at times calls a good ticket expired, so that is soon asked anew.
const (
	activationTTL = 5 * time.Minute
	expiredTTL    = 10 * time.Second
)

// Bounds of what is remembered of activations: some 10 MiB an account at the most.
const (
	maxTempInfos    = 1024
	maxTempInfoSize = 8 << 10 // bytes; a longer one is fetched each time
	maxActivated    = 8192
	maxOwners       = 8192
)

// State is what an account knows of member cards being activated. It outlives configurations.
type State struct {
	infos   *recent.Cache[string, tempInfo]              // by activate_ticket
	done    *recent.Cache[[sha256.Size]byte, doneForNow] // by what was asked for
	owners  *recent.Cache[[sha256.Size]byte, owner]      // by activate_ticket
	owning  sync.Mutex                                   // for owners: the first one is to be the first
	fetches singleflight.Group                           // for infos
	calls   singleflight.Group                           // for done

	ticketLimit   limit.Bucket // for infos: clients choose the tickets
	activateLimit limit.Bucket // for done: clients come again as they like
}

// tempInfo is what WeChat said of an activate_ticket.
type tempInfo struct {
	info  wechat.UserInfo
	err   error
	until time.Time
}

// doneForNow says until when a call need not be made again.
type doneForNow struct{ until time.Time }

// NewState makes a State that knows nothing, with a limit in calls of each kind a minute.
func NewState(perMinute int) *State {
	infos := recent.New[string, tempInfo](maxTempInfos)
	done := recent.New[[sha256.Size]byte, doneForNow](maxActivated)
	owners := recent.New[[sha256.Size]byte, owner](maxOwners)
	s := &State{infos: infos, done: done, owners: owners}
	s.Limit(perMinute)
	return s
}

// Limit sets the limit in calls of each kind a minute, unless it is in force already: a reload fills no bucket.
func (s *State) Limit(perMinute int) {
	s.ticketLimit.Set("tempinfo", perMinute)
	s.activateLimit.Set("activate", perMinute)
}

// Caller makes calls with the account's access_token.
type Caller interface {
	Call(ctx context.Context, call func(token string) error) error
	CallWithin(ctx context.Context, bucket *limit.Bucket, call func(token string) error) error
}

// Config is what Members needs to know.
type Config struct {
	Caller Caller           // required, as what follows
	Client *wechat.Client   // that calls are made of
	Now    func() time.Time // our clock
	Logger *slog.Logger     // nil: silent
}

// Members is the member cards of one account.
type Members struct {
	caller Caller
	client *wechat.Client
	now    func() time.Time
	logger *slog.Logger
	state  *State
}

// New makes Members with what is remembered.
func New(cfg Config, state *State) *Members {
	return &Members{cfg.Caller, cfg.Client, cfg.Now, cfg.Logger, state}
}
