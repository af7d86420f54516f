package credential

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	coldWait  = 12 * time.Second       // for the lock, with callers waiting; a dead holder's file lock is stale after 10 s
	firstPoll = 250 * time.Millisecond // of the store, meanwhile: most holders are ready soon
	coldPoll  = 2 * time.Second        // each wait for the next is twice as long, but no longer than this
	warmPoll  = 5 * time.Second        // the same while the old value is served
	maxUntil  = 35 * time.Minute       // no failure of ours binds the fleet for longer: WeChat's waits that do are of 30
)

var (
	errSame    = errors.New("WeChat refuses the token, and the same one is handed out again")
	errQuarrel = errors.New("WeChat refuses one token after the other: does something else fetch tokens for this app_id?")
	errNoForce = errors.New("no forced refresh is allowed now: 15 a day, 35 s apart, and only with a store whose lock can be had")
	errBusy    = errors.New("renewals that began before were in the way; try again")
	errLate    = errors.New("the value ended before it arrived")
)

// want is what a flight is for.
type want struct {
	urgent  bool // callers wait: any usable value will do
	refresh bool // an operator asks: a new value whatever the old one is, and whatever failed before
	force   bool // with refresh: a forced refresh of a stable token
}

// flight is one renewal: the store first, then its lock, the store again, then WeChat.
type flight struct {
	*Keeper
	env    *Env
	want   want
	not    string // the value to be replaced, if WeChat refused it
	unlock func() // nil: the lock is not ours
	owed   bool   // a call was counted in the record and has brought nothing
}

// fly makes one flight. Callers have their answer when WeChat has given it; storing it comes behind.
func (k *Keeper) fly(env *Env, want want) (*held, error) {
	if !env.begin() {
		return nil, errStopped
	}
	k.flying.Store(true)
	defer k.flying.Store(false)
	f := &flight{Keeper: k, env: env, want: want}
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
func (f *flight) run() (h *held, store func(), err error) {
	now := f.env.Now()
	if h := f.serve(now); h != nil && !f.want.refresh && (f.want.urgent || !h.due(now)) {
		return h, nil, nil // it landed while we were being called
	}
	if cur := f.current(); cur.isRefused() {
		f.not = cur.Text
	}
	if f.want.refresh {
		f.address.hurry()
	}
	if u := f.blocked(now); u != nil && !f.want.refresh {
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
	if f.needs != nil {
		// Before the lock: two locks held at once would make a killed holder twice as long to wait for.
		if _, err := f.needs.Get(f.env.ctx, f.env); err != nil {
			return nil, nil, f.failed(err)
		}
	}
	if shareErr == nil {
		if h, err := f.lock(rec.generation()); h != nil || err != nil {
			return h, nil, err
		}
	}
	if f.unlock != nil {
		rec, shareErr = f.read(f.env.ctx)
		if h, err := f.settled(rec); h != nil || err != nil {
			return h, nil, err
		}
	}
	if f.not != "" && !f.want.refresh {
		if until := f.quarrelling(f.env.Now()); !until.IsZero() {
			return nil, nil, f.bind(until, 0, f.refusedWith(errQuarrel))
		}
	}
	if rec == nil {
		rec = &record{Version: recordVersion}
	}
	guarded := f.unlock != nil && shareErr == nil
	if until, err := f.address.try(f.env.Now()); err != nil && !f.want.refresh {
		return nil, nil, &Unavailable{Kind: f.kind, RetryAt: until, Err: err} // another credential has met it meanwhile
	}
	h, err = f.fetch(rec, guarded)
	if errors.Is(err, errNoForce) {
		return nil, nil, err // nothing was tried, so nothing failed
	}
	if err != nil {
		cause, failed := err, f.failed(err)
		if guarded {
			store = func() { f.saveFailure(rec.generation(), cause, failed) }
		}
		if h := f.rescue(); h != nil {
			return h, store, nil
		}
		return nil, store, failed
	}
	h = f.land(h, f.env.Now())
	f.renewed(h)
	return h, func() { f.save(h) }, nil
}

// rescue gives those who wait for a call that failed what another process has stored meanwhile: the call may have taken
// its time, or this process may have been stopped in the midst of it.
func (f *flight) rescue() *held {
	if f.want.refresh || f.serve(f.env.Now()) != nil {
		return nil
	}
	rec, err := f.read(f.env.ctx)
	if err != nil {
		return nil
	}
	return f.adopt(rec)
}

// settled answers from the fleet's record: with a value that another process brought, or with a failure that binds
// all.
func (f *flight) settled(rec *record) (*held, error) {
	if h := f.adopt(rec); h != nil {
		return h, nil
	}
	if f.want.refresh || rec == nil || rec.Failure == nil || rec.Failure.Config != f.env.sealer.fingerprint {
		return nil, nil
	}
	now := f.env.Now()
	// Our clock may be behind; but what is no wait of ours, or far ahead of us, is garbage.
	met := time.UnixMilli(rec.Failure.Time).Add(-f.env.Offset())
	until := time.UnixMilli(rec.Failure.Until).Add(-f.env.Offset())
	if !now.Before(until) || until.Sub(met) > maxUntil || met.Sub(now) > maxUntil {
		return nil, nil
	}
	if latest := now.Add(maxUntil); until.After(latest) {
		until = latest
	}
	e := &wechat.Error{API: rec.Failure.API, Code: rec.Failure.Code, Msg: rec.Failure.Msg, RID: rec.Failure.RID}
	f.history.told(e, met)
	return nil, f.bind(until, rec.Failure.Count, e)
}

// adopt takes the stored value when it is better than ours.
func (f *flight) adopt(rec *record) *held {
	h := f.open(rec)
	if h == nil {
		return nil
	}
	return f.take(h)
}

// open gives the stored value, if it may be served.
func (f *flight) open(rec *record) *held {
	if rec == nil || rec.Value == nil {
		return nil
	}
	now := f.env.Now()
	h, err := rec.unpack(f.env.sealer, f.name, now, f.env.Offset)
	if errors.Is(err, errForeign) && !f.foreign.Swap(true) {
		f.env.Logger.Warn("credential store holds a value that does not open: it is another app secret's or account's, or damaged; it will be overwritten",
			slog.String("credential", string(f.kind)), slog.String("key", f.name))
	}
	if err != nil || h.Text == f.not || !h.usable(now, f.kind) {
		return nil
	}
	return h
}

// take makes h, a value out of the store, ours when it is better than what we have.
func (f *flight) take(h *held) *held {
	now := f.env.Now()
	cur := f.current()
	same := cur != nil && cur.Text == h.Text
	newer := cur == nil || h.Obtained.After(cur.Obtained)
	if same {
		newer = h.Obtained.After(cur.Obtained.Add(clockSlack)) // and not by the store's idea of time alone
	}
	if cur.isRefused() && (same || f.replaced(h.Text) || h.Obtained.Before(cur.Obtained.Add(-clockSlack))) {
		return nil // what was replaced by a value that is dead now is dead too
	}
	if same && h.Expires.Sub(cur.Expires).Abs() < clockSlack && cur.ends.Before(h.ends) {
		h.ends = cur.ends // it lives from its first sight, not from its last
	}
	if !h.usable(now, f.kind) || cur.usable(now, f.kind) && (!newer || h.due(now)) {
		return nil
	}
	h = f.land(h, now)
	f.renewed(h)
	return h
}

// replaced tells whether text is that of the value before the current one.
func (k *Keeper) replaced(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.previous != nil && k.previous.Text == text
}

// renewed tells of a new value.
func (f *flight) renewed(h *held) {
	f.history.landed(h.source)
	f.env.Logger.Info("credential renewed", slog.String("credential", string(f.kind)),
		slog.Time("expires", h.Expires), slog.String("source", string(h.source)))
	f.env.Observe(Event{Kind: f.kind, Source: h.source, Obtained: h.Obtained, Expires: h.Expires})
}

// failed notes a failure and logs it. A flight that was stopped has not failed.
func (f *flight) failed(err error) error {
	if f.env.ctx.Err() != nil || errors.Is(err, errStopped) {
		return errStopped
	}
	now := f.env.Now()
	u := f.fail(err, now)
	f.history.missed(u.Err, now)
	f.env.Observe(Event{Kind: f.kind, Err: u.Err, NextAttempt: u.RetryAt})
	attrs := []any{
		slog.String("credential", string(f.kind)),
		slog.Any("error", u.Err),
		slog.Time("next_attempt", u.RetryAt),
	}
	if e, ok := errors.AsType[*wechat.Error](err); ok && e.Hint() != "" {
		attrs = append(attrs, slog.String("hint", e.Hint()))
	}
	if f.serve(now) != nil {
		f.env.Logger.Warn("renewing credential failed; the old one is served on", attrs...)
	} else {
		f.env.Logger.Error("fetching credential failed; there is none to serve", attrs...)
	}
	return u
}

// fetch asks WeChat. Where the record is ours to write, the call is counted there before it is made.
func (f *flight) fetch(rec *record, guarded bool) (*held, error) {
	force := f.want.force && f.env.forcible(f.kind)
	if force {
		if !guarded || !f.countForced() {
			return nil, errNoForce
		}
	} else if guarded {
		if full := rec.Calls.take(f.kind, f.env.Classic, f.env.wechatNow()); full != nil {
			full.until = full.until.Add(-f.env.Offset())
			return nil, full
		}
		guarded = f.write(rec) == nil
		f.owed = guarded
	}
	grant, err := f.env.Fetch(f.env.ctx, f.kind, force)
	if err == nil {
		f.address.take()
	}
	f.owed = f.owed && err != nil
	if cur := f.current(); err == nil && cur.isRefused() && grant.Value == cur.Text {
		// WeChat still holds the refused token to be good. Only a forced refresh replaces it, and of these there are few.
		insisted := cur.insisted.Swap(true)
		mayForce := f.env.forcible(f.kind) && f.env.ForceRefresh && guarded
		switch {
		case mayForce && f.countForced():
			grant, err = f.env.Fetch(f.env.ctx, f.kind, true)
			if err == nil && grant.Value == cur.Text {
				return nil, f.refusedWith(errSame)
			}
		case !insisted:
			return nil, f.refusedWith(errSame)
		}
	}
	if err != nil {
		return nil, err
	}

	now := f.env.Now()
	v := Value{Text: grant.Value, Obtained: grant.Requested, Expires: grant.Requested.Add(grant.Lifetime)}
	from := renewalStart(v)
	remaining := v.Expires.Sub(now)
	if cur := f.current(); cur != nil && cur.Text == v.Text && v.Expires.Sub(cur.Expires) < remaining/2 {
		from = now.Add(max(time.Second, remaining/4)) // a stable token that WeChat has not rotated yet
	}
	h := newHeld(v, v.Expires, from, random())
	h.source = cmp.Or(f.env.Sources[f.kind], FromWeChat)
	if !h.usable(now, f.kind) {
		return nil, errLate
	}
	return h, nil
}

// countForced counts a forced refresh in the record, or reports that there must be none now. It reads the record
// again: the call before took its time.
func (f *flight) countForced() bool {
	rec, err := f.read(f.env.ctx)
	return err == nil && rec != nil && rec.Calls.takeForced(f.env.wechatNow()) && f.write(rec) == nil
}

// read loads the record. A missing record is nil without an error, and so is garbage: there is nothing to share yet.
func (f *flight) read(ctx context.Context) (*record, error) {
	// The age first: if the record is written again meanwhile, it seems older than it is, and not younger.
	age, aged := f.env.share.Age(ctx, f.name)
	var readAt time.Time
	if aged {
		readAt = f.env.Now()
	}
	raw, err := f.env.share.Load(ctx, f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := parseRecord(raw)
	if err != nil {
		f.env.Logger.Warn("credential store holds something else than a record; it will be overwritten",
			slog.String("key", f.name), slog.Any("error", err))
		return nil, nil
	}
	rec.age, rec.aged, rec.readAt = age, aged, readAt
	if !aged && (rec.Value != nil || rec.Failure != nil) {
		// Nothing but our own clock tells when they end, and nobody may have told us yet that it is wrong.
		f.env.LearnClock(ctx)
	}
	return rec, nil
}

func (f *flight) write(rec *record) error {
	rec.restamp(f.env.Now())
	raw, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	return f.env.share.Save(context.WithoutCancel(f.env.ctx), f.name, raw, rec.life(f.env.Now(), f.env.wechatNow()))
}

// save shares h, unless the fleet has a newer value already: a holder that was stopped and wakes up late, or that
// never had the lock, overwrites nothing.
func (f *flight) save(h *held) {
	rec, err := f.read(context.WithoutCancel(f.env.ctx))
	if err != nil {
		return
	}
	if rec == nil {
		rec = &record{Version: recordVersion}
	}
	ours := pack(f.env.sealer, f.name, h, f.env.Now(), f.env.Offset())
	if rec.Value != nil && rec.Value.Obtained >= ours.Obtained {
		if other := f.open(rec); other != nil {
			f.take(other)
			return
		}
	}
	rec.Value, rec.Failure, rec.aged = ours, nil, false
	_ = f.write(rec) // logged where it failed; the value serves from memory
}

// saveFailure takes back the count of a call that brought nothing, lest an outage use up the day's cap, and lets an
// account-wide failure bind the fleet; unless another process has replaced the value of that generation meanwhile.
func (f *flight) saveFailure(generation string, cause, failed error) {
	rec, err := f.read(context.WithoutCancel(f.env.ctx))
	if err != nil {
		return
	}
	replaced := rec.generation() != generation
	if replaced {
		f.adopt(rec)
	}
	if rec == nil {
		rec = &record{Version: recordVersion}
	}
	if f.owed {
		rec.Calls.giveBack(f.env.wechatNow())
	}
	e, ofWeChat := errors.AsType[*wechat.Error](cause)
	_, inherited := errors.AsType[*Unavailable](cause) // from a credential that has a record of its own
	u, blocked := errors.AsType[*Unavailable](failed)
	if ofWeChat && e.AccountWide() && !inherited && blocked && !replaced {
		count := 1
		if rec.Failure != nil && rec.Failure.Config == f.env.sealer.fingerprint {
			count = rec.Failure.Count + 1
		}
		rec.Failure = &failure{
			Code: e.Code, Msg: e.Msg, RID: e.RID, API: e.API, Count: count,
			Time: f.env.wechatNow().UnixMilli(), Until: u.RetryAt.Add(f.env.Offset()).UnixMilli(),
			Config: f.env.sealer.fingerprint,
		}
	}
	_ = f.write(rec)
}
