package simulation

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// What the simulation takes for granted of a Keeper and of WeChat. Whoever changes when a Keeper renews changes this file,
// and no other.

// rule is how WeChat answers getticket.
type rule string

const (
	ruleFresh  rule = "fresh"  // a new ticket each time
	ruleHonest rule = "honest" // the same one with its true rest
	ruleGrid   rule = "grid"   // the same one, always with its full life, changed on a grid of its own
)

const (
	overlap   = 5 * time.Minute         // how long the token before lives beside its successor, and how early there is one
	slack     = value.ClockSlack        // that a clock may be off by unnoticed
	callLimit = 5 * time.Second         // what a call of WeChat may take
	giveUp    = 1250 * time.Millisecond // that an operation of the store may take until its caller goes on
	coldWait  = 15 * time.Second        // of one who asks while a lock is not given
	maxLate   = 30 * time.Second        // that a write is on its way which was given up, and that a process mends
	maxWait   = 45 * time.Second        // of one who asks
	maxStop   = 6 * time.Second         // of a configuration: the grace, and a store that hangs meanwhile
	maxRetry  = 25 * time.Hour          // that anybody is told to wait

	// forcedApart is between two forced refreshes: by two clocks, and whoever has counted one has not called yet. WeChat wants 30 s.
	forcedApart = pace.ForcedApart - slack - time.Second

	// supersededFor is how long a ticket may sign that WeChat has replaced; a sixth of its life where that is shorter.
	supersededFor = 20 * time.Minute
)

// renewalSpan is how long before its end a value's renewal is due.
func renewalSpan(life time.Duration) time.Duration { return min(value.MaxRenewalSpan, life/10) }

// signMargin is how long before its end a ticket signs no more: a fiftieth of the rest that it had when it was given, or a
// minute. Where WeChat gives the true rest that can be next to nothing.
func (c *config) signMargin() time.Duration {
	if c.rule != ruleFresh {
		return 0
	}
	return min(value.MaxSignMargin, c.life/50)
}

// optimum is how many calls for one credential a fleet makes in a time in which nothing goes wrong. early is by how much
// a renewal may come too early, because a clock is ahead.
func (c *config) optimum(kind credential.Kind, span, early time.Duration) float64 {
	early = max(early, renewalSpan(c.life))
	if c.classic { // what is lent is renewed in time for that
		early = max(early, value.LentFloor(c.life)+c.life/30)
	}
	calls := 1 + float64(span)/float64(c.life-early)
	if c.classic {
		calls++ // who lends it first renews it at once
	}
	if kind != credential.AccessToken {
		perLife := 14. / 12 // a day of 7200 s each
		if c.rule == ruleGrid {
			perLife = 80. / 12
		}
		calls = max(calls, 3+perLife*(1+float64(span)/float64(c.life))) // 2 to learn which rule it is
	}
	return calls
}

// looksAfter is how long after it was had a ticket is looked at again as long as nobody knows how WeChat gives it. A process
// whose clock is so far ahead takes one that has just been stored for one that is to be looked at.
func (c *config) looksAfter() time.Duration { return min(supersededFor, c.life/6) * 9 / 10 }

// apart is for how long processes may hold different values behind a new one, which nobody tells them of.
func (c *config) apart() time.Duration { return max(overlap, min(supersededFor, c.life/6)+time.Minute) }

// mayWait is how long a question for a credential that is kept warm takes at most where nothing goes wrong. A ticket that
// WeChat gives with its true rest has no successor before its end; and what is nearly over is renewed before it is lent.
func (c *config) mayWait(kind credential.Kind, how string) time.Duration {
	if how == askLend || kind != credential.AccessToken && c.rule == ruleHonest {
		return callLimit + 5*time.Second
	}
	return 0
}

// backoffs is how often one process can try in a time in which all fails: it waits 1, 2, 4, 8 and 16 s at least, and then
// 30 s.
func backoffs(span time.Duration) float64 { return 6 + span.Seconds()/30 }

// alone is how many classic tokens a process may ask for in a time in which no store counts them.
func alone(span time.Duration) float64 { return 16 + span.Minutes()/10 }
