package credential

import (
	"sync/atomic"
	"time"
)

const (
	maxRenewalSpan = 5 * time.Minute // WeChat rotates tokens five minutes before they end
	maxSignMargin  = time.Minute
	clockSlack     = 2 * time.Second // two clocks that differ by less count as equal
)

// Value is a credential and its life by the local clock. It does not change.
type Value struct {
	Text     string
	Obtained time.Time // start of the request that brought it
	Expires  time.Time
}

// held is a Value in memory.
type held struct {
	Value
	ends      time.Time            // when it ends by the monotonic clock, whatever is done to the wall clock
	renewFrom time.Time            // when renewal is due, without jitter
	renewAt   time.Time            // renewFrom and this process's jitter
	offset    func() time.Duration // how far WeChat's clock is ahead of ours; nil: the life was counted from our own request
	believed  time.Duration        // what offset gave when the life was worked out
	refused   atomic.Bool          // WeChat refused it in a call: not served
	source    Source
	insisted  atomic.Bool // WeChat handed it out again all the same; when it does so once more, it is tried once more
}

// newHeld makes a held value whose renewal is due from renewFrom on, and a little later: WeChat rotates a stable token
// at that very moment, and clocks differ. random is in [0, 1).
func newHeld(v Value, ends, renewFrom time.Time, random float64) *held {
	spread := max(0, v.Expires.Sub(renewFrom)/4)
	return &held{
		Value:     v,
		ends:      ends,
		renewFrom: renewFrom,
		renewAt:   renewFrom.Add(time.Duration((0.1 + 0.9*random) * float64(spread))),
	}
}

// renewalStart is when the renewal of a value is due for the first time.
func renewalStart(v Value) time.Time {
	return v.Expires.Add(-min(maxRenewalSpan, v.Expires.Sub(v.Obtained)/10))
}

// remaining is how long h lives still. Both clocks must agree that it lives: the monotonic one stands still while a
// machine sleeps, the wall clock can be set back. And the wall clock may turn out to be behind WeChat's only after h
// came out of the store: until WeChat's first answer nobody knows.
func (h *held) remaining(now time.Time) time.Duration {
	left := min(h.ends.Sub(now), h.Expires.Round(0).Sub(now.Round(0)))
	if h.offset != nil {
		left -= max(0, h.offset()-h.believed)
	}
	return left
}

// usable reports whether h, a credential of the given kind, may be served at now.
func (h *held) usable(now time.Time, kind Kind) bool {
	return h != nil && h.remaining(now) > h.margin(kind) && !h.refused.Load()
}

// isRefused reports whether WeChat refused h.
func (h *held) isRefused() bool { return h != nil && h.refused.Load() }

// untilDue is how long it is until the renewal of h is due, by the same clocks as remaining.
func (h *held) untilDue(now time.Time) time.Duration {
	return h.remaining(now) - h.Expires.Sub(h.renewAt)
}

// due reports whether the renewal of h is due.
func (h *held) due(now time.Time) bool { return h.untilDue(now) <= 0 }

// margin is the remaining life below which a ticket signs no more: the phone checks the signature later than we make
// it. A token needs none, for WeChat's refusal is answered with a renewal.
func (h *held) margin(kind Kind) time.Duration {
	if kind == AccessToken {
		return 0
	}
	return min(maxSignMargin, h.Expires.Sub(h.Obtained)/50)
}
