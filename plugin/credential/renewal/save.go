package renewal

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// save shares h, unless the fleet has a newer value already: a holder that was stopped and wakes up late, or that
// never had the lock, overwrites nothing.
func (f *flight) save(h *value.Held) {
	rec, err := f.read(f.env.storing)
	if err != nil {
		return
	}
	if rec == nil {
		rec = record.New()
	}
	ours := record.Pack(f.env.sealer, f.Name, h, f.env.Now(), f.env.Offset())
	if f.Kind.IsTicket() { // for older processes, which go by it: they look at no ticket while it lives
		ours.Renew = value.RenewalStart(h.Value).Add(f.env.Offset()).UnixMilli()
	}
	if rec.Value != nil && rec.Value.Obtained >= ours.Obtained {
		if other := f.open(rec); other != nil {
			f.take(other)
			return
		}
		if rec.Unknown() {
			return // it may be newer, and nobody can tell
		}
	}
	rec.Put(ours)
	if f.write(rec) != nil { // logged where it failed; the value serves from memory
		return
	}
	copied := record.New()
	copied.Put(ours)
	_ = f.put(f.Copy, copied, nil)
}

// saveFailure takes back the count of a call that brought nothing, lest an outage use up the day's cap, and lets an
// account-wide failure bind the fleet; unless another process has replaced the value of that generation meanwhile.
func (f *flight) saveFailure(generation string, cause, failed error) {
	rec, err := f.read(f.env.storing)
	if err != nil {
		return
	}
	replaced := rec.Generation() != generation
	if replaced {
		f.adopt(rec)
	}
	if rec == nil {
		rec = record.New()
	}
	if f.owed {
		rec.Calls.GiveBack(f.env.wechatNow())
	}
	e, ofWeChat := errors.AsType[*wechat.Error](cause)
	_, inherited := errors.AsType[*state.Unavailable](cause) // from a credential that has a record of its own
	u, blocked := errors.AsType[*state.Unavailable](failed)
	if ofWeChat && e.AccountWide() && !inherited && blocked && !replaced {
		count := 1
		if rec.Failure != nil && rec.Failure.Config == f.env.sealer.Fingerprint {
			count = rec.Failure.Count + 1
		}
		now := f.env.wechatNow().UnixMilli()
		rec.Fail(&record.Failure{
			Code: e.Code, Msg: e.Msg, RID: e.RID, API: e.API, Count: count,
			Time: now, Until: u.RetryAt.Add(f.env.Offset()).UnixMilli(), Stored: now,
			Config: f.env.sealer.Fingerprint,
		})
	}
	_ = f.write(rec)
}
