package directory

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"golang.org/x/time/rate"
)

// How many searches a second may find nothing: of all together, and of one network.
const (
	vainOfAll     = 50
	vainOfNetwork = 10
	maxNetworks   = 10_000
)

// bounds limits the searches that find nothing. What is found costs nothing: a process that has just started finds thousands of accounts
// for the first time. Searches are charged when they have ended; those that were under way together may run up a debt.
type bounds struct {
	all      *rate.Limiter
	networks *recent.Cache[string, *rate.Limiter]
}

func newBounds() *bounds {
	return &bounds{rate.NewLimiter(vainOfAll, vainOfAll), recent.New[string, *rate.Limiter](maxNetworks)}
}

// allow tells whether a network may search.
func (b *bounds) allow(now time.Time, network string) bool {
	if b.all.TokensAt(now) < 1 {
		return false
	}
	own, ok := b.networks.Get(network)
	return !ok || own.TokensAt(now) >= 1
}

// charge notes that a network has searched in vain.
func (b *bounds) charge(now time.Time, network string) {
	b.all.ReserveN(now, 1)
	if network == "" {
		return
	}
	own, ok := b.networks.Get(network)
	if !ok {
		own = rate.NewLimiter(vainOfNetwork, vainOfNetwork)
		b.networks.Add(network, own)
	}
	own.ReserveN(now, 1)
}
