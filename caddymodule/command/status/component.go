package status

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
)

// A verify ticket comes every ten minutes, and is good for twelve hours.
const (
	ticketLate = 30 * time.Minute
	ticketLife = 12 * time.Hour
)

// judgeTicket says how a component's verify ticket stands.
func judgeTicket(c admin.ComponentStatus, now time.Time) terminal.Mark {
	switch age := now.Sub(c.Ticket); {
	case c.Ticket.IsZero(), age >= ticketLife:
		return terminal.Bad
	case age >= ticketLate:
		return terminal.Warn
	}
	return terminal.Fine
}

// judgeComponent says how a component stands as a whole.
func judgeComponent(c admin.ComponentStatus, now time.Time) terminal.Mark {
	m := max(judgeTicket(c, now), judge(c.Token))
	if c.Unsaved+c.Uncopied+c.Unreadable+len(c.RefusedIPs) > 0 {
		m = max(m, terminal.Warn)
	}
	return m
}

// componentRows are the status of the components for people. It gives how many need attention.
func componentRows(t *terminal.Table, answer admin.Status, now time.Time) (attention int) {
	for _, name := range slices.Sorted(maps.Keys(answer.Components)) {
		c := answer.Components[name]
		t.Line(fmt.Sprintf("%s  %s  %s", name, c.AppID, say.T("third-party platform")))
		if judgeComponent(c, now) != terminal.Fine {
			attention++
		}
		ticket := say.T("came %s ago", span(now.Sub(c.Ticket)))
		if c.Ticket.IsZero() {
			ticket = say.T("none; WeChat pushes one every ten minutes to the URL of the platform's events")
		}
		t.Row(judgeTicket(c, now), "component_verify_ticket", ticket)
		credentialRows(t, "component_access_token", c.Token, now)
		t.Line("  " + say.T("accounts that have authorised it: %d", c.Authorisations))
		if c.Unsaved > 0 {
			t.Row(terminal.Warn, say.T("records that no store has taken, and that end with the process: %d", c.Unsaved))
		}
		if c.Uncopied > 0 {
			t.Row(terminal.Warn, say.T("records that only one of the store and the copy in Caddy's storage has: %d", c.Uncopied))
		}
		if c.Unreadable > 0 {
			t.Row(terminal.Warn, say.T("records that cannot be opened, damaged or sealed with a key that is gone: %d", c.Unreadable))
		}
		if c.Waiting > 0 {
			t.Line("  " + say.T("events and notices that are not done yet: %d", c.Waiting))
		}
		refusalRows(t, c.RefusedIPs, c.RefusedAt, now)
	}
	if answer.DataAccounts > 0 {
		t.Line(say.T("accounts that are data and in use: %d", answer.DataAccounts))
	}
	return attention
}
