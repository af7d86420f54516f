package pace

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestForcedRefreshesAreApart(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, wechat.Zone)
	for ago, want := range map[time.Duration]bool{
		0:                        false,
		34 * time.Second:         false,
		35 * time.Second:         true,
		-1500 * time.Millisecond: false, // by a node whose clock is a little ahead
		-24 * time.Hour:          true,  // by one whose clock was wrong
	} {
		c := Calls{Day: "20261121", LastForced: now.Add(-ago).UnixMilli()}
		if got := c.TakeForced(now); got != want {
			t.Errorf("%v after the last one: %v, want %v", ago, got, want)
		}
	}
}

func TestCapsEndAtMidnight(t *testing.T) {
	now := time.Date(2026, 11, 21, 23, 59, 59, 0, wechat.Zone)
	c := Calls{Day: "20261121", Normal: maxTicketADay, Forced: MaxForcedADay}
	if c.Take(value.APITicket, false, now) == nil || c.TakeForced(now) {
		t.Error("past the cap")
	}
	if err := c.Take(value.AccessToken, false, now); err != nil {
		t.Errorf("stable tokens have no cap: %v", err)
	}
	now = now.Add(time.Second)
	if err := c.Take(value.APITicket, false, now); err != nil || c.Normal != 1 || !c.TakeForced(now) {
		t.Errorf("after midnight: %v, %+v", err, c)
	}
}
