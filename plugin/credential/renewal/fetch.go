package renewal

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// ErrLate says that a value was of no use any more when it came.
var ErrLate = errors.New("the value ended before it arrived")

var errSame = errors.New("WeChat refuses the token, and the same one is handed out again")

// fetch asks WeChat. Where the record is ours to write, the call is counted there before it is made.
func (f *flight) fetch(rec *record.Record, guarded bool) (*value.Held, error) {
	force := f.forces()
	if force {
		if !guarded || !f.countForced() {
			return nil, ErrNoForce
		}
	} else {
		if guarded {
			if full := rec.Calls.Take(f.Kind, f.env.Classic, f.env.wechatNow()); full != nil {
				return nil, f.local(full)
			}
			guarded = f.write(rec) == nil
			f.owed = guarded
		}
		if full := f.own.Take(f.Kind, f.env.Classic, !guarded && !f.want.Refresh, f.env.wechatNow()); full != nil {
			return nil, f.local(full)
		}
	}
	grant, err := f.call(force)
	if err == nil {
		f.Address.Take()
	} else if !force {
		f.own.GiveBack(f.env.wechatNow())
	}
	f.owed = f.owed && err != nil
	if cur := f.State.Current(); err == nil && cur.IsRefused() && grant.Value == cur.Text {
		// WeChat still holds the refused token to be good. Only a forced refresh replaces it, and of these there are few.
		insisted := cur.Insisted.Swap(true)
		mayForce := f.env.forcible(f.Kind) && f.env.ForceRefresh && guarded
		switch {
		case mayForce && f.countForced():
			f.forced = true
			grant, err = f.call(true)
			if err == nil && grant.Value == cur.Text {
				return nil, f.State.RefusedWith(errSame)
			}
		case !insisted:
			return nil, f.State.RefusedWith(errSame)
		}
	}
	if err != nil {
		return nil, err
	}

	now := f.env.Now()
	v := value.Value{Text: grant.Value, Obtained: grant.Requested, Expires: grant.Requested.Add(grant.Lifetime)}
	from := value.RenewalStart(v)
	remaining := v.Expires.Sub(now)
	if cur := f.State.Current(); cur != nil && cur.Text == v.Text {
		f.same = true
		if v.Expires.Sub(cur.Expires) < remaining/2 {
			from = now.Add(max(time.Second, remaining/4)) // a stable token that WeChat has not rotated yet, nor does before
			if rotated := v.Expires.Add(-value.MaxRenewalSpan); from.Before(rotated) {
				from = rotated
			}
		}
	}
	if grant.Look > 0 {
		from = v.Obtained.Add(grant.Look)
	}
	h := value.NewHeld(v, v.Expires, from, f.env.Random())
	h.Watched = grant.Look > 0
	if f.Kind.IsTicket() {
		f.State.Learn(v, f.env.Offset())
	}
	f.plan(h)
	h.Source = cmp.Or(f.env.Sources[f.Kind], value.FromWeChat)
	if !h.Usable(now, f.Kind) {
		return nil, ErrLate
	}
	return h, nil
}

// forces tells whether it is a forced refresh that is asked for.
func (f *flight) forces() bool { return f.want.Force && f.env.forcible(f.Kind) }

// call makes a call when it is its turn.
func (f *flight) call(force bool) (grant wechat.Grant, err error) {
	err = f.turn.Use(f.ctx(), func(ctx context.Context) (err error) {
		grant, err = f.env.fetch(ctx, f.Kind, force)
		return err
	})
	return grant, err
}

// local gives a cap's end by our own clock.
func (f *flight) local(full *pace.OverCap) *pace.OverCap {
	full.Until = full.Until.Add(-f.env.Offset())
	return full
}

// countForced counts a forced refresh in the record, or reports that there must be none now. It reads the record
// again: the call before took its time. When the last one was, another process may have written: a clock that WeChat has not set
// right cannot tell how long ago that is.
func (f *flight) countForced() bool {
	if f.env.LearnClock != nil && !f.env.learnClock(f.env.ctx) {
		return false
	}
	rec, err := f.read(f.env.ctx)
	return err == nil && rec != nil && rec.Calls.TakeForced(f.env.wechatNow()) && f.write(rec) == nil
}
