package credential

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/wake"
	"golang.org/x/sync/singleflight"
)

// Keeper keeps one credential. It belongs to no configuration: each call brings its own Env, and the one started
// last and not stopped is used for all.
type Keeper struct {
	kind    Kind
	wakes   *wake.Scheduler // the process's
	state   *state.Machine
	address *address.Address // of this process, as WeChat sees it; the account's Keepers share it
	renewal *renewal.Renewal

	needs   *Keeper      // of the credential without which this one cannot be fetched; nil: there is none
	waiting atomic.Int32 // callers from outside that have nothing to go on with

	group singleflight.Group

	mu       sync.Mutex
	neededBy []*Keeper // of those that cannot be fetched without this one
	envs     []*Env    // started and not stopped, the current one last
	wanted   []*Env    // of them, those that want it kept warm
	forcedAt time.Time // when somebody it was lent to last asked for a forced refresh

	warm atomic.Pointer[wake.Sleeper] // renews it when that is due, whether or not anybody asks for it; nil: nobody wants that
}

// pick chooses the configuration that acts for a caller: the one started last and not stopped, else the caller's own.
func (k *Keeper) pick(own *Env) *Env {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.envs); n > 0 {
		return k.envs[n-1]
	}
	return own
}

// refusing gives the block in force, which callers without a value are told of at once; except that it gives none once
// in a while, so that a flight may look into the store: another node may have had more luck.
func (k *Keeper) refusing(own *Env, now time.Time) *Unavailable {
	u := k.state.Blocked(now)
	if u == nil || k.pick(own).Shares() && k.state.MayLook(now) {
		return nil
	}
	return u
}
