package pace

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// What one process may do that the fleet's record does not count, for it has no store, or none that works: a tenth of the
// day's cap, so that a fleet of ten keeps the cap all the same. Each classic token ends the one before it within five
// minutes: such a fleet would otherwise replace its tokens all day long until WeChat's quota is used up.
const (
	aloneAtOnce = 16
	aloneEvery  = 10 * time.Minute // one more: 144 a day
	aloneLook   = time.Minute      // the longest wait: meanwhile the store may be well again
)

// Own counts the calls of one process for one credential. Its zero value is a process that has made none. Its caller sees
// to it that one goroutine uses it at a time.
type Own struct {
	calls Calls

	used float64 // of aloneAtOnce, at the time of at
	at   time.Time
}

// Take counts one call, or refuses it. The day's caps hold for the process too, whatever the fleet's record says: it can be
// lost, or unreachable. alone says that the record does not count the call. now is WeChat's time, and so is the answer's.
func (o *Own) Take(kind value.Kind, classic, alone bool, now time.Time) *OverCap {
	if alone = alone && classic && kind == value.AccessToken; alone {
		refilled := float64(max(0, now.Sub(o.at))) / float64(aloneEvery)
		o.used, o.at = max(0, o.used-refilled), now
		if o.used > aloneAtOnce-1 {
			wait := time.Duration((o.used - (aloneAtOnce - 1)) * float64(aloneEvery))
			return &OverCap{kind: kind, alone: true, Until: now.Add(min(max(wait, time.Second), aloneLook))}
		}
	}
	if full := o.calls.Take(kind, classic, now); full != nil {
		return full
	}
	if alone {
		o.used++
	}
	return nil
}

// GiveBack takes one call back that has brought nothing.
func (o *Own) GiveBack(now time.Time) {
	o.calls.GiveBack(now)
	o.used = max(0, o.used-1)
}
