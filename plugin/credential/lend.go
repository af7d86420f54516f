package credential

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"
)

// overlap is how long WeChat takes a token still that another one has replaced: its pages on access_token say five
// minutes. A token's own end may come earlier.
const overlap = 5 * time.Minute

// Lend gives a value as Get does, for somebody who keeps it until it ends, and how long that is: at least a second.
func (k *Keeper) Lend(ctx context.Context, own *Env) (text string, left time.Duration, err error) {
	for range 3 {
		v, err := k.Get(ctx, own)
		if err != nil {
			return "", 0, err
		}
		now := own.Now()
		left = v.Expires.Sub(now)
		if h := k.current(); h != nil && h.Text == v.Text {
			left = h.remaining(now)
		}
		if left >= time.Second {
			return v.Text, left, nil
		}
		// It is good for calls, not for lending, and the renewal that was due long ago has failed so far. The wait is for
		// its end, from when on Get fetches another or says why there is none.
		end := time.NewTimer(left)
		select {
		case <-end.C:
		case <-ctx.Done():
			end.Stop()
			return "", 0, ctx.Err()
		}
	}
	return "", 0, &Unavailable{Kind: k.kind, RetryAt: own.Now().Add(time.Second), Err: errLate}
}

// Force replaces a stable token that is good, for a caller who asks for that, by one of the few forced refreshes of the
// day. Where none is allowed now, nothing happens and that is no error, as at WeChat. Callers who ask at the same time
// share one refresh.
func (k *Keeper) Force(ctx context.Context, own *Env) error {
	forced := k.group.DoChan("force", func() (any, error) {
		now := own.Now()
		k.mu.Lock()
		soon := now.Sub(k.forcedAt).Abs() < forcedApart
		if !soon {
			k.forcedAt = now
		}
		k.mu.Unlock()
		if soon {
			return nil, nil
		}
		_, err := k.Refresh(context.WithoutCancel(ctx), own, true)
		if errors.Is(err, errNoForce) || errors.Is(err, errBusy) {
			err = nil
		}
		return nil, err
	})
	select {
	case r := <-forced:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Knows tells, in constant time, whether text is a value that works: the current one, or the one before it while WeChat
// takes that still. A text that this process has never seen may have come from another one, so the store is asked too.
// It fails as Get does when there is no value to compare with.
func (k *Keeper) Knows(ctx context.Context, own *Env, text string) (bool, error) {
	if _, err := k.Get(ctx, own); err != nil {
		return false, err
	}
	if k.has(text, own.Now()) {
		return true, nil
	}
	looked := k.group.DoChan("look", func() (any, error) {
		k.adoptStored(k.pick(own))
		return nil, nil
	})
	select {
	case <-looked:
		return k.has(text, own.Now()), nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// has is Knows for what is in memory.
func (k *Keeper) has(text string, now time.Time) bool {
	k.mu.Lock()
	cur, previous := k.current(), k.previous
	k.mu.Unlock()
	sum := sha256.Sum256([]byte(text)) // of one length, so that the time does not tell the value's
	same := func(h *held) bool {
		other := sha256.Sum256([]byte(h.Text))
		return subtle.ConstantTimeCompare(sum[:], other[:]) == 1
	}
	if cur.usable(now, k.kind) && same(cur) {
		return true
	}
	return previous.usable(now, k.kind) && now.Sub(cur.Obtained) < overlap && same(previous)
}

// adoptStored takes what another process has stored, if that is newer than what is in memory.
func (k *Keeper) adoptStored(env *Env) {
	if !env.begin() {
		return
	}
	defer env.flights.Done()
	f := &flight{Keeper: k, env: env}
	if cur := f.current(); cur.isRefused() {
		f.not = cur.Text
	}
	if rec, err := f.read(env.ctx); err == nil {
		f.adopt(rec)
	}
}
