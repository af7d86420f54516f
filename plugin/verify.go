package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

// Verifiable gives what signatures are compared with to find out whether the account made them: its app ids, and the
// tickets that this process holds or has just replaced. It fetches nothing. Tickets must not leave the process.
func (a *Account) Verifiable(name string) verify.Account {
	known := verify.Account{Name: name, AppID: a.cfg.AppID}
	for _, mp := range a.cfg.MiniPrograms {
		known.MiniPrograms = append(known.MiniPrograms, mp.AppID)
	}
	offset := a.clock.Offset()
	tickets := func(kind credential.Kind) (list []verify.Ticket) {
		for _, v := range a.state.credentials.Keeper(kind).Held() {
			list = append(list, verify.Ticket{Text: v.Text, Ends: v.Expires.Add(offset)})
		}
		return list
	}
	known.APITickets, known.JSAPITickets = tickets(credential.APITicket), tickets(credential.JSAPITicket)
	return known
}
