package renewal

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

var errQuarrel = errors.New("WeChat refuses one token after the other: does something else fetch tokens for this app_id?")

// Fly makes one flight. Callers have their answer when WeChat has given it; storing it comes behind.
func (r *Renewal) Fly(env *Env, want Want) (*value.Held, error) {
	if !env.begin() {
		return nil, ErrStopped
	}
	r.flying.Store(true)
	defer r.flying.Store(false)
	f := &flight{Renewal: r, env: env, want: want}
	h, store, err := f.run()
	if store == nil && f.unlock == nil {
		env.flights.Done()
		return h, err
	}
	go func() {
		defer env.flights.Done()
		if store != nil {
			store()
		}
		if f.unlock != nil {
			f.unlock()
		}
	}()
	return h, err
}

// run gives a value or a failure, and what is still to be stored.
func (f *flight) run() (h *value.Held, store func(), err error) {
	now := f.env.Now()
	if h := f.State.Serve(now); h != nil && !f.want.Refresh && (f.want.Urgent || !h.Due(now)) {
		return h, nil, nil // it landed while we were being called
	}
	f.not = f.State.Refused()
	if f.want.Refresh {
		f.Address.Hurry()
	}
	if u := f.State.Blocked(now); u != nil && !f.want.Refresh {
		if rec, err := f.read(f.env.ctx); err == nil {
			if h := f.adopt(rec); h != nil {
				return h, nil, nil
			}
		}
		return nil, nil, u
	}

	rec, shareErr := f.read(f.env.ctx)
	if h, err := f.settled(rec); h != nil || err != nil {
		return h, nil, err
	}
	if f.Need != nil {
		// Before the lock: two locks held at once would make a killed holder twice as long to wait for.
		if err := f.Need(f.env.ctx, f.env); err != nil {
			return nil, nil, f.failed(err)
		}
	}
	if shareErr == nil {
		if h, err := f.lock(rec.Generation()); h != nil || err != nil {
			return h, nil, err
		}
	}
	if f.unlock != nil {
		rec, shareErr = f.read(f.env.ctx)
		if h, err := f.settled(rec); h != nil || err != nil {
			return h, nil, err
		}
	}
	if f.not != "" && !f.want.Refresh {
		if until := f.State.Quarrelling(f.env.Now()); !until.IsZero() {
			return nil, nil, f.State.Bind(until, 0, f.State.RefusedWith(errQuarrel))
		}
	}
	if rec == nil {
		rec = record.New()
	}
	guarded := f.unlock != nil && shareErr == nil
	if until, err := f.Address.Try(f.env.Now()); err != nil && !f.want.Refresh {
		return nil, nil, &state.Unavailable{Kind: f.Kind, RetryAt: until, Err: err} // another credential has met it meanwhile
	}
	h, err = f.fetch(rec, guarded)
	if errors.Is(err, ErrNoForce) {
		return nil, nil, err // nothing was tried, so nothing failed
	}
	if err != nil {
		cause, failed := err, f.failed(err)
		if guarded {
			store = func() { f.saveFailure(rec.Generation(), cause, failed) }
		}
		if h := f.rescue(); h != nil {
			return h, store, nil
		}
		return nil, store, failed
	}
	h = f.State.Land(h, f.env.Now())
	f.renewed(h)
	return h, func() { f.save(h) }, nil
}

// Look takes what another process has stored, if that is better than what is in memory. It asks nobody but the store.
func (r *Renewal) Look(env *Env) {
	if !env.begin() {
		return
	}
	defer env.flights.Done()
	f := &flight{Renewal: r, env: env, not: r.State.Refused()}
	if rec, err := f.read(env.ctx); err == nil {
		f.adopt(rec)
	}
}

// rescue gives those who wait for a call that failed what another process has stored meanwhile: the call may have taken
// its time, or this process may have been stopped in the midst of it.
func (f *flight) rescue() *value.Held {
	if f.want.Refresh || f.State.Serve(f.env.Now()) != nil {
		return nil
	}
	rec, err := f.read(f.env.ctx)
	if err != nil {
		return nil
	}
	return f.adopt(rec)
}
