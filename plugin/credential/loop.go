package credential

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
)

// maxNap bounds the loop's sleep, so that a clock that was set, or a machine that slept, is noticed.
const maxNap = 5 * time.Minute

// halfway ends a nap that is longer than that when half of it is over: six naps in a lifetime of two hours.
func halfway(nap time.Duration) time.Duration { return min(nap, max(nap/2, maxNap)) }

// attach makes env the current configuration.
func (k *Keeper) attach(env *Env, warm bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.envs = append(k.envs, env)
	k.changedEnv()
	if !warm {
		return
	}
	k.want(env)
}

// want has the credential kept warm for env. k.mu is held.
func (k *Keeper) want(env *Env) {
	k.wanted = append(k.wanted, env)
	if k.warm.Load() == nil {
		k.warm.Store(k.wakes.Add(k.tend))
	}
}

// stayWarm keeps the credential warm from now on, for as long as the current configuration lasts.
func (k *Keeper) stayWarm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.envs); n > 0 && !slices.Contains(k.wanted, k.envs[n-1]) {
		k.want(k.envs[n-1])
	}
}

// detach makes the configuration that came before env the current one. When nobody wants the credential kept warm any more, that
// ends, and what is closed then is given, unless that is at once; else nil.
func (k *Keeper) detach(env *Env) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	same := func(e *Env) bool { return e == env }
	k.envs = slices.DeleteFunc(k.envs, same)
	k.changedEnv()
	k.wanted = slices.DeleteFunc(k.wanted, same)
	warm := k.warm.Load()
	if len(k.wanted) > 0 || warm == nil {
		return nil
	}
	k.warm.Store(nil)
	return warm.End()
}

// poke has the credential looked at, where it is kept warm. It tells whether it is.
func (k *Keeper) poke() bool {
	warm := k.warm.Load()
	if warm != nil {
		warm.Poke()
	}
	return warm != nil
}

// changedEnv is called when another configuration may have become the current one. k.mu is held.
func (k *Keeper) changedEnv() {
	if n := len(k.envs); n > 0 {
		k.state.Configure(k.envs[n-1].Fingerprint())
	} else {
		k.state.Wake()
	}
}

// tend renews the value when that is due. It tells when to look again, and when the value ends.
func (k *Keeper) tend(ctx context.Context) (nap, within time.Duration) {
	env := k.pick(nil)
	if env == nil {
		return maxNap, 0
	}
	env.Step(k.kind, "loop")
	now := env.Now()
	if k.state.State(now) != Fresh && (k.state.Blocked(now) == nil || k.livesOnOthers(env, now) && k.refusing(env, now) == nil) {
		_, _ = k.ask(ctx, env, renewal.Want{}) // its failure is a block, logged where it was met
	}
	now = env.Now()
	if h := k.state.Serve(now); h != nil {
		within = h.Remaining(now)
	}
	nap = time.Second // between two looks at what is neither fresh nor blocked
	if u := k.state.Blocked(now); k.state.State(now) == Fresh {
		h := k.state.Current()
		if k.mayBeSuperseded(h, now) {
			<-k.look(env)
			now = env.Now()
		}
		nap = h.UntilDue(now)
		if k.looks(h) {
			nap = min(nap, h.UntilLook(now))
		}
	} else if u != nil {
		nap = u.RetryAt.Sub(now)
		if k.livesOnOthers(env, now) {
			nap = min(nap, state.LookPause)
		}
	}
	return halfway(max(nap, time.Millisecond)), within
}

// livesOnOthers reports whether this process must live on what others store: WeChat refuses its address.
func (k *Keeper) livesOnOthers(env *Env, now time.Time) bool {
	_, err := k.address.Barred(now)
	return err != nil && env.Shares()
}
