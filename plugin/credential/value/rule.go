package value

import "time"

// WeChat does not say what getticket gives to who asks again. Three rules were seen, or reported: a new ticket each time;
// the same with its true rest while it lives; and the same, always with a full life, until WeChat changes it on a clock of
// its own, of which no answer tells. Under the last, a ticket that is used to the end that was told is a superseded one
// for half of the time. So a ticket is asked for again while it lives, as often as the rule that was seen demands.

// Rule is what getticket gives to who asks again.
type Rule string

// The rules. RuleUnknown holds until a ticket was asked for again.
const (
	RuleUnknown Rule = ""
	RuleFresh   Rule = "fresh"  // a new ticket
	RuleHonest  Rule = "honest" // the same with its true rest, while it lives
	RuleGrid    Rule = "grid"   // the same, always with a full life, changed on a clock of WeChat's
)

// Learned is what is known of the rule. Its zero value is that of somebody who has seen nothing yet.
type Learned struct {
	Rule     Rule  `json:"rule,omitempty"`
	Differed int   `json:"differed,omitempty"` // answers in a row that gave another ticket, though the one before was young
	At       int64 `json:"at,omitempty"`       // WeChat's time when that was asked which taught it, or confirmed it last, in milliseconds since 1970
}

const (
	// MaxSuperseded is how long a ticket may sign after WeChat has changed it, at most: see Superseded.
	MaxSuperseded = 20 * time.Minute

	// certain is how many young tickets in a row must have been replaced before it is no coincidence: a clock of
	// WeChat's may strike between two calls, but not twice so soon.
	certain = 2

	// afterEnd is how long after its end a ticket is asked for again that WeChat does not replace before, and how long after it
	// was had at the earliest: rests are told in whole seconds.
	afterEnd = 1100 * time.Millisecond

	// MaxLentFloor is what is left of a credential that is lent, at least: see LentFloor.
	MaxLentFloor = 30 * time.Minute
)

// Superseded is how long a ticket of that life may sign after WeChat has changed it.
func Superseded(life time.Duration) time.Duration { return min(MaxSuperseded, life/6) }

// LentFloor is what is left at least of a credential of that life that is lent, where it can be had early.
func LentFloor(life time.Duration) time.Duration { return min(MaxLentFloor, life/4) }

// Seen is what is known when next came after was, which is nil when nothing came before. told tells whether that said anything of
// the rule, be it what was known.
func (l Learned) Seen(was *Value, next Value) (now Learned, told bool) {
	if was == nil {
		return l, false
	}
	gap := next.Obtained.Sub(was.Obtained)
	if was.Text == next.Text {
		switch {
		case gap < time.Second: // rests are told in whole seconds: nothing can be seen
			return l, false
		case next.Expires.Sub(was.Expires) < gap/2:
			return Learned{Rule: RuleHonest}, true
		}
		return Learned{Rule: RuleGrid}, true
	}
	switch {
	case gap < 0 || gap > was.Expires.Sub(was.Obtained)/2:
		told = l.Differed > 0
		l.Differed = 0 // it may have been changed under any rule
		return l, told
	case l.Rule == RuleFresh:
		return l, true
	case l.Rule == RuleHonest:
		l.Rule = RuleUnknown // it had not ended
	}
	if l.Differed++; l.Differed >= certain {
		return Learned{Rule: RuleFresh}, true
	}
	return l, true
}

// Plan is when a value is to be had again.
type Plan struct {
	From   time.Time     // not before
	Spread time.Duration // a random part of it later, so that processes and clocks differ
	Lent   time.Time     // the same where it is lent, a random part of LentSpread later; zero: that changes nothing

	// Overlap is for how long it is good still when another one was had from Lent on, by a process that lends it, of which the
	// others are not told; zero: longer than they leave it alone anyway.
	Overlap time.Duration
}

// overlap is for how long a token of that life is good beside its successor: WeChat says five minutes.
func overlap(life time.Duration) time.Duration { return min(5*time.Minute, life/24) }

// TokenPlan is when an access_token is to be had again. early tells whether every call gives a new one, whatever is left
// of the one before.
func TokenPlan(v Value, early bool) Plan {
	p := Plan{From: RenewalStart(v)}
	p.Spread = v.Expires.Sub(p.From) / 4
	if early {
		p.Lent, p.Overlap = lentUntil(v), overlap(v.Expires.Sub(v.Obtained))
	}
	return p
}

// TicketPlan is when a ticket is to be had again, by what is known of the rule. foreign tells that somebody else than
// WeChat gives it: he may replace it whenever he likes.
//
//	rule      asked for again
//	unknown   after nine tenths of the time that a superseded one may sign; if that gives another one, once more after
//	          two fifths of its life: no clock strikes twice in so short a time
//	grid      after nine tenths of the time that a superseded one may sign: 79 times a day, of 7200 s
//	fresh     before its end, as a token is: 13 times a day; where it is lent, while what is lent is left: 17 times
//	honest    at its end, for there is no other before: 12 times a day
func TicketPlan(v Value, l Learned, foreign bool) Plan {
	life := v.Expires.Sub(v.Obtained)
	most := Superseded(life)
	look := max(most*9/10, afterEnd) // sooner nothing could be seen, of a ticket that has seconds left
	p := Plan{From: v.Obtained.Add(look), Spread: most / 20, Lent: lentUntil(v)}
	switch {
	case l.Rule == RuleHonest && !foreign:
		return Plan{From: v.Expires.Add(afterEnd)}
	case l.Rule == RuleHonest, l.Rule == RuleGrid, foreign && l.Rule != RuleFresh:
		p.Lent = time.Time{}
	case l.Rule == RuleFresh:
		p.From = RenewalStart(v)
		p.Spread = v.Expires.Sub(p.From) / 4
		if foreign {
			p.Lent = time.Time{}
		}
	case l.Differed > 0:
		p.From = v.Obtained.Add(life * 2 / 5)
	}
	return p
}

// lentUntil leaves time to renew v before less of it is left than is lent.
func lentUntil(v Value) time.Time {
	life := v.Expires.Sub(v.Obtained)
	return v.Expires.Add(-LentFloor(life) - life/30)
}

// lentSpread is by how much later than Plan.Lent each process acts, at most.
func lentSpread(v Value) time.Duration { return v.Expires.Sub(v.Obtained) / 120 }
