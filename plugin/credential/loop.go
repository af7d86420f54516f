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

// want has the loop run for env. k.mu is held.
func (k *Keeper) want(env *Env) {
	k.loop.wanted = append(k.loop.wanted, env)
	if k.loop.cancel == nil {
		ctx, cancel := context.WithCancel(context.Background())
		k.loop.cancel, k.loop.done = cancel, make(chan struct{})
		go k.run(ctx, k.loop.done)
	}
}

// stayWarm keeps the credential warm from now on, for as long as the current configuration lasts.
func (k *Keeper) stayWarm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.envs); n > 0 && !slices.Contains(k.loop.wanted, k.envs[n-1]) {
		k.want(k.envs[n-1])
	}
}

// detach makes the configuration that came before env the current one. When nobody wants the loop any more, it tells
// it to end and gives what is closed then; else nil.
func (k *Keeper) detach(env *Env) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	same := func(e *Env) bool { return e == env }
	k.envs = slices.DeleteFunc(k.envs, same)
	k.loop.wanted = slices.DeleteFunc(k.loop.wanted, same)
	var done chan struct{}
	if len(k.loop.wanted) == 0 && k.loop.cancel != nil {
		k.loop.cancel() // first, lest the change wake it once more
		done, k.loop = k.loop.done, loop{}
	}
	k.changedEnv()
	return done
}

// changedEnv is called when another configuration may have become the current one. k.mu is held.
func (k *Keeper) changedEnv() {
	if n := len(k.envs); n > 0 {
		k.state.Configure(k.envs[n-1].Fingerprint())
	} else {
		k.state.Wake()
	}
}

func (k *Keeper) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	for ctx.Err() == nil {
		changed := k.state.Changed()
		nap := time.NewTimer(k.tend(ctx))
		select {
		case <-nap.C:
		case <-changed:
		case <-ctx.Done():
		}
		nap.Stop()
	}
}

// tend renews the value when that is due and tells when to look again.
func (k *Keeper) tend(ctx context.Context) time.Duration {
	env := k.pick(nil)
	if env == nil {
		return maxNap
	}
	env.Turn(k.kind, "loop")
	now := env.Now()
	if k.state.State(now) != Fresh && (k.state.Blocked(now) == nil || k.livesOnOthers(env, now) && k.refusing(env, now) == nil) {
		_, _ = k.ask(ctx, env, renewal.Want{}) // its failure is a block, logged where it was met
	}
	now = env.Now()
	nap := time.Second // between two looks at what is neither fresh nor blocked
	if u := k.state.Blocked(now); k.state.State(now) == Fresh {
		h := k.state.Current()
		if k.mayBeSuperseded(h, now) {
			k.renewal.Look(env)
			now = env.Now()
		}
		nap = h.UntilDue(now)
		if k.kind.IsTicket() {
			nap = min(nap, h.UntilLook(now))
		}
	} else if u != nil {
		nap = u.RetryAt.Sub(now)
		if k.livesOnOthers(env, now) {
			nap = min(nap, state.LookPause)
		}
	}
	return halfway(max(nap, time.Millisecond))
}

// livesOnOthers reports whether this process must live on what others store: WeChat refuses its address.
func (k *Keeper) livesOnOthers(env *Env, now time.Time) bool {
	_, err := k.address.Barred(now)
	return err != nil && env.Shares()
}
