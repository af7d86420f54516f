package renewal

import (
	"errors"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// MaxUntil is the longest that a failure of another process may bind us: WeChat's waits that bind a fleet are of half an
// hour.
const MaxUntil = 35 * time.Minute

// settled answers from the fleet's record: with a value that another process brought, or with a failure that binds
// all.
func (f *flight) settled(rec *record.Record) (*value.Held, error) {
	if h := f.adopt(rec); h != nil && !f.stale(h) {
		return h, nil
	}
	if h := f.landed(); h != nil {
		return h, nil // a look beside this flight was first
	}
	if f.want.Refresh || rec == nil || rec.Failure == nil || rec.Failure.Config != f.env.sealer.Fingerprint {
		return nil, nil
	}
	// What was had after a failure shows that it is over, though the store may not have been there to be told so.
	if cur := f.State.Current(); cur != nil && cur.Obtained.Add(f.env.Offset()).UnixMilli() > rec.Failure.Time {
		return nil, nil
	}
	now := f.env.Now()
	span := time.Duration(rec.Failure.Until-rec.Failure.Time) * time.Millisecond
	left := rec.Left(now, f.env.wechatNow())
	// Our clock may be behind; but what is no wait of ours, or far ahead of us, is garbage.
	if left <= 0 || span > MaxUntil || left-span > MaxUntil {
		return nil, nil
	}
	met := now.Add(left - span)
	until := f.bound.first(rec.Failure, now.Add(min(left, span)))
	if !now.Before(until) {
		return nil, nil
	}
	e := &wechat.Error{API: rec.Failure.API, Code: rec.Failure.Code, Msg: rec.Failure.Msg, RID: rec.Failure.RID}
	f.State.History.Told(e, met)
	return nil, f.State.Bind(until, rec.Failure.Count, e)
}

// landed gives the value that is there already, if it is what this flight is for.
func (f *flight) landed() *value.Held {
	now := f.env.Now()
	h := f.State.Serve(now)
	if h == nil || h.Text == f.not || f.want.Refresh || !f.want.Urgent && h.Due(now) || f.stale(h) {
		return nil
	}
	return h
}

// stale tells whether h is a ticket that WeChat may have changed too long ago. It is better than none, and no more.
func (f *flight) stale(h *value.Held) bool { return f.Kind.IsTicket() && h.Stale(f.env.Now()) }

// bound is until when a failure of another process binds us, as it was when we saw it first: no clock of ours, however wrong,
// makes it bind for longer than it was to bind at all.
type bound struct {
	time, until int64 // which failure
	ends        time.Time
}

// first gives the end of the failure f, which by what is known now is ends.
func (b *bound) first(f *record.Failure, ends time.Time) time.Time {
	if b.time != f.Time || b.until != f.Until || ends.Before(b.ends) {
		*b = bound{f.Time, f.Until, ends}
	}
	return b.ends
}

// adopt takes the stored value when it is better than ours.
func (f *flight) adopt(rec *record.Record) *value.Held {
	h := f.open(rec)
	if h == nil {
		return nil
	}
	return f.take(h)
}

// open gives the stored value, if it may be served.
func (f *flight) open(rec *record.Record) *value.Held {
	if rec == nil || rec.Value == nil {
		return nil
	}
	now := f.env.Now()
	h, err := rec.Unpack(f.env.sealer, f.Name, now, f.env.Offset, f.env.Random())
	if errors.Is(err, seal.ErrForeign) && !f.foreign.Swap(true) {
		f.env.Logger.Warn("credential store holds a value that does not open: it is another app secret's or account's, or damaged; it will be overwritten",
			slog.String("credential", string(f.Kind)), slog.String("key", f.Name))
	}
	if err != nil {
		return nil
	}
	f.plan(h)
	if h.Text == f.not || !h.Usable(now, f.Kind) {
		return nil
	}
	return h
}

// plan has the renewal of h be due by what is known of the rule that tickets follow, and by what lending wants.
func (f *flight) plan(h *value.Held) {
	foreign := f.env.Sources[f.Kind] != ""
	if f.Kind.IsTicket() {
		h.Follow(value.TicketPlan(h.Value, f.State.Learned(), foreign))
	} else if f.env.Classic && !foreign {
		h.Follow(value.TokenPlan(h.Value, true))
	}
}

// take makes h, a value out of the store, ours when it is better than what we have.
func (f *flight) take(h *value.Held) *value.Held {
	was := f.State.Serve(f.env.Now())
	h = f.State.Adopt(h, f.env.Now())
	if h != nil {
		f.renewed(was, h)
	}
	return h
}
