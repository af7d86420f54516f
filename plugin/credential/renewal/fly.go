package renewal

import (
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
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
	f := &flight{Renewal: r, env: env, want: want, turn: r.Turns.New(r.Waited)}
	r.turn.Store(f.turn)
	defer r.turn.Store(nil)
	defer f.turn.Leave()
	h, store, err := f.safely()
	if store == nil && f.unlock == nil {
		env.flights.Done()
		return h, err
	}
	go func() {
		defer env.flights.Done()
		if f.unlock != nil {
			defer f.unlock()
		}
		if store != nil {
			defer env.contain("storing", nil)
			env.Step(f.Kind, "store")
			store()
		}
	}()
	return h, err
}

// safely is run for a flight in which something that we were given may panic: that is a failure like others.
func (f *flight) safely() (h *value.Held, store func(), err error) {
	var panicked error
	defer func() {
		if panicked != nil {
			h, store, err = nil, nil, f.failed(panicked)
		}
	}()
	defer f.env.contain("renewal", &panicked)
	return f.run()
}

// run gives a value or a failure, and what is still to be stored.
func (f *flight) run() (h *value.Held, store func(), err error) {
	now := f.env.Now()
	if h := f.landed(); h != nil {
		return h, nil, nil // while we were being called
	}
	f.not = f.State.Refused()
	tried := false
	if f.want.Refresh && !f.forces() { // a forced refresh may not be allowed, and try nothing
		undo := f.Address.Hurry()
		defer func() {
			if !tried {
				undo()
			}
		}()
	}
	if u := f.State.Blocked(now); u != nil && !f.want.Refresh {
		if rec, err := f.read(f.env.ctx); err == nil {
			if h := f.adopt(rec); h != nil {
				return h, nil, nil
			}
		}
		if u := f.State.Blocked(f.env.Now()); u != nil { // it may have ended while the store was looked into
			return nil, nil, u
		}
	}

	rec, shareErr := f.read(f.env.ctx)
	if h, err := f.settled(rec); h != nil || err != nil {
		return h, nil, err
	}
	if err := f.awaitEnd(); err != nil {
		return nil, nil, err
	}
	if f.Need != nil {
		// Before the lock: two locks held at once would make a killed holder twice as long to wait for.
		if err := f.Need(turns.With(f.ctx(), f.turn), f.env); err != nil {
			return nil, nil, f.failed(err)
		}
	}
	// Before the lock, too: whoever waits for a turn has others wait for the lock.
	if err := f.turn.Take(f.env.ctx); err != nil {
		return nil, nil, ErrStopped
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
		if until := f.State.Quarrelling(f.env.Now(), f.env.Random()); !until.IsZero() {
			return nil, nil, f.State.Bind(until, 0, f.State.RefusedWith(errQuarrel))
		}
	}
	if rec == nil {
		rec = record.New()
	}
	guarded := f.unlock != nil && shareErr == nil
	done, err := f.attempt()
	if err != nil {
		return nil, nil, err
	}
	defer done()
	tried = true
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
	was := f.State.Serve(f.env.Now())
	h = f.State.Land(h, f.env.Now())
	f.renewed(was, h)
	return h, func() { f.save(h) }, nil
}

// maxAwait is how long flights wait for a ticket's end, at most: longer than from the margin before it to where the next is due.
const maxAwait = 5 * time.Second

// awaitEnd waits until WeChat gives another ticket, where it gives none before the end of ours, and that is near.
func (f *flight) awaitEnd() error {
	cur := f.State.Current()
	if cur == nil || !cur.RenewFrom.After(cur.Expires) || f.want.Refresh {
		return nil
	}
	wait := cur.UntilDue(f.env.Now())
	if wait <= 0 || wait > maxAwait {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-f.env.ctx.Done():
		return ErrStopped
	}
}

// attempt takes leave to call WeChat, which may refuse this machine's address: then one credential tries at a time, and the
// others wait for what comes of it. done must be called when the call has ended.
func (f *flight) attempt() (done func(), err error) {
	for {
		done, under, until, err := f.Address.Try(f.env.Now())
		switch {
		case done != nil:
			return done, nil
		case f.want.Refresh:
			return func() {}, nil // an operator waits for nobody
		case err != nil:
			return nil, &state.Unavailable{Kind: f.Kind, RetryAt: until, Err: err} // another credential has met it meanwhile
		case f.Need == nil:
			return func() {}, nil // the attempt may be that of a credential that waits for this one
		}
		select {
		case <-under:
			f.env.Step(f.Kind, "attempt")
		case <-f.env.ctx.Done():
			return nil, ErrStopped
		}
	}
}

// Look takes what another process has stored, if that is better than what is in memory. It asks nobody but the store.
func (r *Renewal) Look(env *Env) {
	if !env.begin() {
		return
	}
	defer env.flights.Done()
	defer env.contain("look into the store", nil)
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
