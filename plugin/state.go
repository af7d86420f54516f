package plugin

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Bounds of what is remembered of clients' requests: a few megabytes an account at the most.
const (
	maxCodes      = 8192
	maxComponents = 8192
	maxLatest     = 1024
)

// State is what an account keeps across configurations: its credentials, what it learnt from WeChat, and its limits.
// The host keeps one for each SharedKey for as long as any configuration uses it.
type State struct {
	keepers *credential.Keepers

	codes      *lru.Cache[string, decrypted]       // by encrypted code
	components *lru.Cache[componentKey, component] // by card and outer_str
	latest     *lru.Cache[string, component]       // by card

	decrypts singleflight.Group
	geturls  singleflight.Group

	decryptLimit *rate.Limiter
	geturlLimit  *rate.Limiter // for what clients choose
	ownLimit     *rate.Limiter // for what only the configuration chooses: strangers cannot use it up
	limits       sync.Mutex
}

// NewState makes the State of cfg's SharedKey.
func NewState(cfg AccountConfig) *State {
	s := &State{
		keepers:      credential.NewKeepers(cfg.id()),
		codes:        newLRU[string, decrypted](maxCodes),
		components:   newLRU[componentKey, component](maxComponents),
		latest:       newLRU[string, component](maxLatest),
		decryptLimit: rate.NewLimiter(0, 0),
		geturlLimit:  rate.NewLimiter(0, 0),
		ownLimit:     rate.NewLimiter(0, 0),
	}
	s.limit(cfg)
	return s
}

func newLRU[K comparable, V any](size int) *lru.Cache[K, V] {
	c, err := lru.New[K, V](size)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return c
}

// limit sets the limits of a configuration, unless they are in force already: a reload fills no bucket.
func (s *State) limit(cfg AccountConfig) {
	s.limits.Lock()
	defer s.limits.Unlock()
	set := func(l *rate.Limiter, perMinute int) {
		if l.Burst() != perMinute {
			l.SetBurst(perMinute)
			l.SetLimit(rate.Limit(float64(perMinute) / 60))
		}
	}
	set(s.decryptLimit, cmp.Or(cfg.DecryptLimit, DefaultDecryptLimit))
	set(s.geturlLimit, cmp.Or(cfg.GeturlLimit, DefaultGeturlLimit))
	set(s.ownLimit, cmp.Or(cfg.GeturlLimit, DefaultGeturlLimit))
}

// Busy says that a bound of ours on calls to WeChat was reached. Nothing was asked of WeChat.
type Busy struct {
	API        string        // our name of the call
	RetryAfter time.Duration // when one call more will be allowed
}

// Error tells the bound.
func (e *Busy) Error() string {
	return fmt.Sprintf("%s: as many calls as the limit allows were made; the next is allowed in %v",
		e.API, e.RetryAfter.Round(time.Millisecond))
}

// take takes one call from a limit, or tells when there will be one.
func take(l *rate.Limiter, api string) error {
	r := l.Reserve()
	wait := r.Delay()
	if !r.OK() || wait > 0 {
		r.Cancel()
		return &Busy{API: api, RetryAfter: min(wait, time.Minute)}
	}
	return nil
}
