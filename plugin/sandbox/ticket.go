package sandbox

import "time"

// WeChat does not say whether a new ticket ends the older ones, or whether a ticket outlives the access_token that
// fetched it. Here every fetch makes a new ticket with the full lifetime, older ones stay good until their own end, and
// tickets do not depend on tokens: what a gateway holds works on unless Revoke ends it.

// The types of ticket.
const (
	cardTicket  = "wx_card"
	jsapiTicket = "jsapi"
)

// ticket is an api_ticket or a jsapi_ticket.
type ticket struct {
	text    string
	made    time.Time
	expires time.Time
}

func (t *ticket) live(now time.Time) bool { return now.Before(t.expires) }

func (s *Sandbox) getTicket(c *call) (any, error) {
	kind := c.query.Get("type")
	if kind != cardTicket && kind != jsapiTicket {
		return nil, errBadArgs
	}
	t := &ticket{text: randomText(64), made: c.now, expires: c.now.Add(s.cfg.ExpiresIn)}
	list := c.app.tickets[kind]
	if len(list) >= maxTickets {
		list = append([]*ticket(nil), list[1:]...)
	}
	c.app.tickets[kind] = append(list, t)
	return struct {
		status
		Ticket    string `json:"ticket"`
		ExpiresIn int    `json:"expires_in"`
	}{ok, t.text, seconds(s.cfg.ExpiresIn)}, nil
}
