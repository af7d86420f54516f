package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

// Verifiable gives what signatures are compared with to find out whether the account made them: its app ids, the tickets and
// access_tokens that this process holds or has just replaced, and its app secrets. It fetches nothing. None of the secret
// ones must leave the process.
func (a *Account) Verifiable(name string) verify.Account {
	known := verify.Account{Name: name, AppID: a.cfg.AppID, MiniProgram: a.cfg.IsMiniProgram}
	secret := func(text string) {
		if text != "" {
			known.AppSecrets = append(known.AppSecrets, text)
		}
	}
	secret(a.cfg.AppSecret)
	for _, mp := range a.cfg.MiniPrograms {
		known.MiniPrograms = append(known.MiniPrograms, mp.AppID)
		secret(mp.AppSecret)
	}
	offset := a.clock.Offset()
	tickets := func(kind credential.Kind) (list []verify.Ticket) {
		for _, v := range a.state.credentials.Keeper(kind).Held() {
			list = append(list, verify.Ticket{Text: v.Text, Ends: v.Expires.Add(offset)})
		}
		return list
	}
	known.APITickets, known.JSAPITickets = tickets(credential.APITicket), tickets(credential.JSAPITicket)
	known.AccessTokens = tickets(credential.AccessToken)
	return known
}
