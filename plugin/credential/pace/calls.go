package pace

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Caps on calls a day and account, well below WeChat's own (forced refreshes 20 a day and 30 s apart, /cgi-bin/token
// 2,000 a day for a new account; getticket is "very limited"). The two kinds of ticket share one cap of 1,000, half
// each, because each has a record of its own.
const (
	MaxForcedADay  = 15
	ForcedApart    = 35 * time.Second
	maxClassicADay = 1600
	maxTicketADay  = 500
)

// Calls counts the calls of one day for one credential that brought it. It is written to the store before a call is
// made, and taken back when the call has failed: back-off bounds such calls, and after an outage the caps must be
// there still. Forced refreshes are never taken back.
type Calls struct {
	Day        string `json:"day,omitempty"` // 20060102 at +08:00, as WeChat's days are
	Normal     int    `json:"normal,omitempty"`
	Forced     int    `json:"forced,omitempty"`
	LastForced int64  `json:"last_forced,omitempty"`
}

// OverCap says that one of the caps was reached.
type OverCap struct {
	kind  value.Kind
	alone bool // that of a process by itself
	Until time.Time
}

// Error names the kind.
func (e *OverCap) Error() string {
	if e.alone {
		return fmt.Sprintf("without a store that counts for all processes, this one has asked for %s as often as it may: each new one ends the others'", e.kind)
	}
	return fmt.Sprintf("today's cap on calls for %s is reached", e.kind)
}

// today starts a new count when the day is over. now is WeChat's time.
func (c *Calls) today(now time.Time) {
	if day := now.In(wechat.Zone).Format("20060102"); c.Day != day {
		*c = Calls{Day: day, LastForced: c.LastForced}
	}
}

// Take counts one normal call, or refuses it until midnight. now is WeChat's time, and so is the answer's.
func (c *Calls) Take(kind value.Kind, classic bool, now time.Time) *OverCap {
	c.today(now)
	limit := 0
	switch {
	case kind != value.AccessToken:
		limit = maxTicketADay
	case classic:
		limit = maxClassicADay
	}
	if limit > 0 && c.Normal >= limit {
		return &OverCap{kind: kind, Until: wechat.NextDay(now)}
	}
	c.Normal++
	return nil
}

// GiveBack takes one normal call back.
func (c *Calls) GiveBack(now time.Time) {
	c.today(now)
	c.Normal = max(c.Normal-1, 0)
}

// TakeForced counts one forced refresh, or reports that there must be none now.
func (c *Calls) TakeForced(now time.Time) bool {
	c.today(now)
	// The last one may seem to lie ahead: clocks differ.
	if c.Forced >= MaxForcedADay || now.Sub(time.UnixMilli(c.LastForced)).Abs() < ForcedApart {
		return false
	}
	c.Forced++
	c.LastForced = now.UnixMilli()
	return true
}
