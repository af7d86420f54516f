package credential

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// Lend gives a value as Get does, for somebody who keeps it until it ends, and how long that is: at least a second. Where
// another can be had whenever it is asked for, it is at least half an hour, or a quarter of the value's life; see value.LentFloor.
// A ticket that WeChat changes on a clock of its own is lent for no longer than that: nobody knows how long it is good.
func (k *Keeper) Lend(ctx context.Context, own *Env) (text string, left time.Duration, err error) {
	for range 3 {
		k.state.Lend(own.Now())
		v, err := k.Get(ctx, own)
		if err != nil {
			return "", 0, err
		}
		now := own.Now()
		left = v.Expires.Sub(now)
		h := k.state.Current()
		if h != nil && h.Text == v.Text {
			left = h.Remaining(now)
			if h.Early() && left < h.Floor() {
				if err := k.renewToLend(ctx, own, now); err != nil {
					return "", 0, err
				}
				continue
			}
			if k.state.Learned().Rule == value.RuleGrid {
				left = min(left, h.Floor())
			}
			if h.Watched { // until it is asked for again, nobody knows whether it is the present one
				left = min(left, max(time.Minute, h.RenewFrom.Sub(now)))
			}
		}
		if left >= time.Second {
			if k.kind.IsTicket() {
				k.stayWarm() // so that it is known in time when WeChat changes what somebody signs with
			}
			return v.Text, left, nil
		}
		// It is good for calls, not for lending, and the renewal that was due long ago has failed so far. The wait is for
		// its end, from when on Get fetches another or says why there is none. The clock may go a little slower than timers do.
		end := time.NewTimer(left + time.Millisecond)
		select {
		case <-end.C:
		case <-ctx.Done():
			end.Stop()
			return "", 0, ctx.Err()
		}
	}
	return "", 0, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(time.Second), Err: renewal.ErrLate}
}

// renewToLend replaces a value of which too little is left to lend it. What is left may be good for calls still; whoever
// keeps it may subtract more from it than it is, and some then keep it for ever.
func (k *Keeper) renewToLend(ctx context.Context, own *Env, now time.Time) error {
	if u := k.refusing(own, now); u != nil {
		return u
	}
	done := k.wait(ctx)
	defer done()
	_, err := k.ask(ctx, own, renewal.Want{})
	if errors.Is(err, renewal.ErrStopped) {
		err = &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(time.Second), Err: err} // that took its time
	}
	return err
}

// Force replaces a stable token that is good, for a caller who asks for that, by one of the few forced refreshes of the
// day. Where none is allowed now, nothing happens and that is no error, as at WeChat. Callers who ask at the same time
// share one refresh. refreshed tells whether there was one.
func (k *Keeper) Force(ctx context.Context, own *Env) (refreshed bool, err error) {
	forced := k.group.DoChan("force", func() (any, error) {
		now := own.Now()
		k.mu.Lock()
		soon := now.Sub(k.forcedAt).Abs() < pace.ForcedApart
		if !soon {
			k.forcedAt = now
		}
		k.mu.Unlock()
		if soon {
			return false, nil
		}
		_, err := k.Refresh(context.WithoutCancel(ctx), own, true)
		if errors.Is(err, renewal.ErrNoForce) || errors.Is(err, errBusy) {
			return false, nil
		}
		return err == nil, err
	})
	select {
	case r := <-forced:
		refreshed, _ = r.Val.(bool)
		return refreshed, r.Err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Knows tells, in constant time, whether text is a value that works: the current one, or the one before it while WeChat
// takes that still. A text that this process has never seen may have come from another one, so the store is asked too.
// It fails as Get does when there is no value to compare with.
func (k *Keeper) Knows(ctx context.Context, own *Env, text string) (bool, error) {
	if _, err := k.Get(ctx, own); err != nil {
		return false, err
	}
	if k.state.Knows(text, own.Now()) {
		return true, nil
	}
	select {
	case <-k.look(own):
		return k.state.Knows(text, own.Now()), nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
