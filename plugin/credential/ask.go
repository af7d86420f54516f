package credential

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// retryPatience is how long callers wait for an attempt right behind a failed one (begun less than retrySoon after it
// was allowed): long enough for a WeChat that is well again, and no time-out for each of them where it is not.
const (
	retryPatience = time.Second
	retrySoon     = time.Minute
)

// ask joins the flight under way, or starts one. It gives up with ctx, the flight does not. want is what for, unless one
// is under way.
func (k *Keeper) ask(ctx context.Context, own *Env, want renewal.Want) (*value.Held, error) {
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
