package accounts

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
)

// WeChat does not say what a second getticket gives, whether a new ticket ends the older ones, or whether a ticket outlives
// the access_token that fetched it. Here tickets do not depend on tokens, and what a second call gives is a choice, for
// developers report three rules.

// Rule is what getticket gives to who asks again.
type Rule string

// The rules.
const (
	// Fresh: a new ticket each time, with a full life; older ones stay good until their own end.
	Fresh Rule = "fresh"
	// Honest: the same ticket with its true rest, until it ends.
	Honest Rule = "honest"
	// Grid: the same ticket, and each time a full life, until it is changed on a clock of WeChat's. The older one is no good
	// any more from that moment on, whatever was said of its life.
	Grid Rule = "grid"
)

// Rules lists the rules, the default first.
var Rules = []Rule{Fresh, Honest, Grid}

// The types of ticket.
const (
	CardTicket  = "wx_card"
	JSAPITicket = "jsapi"
)

// MaxTickets is how many tickets of one type and app are remembered.
const MaxTickets = 1_000

// Ticket gives a ticket of an app, and how long it is said to live.
func (s *Store) Ticket(a *App, kind string, now time.Time) (t *Ticket, said time.Duration) {
	list := a.Tickets[kind]
	if len(list) > 0 && s.Rule != Fresh {
		t = list[len(list)-1]
	}
	if t == nil || !t.Live(now) {
		t = &Ticket{Text: secret.Text(64), Made: now, Expires: now.Add(s.ExpiresIn)}
		if s.Rule == Grid {
			t.Expires = s.nextChange(a, kind, now)
		}
		if len(list) >= MaxTickets {
			list = append([]*Ticket(nil), list[1:]...)
		}
		a.Tickets[kind] = append(list, t)
	}
	if s.Rule == Honest {
		return t, t.Expires.Sub(now)
	}
	return t, s.ExpiresIn
}

// nextChange is when an app's tickets of a kind are changed the next time: once in a life, at a moment of their own.
func (s *Store) nextChange(a *App, kind string, now time.Time) time.Time {
	sum := sha256.Sum256([]byte("grid " + a.ID + " " + kind))
	phase := time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(s.ExpiresIn))
	return now.Add(-phase).Truncate(s.ExpiresIn).Add(s.ExpiresIn + phase)
}
