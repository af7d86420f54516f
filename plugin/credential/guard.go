package credential

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Caps on calls a day and account, well below WeChat's own (forced refreshes 20 a day and 30 s apart, /cgi-bin/token
// 2,000 a day for a new account; getticket is "very limited"). The two kinds of ticket share one cap of 1,000, half
// each, because each has a record of its own.
const (
	maxForcedADay  = 15
	forcedApart    = 35 * time.Second
	maxClassicADay = 1600
	maxTicketADay  = 500
)

// calls counts the calls of one day for one credential that brought it. It is written to the store before a call is
// made, and taken back when the call has failed: back-off bounds such calls, and after an outage the caps must be
// there still. Forced refreshes are never taken back.
type calls struct {
	Day        string `json:"day,omitempty"` // 20060102 at +08:00, as WeChat's days are
	Normal     int    `json:"normal,omitempty"`
	Forced     int    `json:"forced,omitempty"`
	LastForced int64  `json:"last_forced,omitempty"`
}

// overCap says that one of the caps was reached.
type overCap struct {
	kind  Kind
	until time.Time
}

func (e *overCap) Error() string {
	return fmt.Sprintf("today's cap on calls for %s is reached", e.kind)
}

// today starts a new count when the day is over. now is WeChat's time.
func (c *calls) today(now time.Time) {
	if day := now.In(wechat.Zone).Format("20060102"); c.Day != day {
		*c = calls{Day: day, LastForced: c.LastForced}
	}
}

// take counts one normal call, or refuses it until midnight. now is WeChat's time, and so is the answer's.
func (c *calls) take(kind Kind, classic bool, now time.Time) *overCap {
	c.today(now)
	limit := 0
	switch {
	case kind != AccessToken:
		limit = maxTicketADay
	case classic:
		limit = maxClassicADay
	}
	if limit > 0 && c.Normal >= limit {
		return &overCap{kind: kind, until: wechat.NextDay(now)}
	}
	c.Normal++
	return nil
}

// giveBack takes one normal call back.
func (c *calls) giveBack(now time.Time) {
	c.today(now)
	c.Normal = max(c.Normal-1, 0)
}

// takeForced counts one forced refresh, or reports that there must be none now.
func (c *calls) takeForced(now time.Time) bool {
	c.today(now)
	// The last one may seem to lie ahead: clocks differ.
	if c.Forced >= maxForcedADay || now.Sub(time.UnixMilli(c.LastForced)).Abs() < forcedApart {
		return false
	}
	c.Forced++
	c.LastForced = now.UnixMilli()
	return true
}
