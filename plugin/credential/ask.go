package credential

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// retryPatience is how long callers wait for an attempt right behind a failed one (begun less than retrySoon after it
// was allowed): long enough for a WeChat that is well again, and no time-out for each of them where it is not.
const (
	retryPatience = time.Second
	retrySoon     = time.Minute
)

// wait has the flight under way, or the next one, hurry: somebody outside waits for it. done must be called when nobody does any
// more. A flight that waits for this credential is none outside: who waits for that one counts.
func (k *Keeper) wait(ctx context.Context) (done func()) {
	if turns.Within(ctx) != nil {
		return func() {}
	}
	k.waiting.Add(1)
	k.renewal.Hurry()
	if k.needs != nil {
		k.needs.renewal.Hurry()
	}
	return func() { k.waiting.Add(-1) }
}

// isWaitedFor tells whether somebody outside waits for this credential, or for one that cannot be fetched without it.
func (k *Keeper) isWaitedFor() bool {
	if k.waiting.Load() > 0 {
		return true
	}
	k.mu.Lock()
	neededBy := k.neededBy
	k.mu.Unlock()
	return slices.ContainsFunc(neededBy, (*Keeper).isWaitedFor)
}

// ask joins the flight under way, or starts one. It gives up with ctx, the flight does not. want is what for, unless one
// is under way.
func (k *Keeper) ask(ctx context.Context, own *Env, want renewal.Want) (h *value.Held, err error) {
	turns.Within(ctx).Aside(ctx, func() { h, err = k.join(ctx, own, want) })
	return h, err
}

func (k *Keeper) join(ctx context.Context, own *Env, want renewal.Want) (*value.Held, error) {
	want.Cause = ctx
	var patience <-chan time.Time
	failed := k.state.RecentFailure(own.Now(), retrySoon)
	if failed != nil && want.Urgent {
		t := time.NewTimer(retryPatience)
		defer t.Stop()
		patience = t.C
	}
	for tries := 0; ; tries++ {
		env := k.pick(own)
		landed := k.group.DoChan("", func() (any, error) { return k.renewal.Fly(env, want) })
		select {
		case r := <-landed:
			if errors.Is(r.Err, renewal.ErrStopped) && tries < 3 && k.pick(own) != env {
				continue // the configuration that flew was stopped by a reload; the next one flies
			}
			h, _ := r.Val.(*value.Held)
			return h, r.Err
		case <-patience:
			return nil, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(retryPatience), Err: failed}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
