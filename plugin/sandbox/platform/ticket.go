package platform

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

const (
	tokenPrefix = "91_" // of a component_access_token here; an account's begins with another
	maxTickets  = 200   // of a component, that are remembered
)

// ticket is a component_verify_ticket.
type ticket struct {
	text string
	ends time.Time
}

// token is a component_access_token.
type token struct {
	component *Component
	ends      time.Time
}

// NewTicket makes a component_verify_ticket. Those before it stay good until their own end: the last that arrived may be used while
// pushes fail.
func (c *Component) NewTicket(now time.Time) string {
	t := ticket{"ticket@@@" + secret.Text(48), now.Add(c.TicketLife)}
	if len(c.tickets) >= maxTickets {
		c.tickets = append([]ticket(nil), c.tickets[1:]...)
	}
	c.tickets = append(c.tickets, t)
	return t.text
}

// Start has tickets pushed (api_start_push_ticket); was says whether they were.
func (c *Component) Start(now time.Time) (was bool) {
	was = !c.Stopped && !c.Taken.IsZero() && now.Sub(c.Taken) <= 2*c.TicketEvery
	if c.Stopped = false; !was {
		c.NextTicket = now
	}
	return was
}

// NewToken exchanges a ticket for a component_access_token, which ends the one before. It fails with WeChat's refusal.
func (s *Store) NewToken(c *Component, text string, now time.Time) (string, time.Duration, error) {
	err := error(wire.ErrBadTicket)
	for _, t := range c.tickets {
		if t.text == text {
			err = nil
			if !now.Before(t.ends) {
				err = wire.ErrOldTicket
			}
		}
	}
	if err != nil {
		return "", 0, err
	}
	if c.token != nil && now.Before(c.token.ends) {
		c.token.component = nil
	}
	life := s.accounts.ExpiresIn
	made := tokenPrefix + secret.Text(102)
	c.token = &token{c, now.Add(life)}
	s.tokens.Add(made, c.token)
	return made, life, nil
}

// IsToken says whether a text is a component_access_token that is remembered.
func (s *Store) IsToken(text string) bool { return s.tokens.Contains(text) }

// Authorize gives the component whose token text is, which has to be id where that is said. It fails with WeChat's refusal.
func (s *Store) Authorize(text, id string, now time.Time) (*Component, error) {
	t, found := s.tokens.Get(text)
	switch {
	case text == "":
		return nil, wire.ErrNoToken
	case !found && s.accounts.IsToken(text):
		return nil, wire.ErrWantComponent
	case !found, t.component == nil: // another token took its place
		return nil, wire.ErrBadCredential
	case !now.Before(t.ends):
		return nil, wire.ErrExpiredToken
	case id == "":
		return nil, wire.ErrNoComponent
	case id != t.component.ID:
		return nil, wire.ErrBadComponent
	}
	return t.component, nil
}

// Revoke ends the token of a component, as if somebody else had fetched another.
func (c *Component) Revoke() {
	if c.token != nil {
		c.token.component = nil
	}
}
