package accounts

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
)

// WeChat does not say whether a new ticket ends the older ones, or whether a ticket outlives the access_token that
// fetched it. Here every fetch makes a new ticket with the full lifetime, older ones stay good until their own end, and
// tickets do not depend on tokens: what a gateway holds works on unless Revoke ends it.

// The types of ticket.
const (
	CardTicket  = "wx_card"
	JSAPITicket = "jsapi"
)

// MaxTickets is how many tickets of one type and app are remembered.
const MaxTickets = 1_000

// Ticket makes a ticket of an app.
func (s *Store) Ticket(a *App, kind string, now time.Time) *Ticket {
	t := &Ticket{Text: secret.Text(64), Made: now, Expires: now.Add(s.ExpiresIn)}
	list := a.Tickets[kind]
	if len(list) >= MaxTickets {
		list = append([]*Ticket(nil), list[1:]...)
	}
	a.Tickets[kind] = append(list, t)
	return t
}
