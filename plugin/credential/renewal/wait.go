package renewal

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// ColdWait is how long a flight waits for the lock with callers waiting: a dead holder's file lock is stale after 10 s.
const ColdWait = 12 * time.Second

const (
	firstPoll = 250 * time.Millisecond // of the store, while waiting for the lock: most holders are ready soon
	coldPoll  = 2 * time.Second        // each wait for the next is twice as long, but no longer than this
	warmPoll  = 5 * time.Second        // the same while the old value is served
)

// lock waits for the store's lock on the generation that this flight replaces. It returns with the lock (f.unlock is
// set), with a value that another process has stored meanwhile, with a failure that another process has met and that
// binds all, or with none of these when waiting longer would hurt: then the flight goes on without the lock, which saves
// calls and on which nothing rests.
func (f *flight) lock(generation string) (*value.Held, error) {
	name := strings.ReplaceAll(f.Name, "/", "-") + "-" + generation
	ctx, cancel := context.WithCancel(f.env.ctx)
	got := make(chan error)
	f.env.flights.Go(func() { // one is under way, ours, so Stop waits for this one too
		err := f.env.share.Lock(ctx, name)
		select {
		case got <- err:
		case <-ctx.Done():
			if err == nil {
				f.env.share.Unlock(f.env.ctx, name)
			}
		}
	})

	var cold time.Time // since when callers wait
	start := f.env.Now()
	for poll := firstPoll; ; {
		now := f.env.Now()
		var end time.Time
		// An operator does not wait for the old value's end, nor does who wants to lend what has long to live.
		if h := f.State.Serve(now); h != nil && !f.want.Refresh && !f.Waited() {
			// Not to the very end: the fetch takes its time too.
			most := value.MaxRenewalSpan
			if f.Kind.IsTicket() { // WeChat may have changed it long ago
				most = value.Superseded(h.Expires.Sub(h.Obtained)) / 30
			}
			poll, end = warmPoll, start.Add(min((h.Remaining(start)-h.Margin(f.Kind))*3/4, most))
		} else {
			if cold.IsZero() {
				cold, poll = now, firstPoll
			}
			end = cold.Add(ColdWait)
		}
		if !now.Before(end) {
			cancel()
			return nil, nil
		}
		changed := f.State.Changed()
		again := time.NewTimer(min(poll, end.Sub(now)))
		select {
		case err := <-got:
			again.Stop()
			if err != nil {
				if !errors.Is(err, storeguard.ErrSlow) && f.env.ctx.Err() == nil {
					f.env.Logger.Warn("credential store gives no lock; fetching without it",
						slog.String("credential", string(f.Kind)), slog.Any("error", err))
				}
				cancel()
				return nil, nil
			}
			f.unlock = func() {
				f.env.share.Unlock(f.env.ctx, name)
				cancel()
			}
			return nil, nil
		case <-changed: // the old value was refused: callers wait from now on
			again.Stop()
		case <-again.C:
			if rec, err := f.read(f.env.ctx); err == nil {
				if h, err := f.settled(rec); h != nil || err != nil {
					cancel()
					return h, err
				}
			}
			poll = min(2*poll, coldPoll)
		case <-f.env.ctx.Done():
			again.Stop()
			cancel()
			return nil, nil
		}
	}
}
