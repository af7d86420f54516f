package credential

import (
	"context"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/address"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"golang.org/x/sync/singleflight"
)

// Keeper keeps one credential. It belongs to no configuration: each call brings its own Env, and the one started
// last and not stopped is used for all.
type Keeper struct {
	kind    Kind
	state   *state.Machine
	address *address.Address // of this process, as WeChat sees it; the account's Keepers share it
	renewal *renewal.Renewal

	group singleflight.Group

	mu       sync.Mutex
	envs     []*Env    // started and not stopped, the current one last
	forcedAt time.Time // when somebody it was lent to last asked for a forced refresh
	loop     loop
}

// loop keeps a credential warm: it renews it when that is due, whether or not anybody asks for it. It runs while a
// started configuration wants it to.
type loop struct {
	wanted []*Env
	cancel context.CancelFunc // nil: it does not run
	done   chan struct{}
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
