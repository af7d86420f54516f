package api

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func getTicket(c *call) (any, error) {
	kind := c.query.Get("type")
	if kind != accounts.CardTicket && kind != accounts.JSAPITicket {
		return nil, wire.ErrBadArgs
	}
	t, said := c.world.Accounts.Ticket(c.app, kind, c.now)
	return struct {
		wire.Status
		Ticket    string `json:"ticket"`
		ExpiresIn int    `json:"expires_in"`
	}{wire.OK, t.Text, seconds(said)}, nil
}
