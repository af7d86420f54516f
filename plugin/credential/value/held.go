package value

import (
	"crypto/rand"
	"sync/atomic"
	"time"
)

const (
	// MaxRenewalSpan is how long before its end a value's renewal is due at the earliest: WeChat rotates tokens five
	// minutes before they end.
	MaxRenewalSpan = 5 * time.Minute

	// ClockSlack is by how much two clocks may differ that count as equal.
	ClockSlack = 2 * time.Second

	// MaxSignMargin is how long before its end a ticket signs no more, at most.
	MaxSignMargin = time.Minute

	// maxHonestMargin is the same of a ticket that WeChat replaces no sooner than at its end: there is nothing else to sign with.
	maxHonestMargin = 2 * time.Second
)

// Held is a Value in memory.
type Held struct {
	Value
	Ends      time.Time            // when it ends by the monotonic clock, whatever is done to the wall clock
	RenewFrom time.Time            // when renewal is due, without jitter
	RenewAt   time.Time            // RenewFrom and this process's jitter
	Offset    func() time.Duration // how far WeChat's clock is ahead of ours; nil: the life was counted from our own request
	Believed  time.Duration        // what Offset gave when the life was worked out
	Refused   atomic.Bool          // WeChat refused it in a call: not served
	Source    Source
	LendAt    time.Time   // where it is lent, its renewal is due then; zero: no earlier than RenewAt
	Lent      atomic.Bool // it is
	Watched   bool        // its owner may replace it at any time: it is asked for again long before its end
	Insisted  atomic.Bool // WeChat handed it out again all the same; when it does so once more, it is tried once more

	overlap time.Duration // see Plan
	random  float64       // in [0, 1): this process's jitter
	look    atomic.Int64  // when no more than that remains of it, the store is looked into: it may hold a newer one
}

// NewHeld makes a held value whose renewal is due from renewFrom on, and a little later: WeChat rotates a stable token
// at that very moment, and clocks differ. random is in [0, 1).
func NewHeld(v Value, ends, renewFrom time.Time, random float64) *Held {
	h := &Held{Value: v, Ends: ends, random: random}
	h.Follow(Plan{From: renewFrom, Spread: max(0, min(v.Expires.Sub(renewFrom)/4, renewFrom.Sub(v.Obtained)/16))}) // a look after a minute is not one after half an hour
	return h
}

// Follow has the renewal of h be due as p says.
func (h *Held) Follow(p Plan) {
	h.RenewFrom, h.RenewAt, h.LendAt, h.overlap = p.From, h.jitter(p.From, p.Spread), time.Time{}, p.Overlap
	if !p.Lent.IsZero() {
		h.LendAt = h.jitter(p.Lent, lentSpread(h.Value))
	}
}

// jitter is a moment in the span after from, of each process another one.
func (h *Held) jitter(from time.Time, span time.Duration) time.Time {
	return from.Add(time.Duration((0.1 + 0.9*h.random) * float64(span)))
}

// RenewalStart is when the renewal of a value is due for the first time.
func RenewalStart(v Value) time.Time {
	return v.Expires.Add(-min(MaxRenewalSpan, v.Expires.Sub(v.Obtained)/10))
}

// Remaining is how long h lives still. Both clocks must agree that it lives: the monotonic one stands still while a
// machine sleeps, the wall clock can be set back. And the wall clock may turn out to be behind WeChat's only after h
// came out of the store: until WeChat's first answer nobody knows.
func (h *Held) Remaining(now time.Time) time.Duration {
	left := min(h.Ends.Sub(now), h.Expires.Round(0).Sub(now.Round(0)))
	if h.Offset != nil {
		left -= max(0, h.Offset()-h.Believed)
	}
	return left
}

// Usable reports whether h, a credential of the given kind, may be served at now.
func (h *Held) Usable(now time.Time, kind Kind) bool {
	return h != nil && h.Remaining(now) > h.Margin(kind) && !h.Refused.Load()
}

// IsRefused reports whether WeChat refused h.
func (h *Held) IsRefused() bool { return h != nil && h.Refused.Load() }

// UntilDue is how long it is until the renewal of h is due, by the same clocks as Remaining.
func (h *Held) UntilDue(now time.Time) time.Duration {
	due := h.RenewAt
	if h.Early() && h.Lent.Load() && h.LendAt.Before(due) {
		due = h.LendAt
	}
	return h.Remaining(now) - h.Expires.Sub(due)
}

// Stale tells whether h, a ticket that is to be asked for again while it lives, was not for so long that WeChat may have
// changed it before the last moment that is allowed.
func (h *Held) Stale(now time.Time) bool {
	life := h.Expires.Sub(h.Obtained)
	return h.RenewFrom.Before(RenewalStart(h.Value)) && h.Remaining(now) < life-Superseded(life)
}

// Early tells whether another value can be had whenever it is asked for, so that what is lent is never near its end.
func (h *Held) Early() bool { return !h.LendAt.IsZero() }

// Floor is what is left of h at least when it is lent, where another can be had early.
func (h *Held) Floor() time.Duration { return LentFloor(h.Expires.Sub(h.Obtained)) }

// Looked notes that the store was looked into at now, whatever it held.
func (h *Held) Looked(now time.Time) {
	if h.overlap > 0 {
		pause := h.overlap*7/10 + time.Duration(h.random*float64(h.overlap/10))
		h.look.Store(int64(min(h.Remaining(now)-pause, h.Expires.Sub(h.LendAt))))
		return
	}
	most := Superseded(h.Expires.Sub(h.Obtained))
	pause := most*9/10 + time.Duration(h.random*float64(most/20))
	h.look.Store(int64(h.Remaining(now) - max(pause, time.Second)))
}

// UntilLook is how long it is until the store is to be looked into for a newer one.
func (h *Held) UntilLook(now time.Time) time.Duration {
	return h.Remaining(now) - time.Duration(h.look.Load())
}

// Due reports whether the renewal of h is due.
func (h *Held) Due(now time.Time) bool { return h.UntilDue(now) <= 0 }

// Margin is the remaining life below which a ticket signs no more: the phone checks the signature later than we make
// it. A token needs none, for WeChat's refusal is answered with a renewal. Where WeChat gives no other ticket before this
// one's end, there is none for the time between, and it signs nearly to its end.
func (h *Held) Margin(kind Kind) time.Duration {
	if kind == AccessToken {
		return 0
	}
	most := MaxSignMargin
	if h.RenewFrom.After(h.Expires) {
		most = maxHonestMargin
	}
	return min(most, h.Expires.Sub(h.Obtained)/50)
}

// Random is a random number in [0, 1), for NewHeld.
func Random() float64 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return float64(uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24) / (1 << 32)
}
