package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/cenkalti/backoff/v5"
	"github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"
)

// State is what a credential is in, seen from one process.
//
//	none ──land──▶ fresh ──time──▶ renewing ──time──▶ expired
//	  ▲             ▲ ▲                │                 │
//	  │             │ └──────land──────┘                 │
//	  │             └───────────────land─────────────────┘
//	  └──refuse── (fresh or renewing: WeChat refused the value)
//
// land is the only way to a value, refuse the only way to lose one before its time. Beside the state stands a block:
// after a failure of ours (fail) or of another process (bind) WeChat is not asked until the block's end, whatever the
// state; land ends it early, and so do another secret (changedEnv) and, if it was inherited, the credential that was
// missing (disinherit). A refusal of this machine's address blocks all credentials of the account (address.go); land
// of another process's value does not end that. A usable value is served through fresh, renewing and any block; in none and expired callers
// wait for the flight under way or, when blocked, are told at once when to come again.
type State string

// The states.
const (
	None     State = "none"     // there is no value, or WeChat refused it
	Fresh    State = "fresh"    // served
	Renewing State = "renewing" // served; its renewal is due
	Expired  State = "expired"  // not served
)

// retryPatience is how long callers wait for an attempt right behind a failed one (begun less than retrySoon after it
// was allowed): long enough for a WeChat that is well again, and no time-out for each of them where it is not.
const (
	retryPatience = time.Second
	retrySoon     = time.Minute
)

// lookPause is the time between two looks into the store while a failure forbids to ask WeChat.
const lookPause = 2 * time.Second

// freeRenewals is how many refused values may be renewed one right after the other.
const freeRenewals = 3

// block keeps a Keeper from trying until its end.
type block struct {
	until     time.Time
	err       error
	count     int  // failures in a row of the kind that waits by minutes
	inherited bool // from the credential that this one needs; it ends when that one is there
}

// Keeper keeps one credential. It belongs to no configuration: each call brings its own Env, and the one started
// last and not stopped is used for all.
type Keeper struct {
	kind   Kind
	name   string // in the store; hashed
	values *cache.Cache
	needs  *Keeper   // of the credential without which this one cannot be fetched
	needed []*Keeper // those that need this one

	address *address // of this process, as WeChat sees it; the account's Keepers share it

	group  singleflight.Group
	flying atomic.Bool

	foreign atomic.Bool // the store held what we cannot open: said once

	mu       sync.Mutex
	envs     []*Env // started and not stopped, the current one last
	config   string // fingerprint of the current configuration, or of the last one that was
	block    block
	backoff  *backoff.ExponentialBackOff // of failures that pass by themselves
	peace    *backoff.ExponentialBackOff // between renewals that refusals asked for
	quarrel  time.Time                   // the next of these is allowed from then on
	quarrels int                         // how many there were since peace
	refusal  error                       // what WeChat said when it last refused a value
	lookAt   time.Time                   // while blocked: when the store may be looked at again
	previous *held                       // the value before the current one, which may have been lent
	forcedAt time.Time                   // when somebody it was lent to last asked for a forced refresh
	changed  chan struct{}               // closed and made anew whenever the loop should look again
	loop     loop

	history history
}

func newKeeper(kind Kind, name string, values *cache.Cache, address *address, needs *Keeper) *Keeper {
	k := &Keeper{
		kind: kind, name: name, values: values, address: address, needs: needs,
		backoff: newBackoff(), peace: newBackoff(), changed: make(chan struct{}),
	}
	if needs != nil {
		needs.needed = append(needs.needed, k)
	}
	return k
}

// newBackoff waits one second at first and a minute in the end.
func newBackoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 1500 * time.Millisecond
	b.RandomizationFactor = 1. / 3 // 1 s to 2 s at first
	b.Multiplier = 2
	b.MaxInterval = 45 * time.Second // and 30 s to 60 s in the end
	b.Reset()
	return b
}

// current is the value in memory, nil when there is none. It takes no lock that anybody holds while waiting.
func (k *Keeper) current() *held {
	v, _ := k.values.Get(string(k.kind))
	h, _ := v.(*held)
	return h
}

// state tells the state at now.
func (k *Keeper) state(now time.Time) State {
	h := k.current()
	switch {
	case h == nil || h.refused.Load():
		return None
	case !h.usable(now, k.kind):
		return Expired
	case h.due(now):
		return Renewing
	}
	return Fresh
}

// serve gives the value when it may be served at now.
func (k *Keeper) serve(now time.Time) *held {
	if h := k.current(); h.usable(now, k.kind) {
		return h
	}
	return nil
}

// land makes h the current value, unless a newer one has landed meanwhile; it returns what is current then. It ends
// any block.
func (k *Keeper) land(h *held, now time.Time) *held {
	k.mu.Lock()
	defer k.mu.Unlock()
	cur := k.current()
	if cur.usable(now, k.kind) && cur.Obtained.After(h.Obtained) {
		return cur
	}
	if cur.isRefused() && cur.Text == h.Text && !cur.insisted.Load() {
		h.refused.Store(true) // since it was asked for
	}
	k.values.Set(string(k.kind), h, cache.NoExpiration)
	k.block = block{}
	if cur != nil && cur.Text != h.Text {
		k.previous = cur
	}
	if cur == nil || cur.Text != h.Text { // the same token once more does not end a quarrel about it
		k.backoff.Reset()
	}
	k.look()
	for _, other := range k.needed {
		other.disinherit()
	}
	return h
}

// disinherit ends a block that came from the credential that this one needs.
func (k *Keeper) disinherit() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.block.inherited {
		k.block = block{}
		k.look()
	}
}

// refuse notes that WeChat refused text, if that is the current value, and what it said.
func (k *Keeper) refuse(text string, cause error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if cur := k.current(); cur != nil && cur.Text == text && !cur.refused.Swap(true) {
		k.refusal = cause
		k.history.refuse()
		k.look()
	}
}

// refusedWith adds to err what WeChat said when it last refused a value.
func (k *Keeper) refusedWith(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refusal == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, k.refusal)
}

// quarrelling spaces out the renewals of refused values: the first few come at once, and where refusals go on (somebody
// else keeps replacing the token) each waits longer than the one before. It returns when the next is allowed, or the
// zero time when this one is.
func (k *Keeper) quarrelling(now time.Time) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.quarrel) {
		return k.quarrel
	}
	if now.Sub(k.quarrel) > maxRenewalSpan {
		k.peace.Reset()
		k.quarrels = 0
	}
	k.quarrel = now
	if k.quarrels++; k.quarrels > freeRenewals {
		k.quarrel = now.Add(k.peace.NextBackOff())
	}
	return time.Time{}
}

// fail notes a failure and returns what its callers are told. What is current stays.
func (k *Keeper) fail(err error, now time.Time) *Unavailable {
	u, inherited := errors.AsType[*Unavailable](err)
	if e, ok := errors.AsType[*wechat.Error](err); ok && !inherited && e.RefusesAddress() {
		return &Unavailable{Kind: k.kind, RetryAt: k.address.refuse(err, now), Err: err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	count := 0
	var until time.Time
	if inherited {
		until, err = u.RetryAt, u.Err
	} else if c, ok := errors.AsType[*overCap](err); ok {
		until = c.until
	} else if e, ok := errors.AsType[*wechat.Error](err); ok && e.Reaction() != wechat.Credential {
		until = e.NotBefore(now)
		if until.IsZero() && e.Reaction() != wechat.Transient {
			count = k.block.count + 1
			until = now.Add(setupWait(count))
		}
	}
	if !until.After(now) { // nothing said when, or that has passed meanwhile
		until = now.Add(k.backoff.NextBackOff())
	}
	k.block = block{until: until, err: err, count: count, inherited: inherited}
	k.look()
	return &Unavailable{Kind: k.kind, RetryAt: until, Err: err}
}

// setupWait is how long to wait after the count-th failure in a row that only an operator can mend: a minute, then
// longer, to five.
func setupWait(count int) time.Duration {
	return min(time.Minute<<min(max(count-1, 0), 3), 5*time.Minute)
}

// bind takes over a failure that another process of the fleet met.
func (k *Keeper) bind(until time.Time, count int, err error) *Unavailable {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.block = block{until: until, err: err, count: count}
	k.look()
	return &Unavailable{Kind: k.kind, RetryAt: until, Err: err}
}

// blocked gives the block in force at now, nil when there is none.
func (k *Keeper) blocked(now time.Time) *Unavailable {
	until, err := k.address.barred(now)
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.block.until) && until.Before(k.block.until) {
		err, until = k.block.err, k.block.until
	}
	if err == nil {
		return nil
	}
	return &Unavailable{Kind: k.kind, RetryAt: until, Err: err}
}

// refusing gives the block in force, which callers without a value are told of at once; except that it gives none once
// in a while, so that a flight may look into the store: another node may have had more luck.
func (k *Keeper) refusing(own *Env, now time.Time) *Unavailable {
	u := k.blocked(now)
	if u == nil {
		return nil
	}
	shared := k.pick(own).share != nil
	k.mu.Lock()
	defer k.mu.Unlock()
	if !shared || now.Before(k.lookAt) {
		return u
	}
	k.lookAt = now.Add(lookPause)
	return nil
}

// look makes the loop look again. k.mu is held.
func (k *Keeper) look() {
	close(k.changed)
	k.changed = make(chan struct{})
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

// ask joins the flight under way, or starts one. It gives up with ctx, the flight does not. want is what for, unless one
// is under way.
func (k *Keeper) ask(ctx context.Context, own *Env, want want) (*held, error) {
	var patience <-chan time.Time
	failed := k.recentFailure(own.Now())
	if failed != nil && want.urgent {
		t := time.NewTimer(retryPatience)
		defer t.Stop()
		patience = t.C
	}
	for tries := 0; ; tries++ {
		env := k.pick(own)
		landed := k.group.DoChan("", func() (any, error) { return k.fly(env, want) })
		select {
		case r := <-landed:
			if errors.Is(r.Err, errStopped) && tries < 3 && k.pick(own) != env {
				continue // the configuration that flew was stopped by a reload; the next one flies
			}
			h, _ := r.Val.(*held)
			return h, r.Err
		case <-patience:
			return nil, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(retryPatience), Err: failed}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// recentFailure is why the last attempt failed, nil when it did not, or when that is long past.
func (k *Keeper) recentFailure(now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.block.until) > retrySoon {
		return nil
	}
	return k.block.err
}
