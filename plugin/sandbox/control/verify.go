package control

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/local"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
)

const (
	maxSearchedApps    = 50
	maxSearchedTickets = 20 // of a kind and app
)

// inspection is what POST /_sandbox/verify answers. Nothing is handed out for it.
type inspection struct {
	verify.Report
	// Phone is what wx.addCard would say, which knows more than signatures: the card, its stock, what was used. Nil: that is
	// not what was sent.
	Phone *phone.Refused `json:"phone,omitempty"`
}

// inspect says why the phone refuses what was passed to it, or does not: a verify.Input, whose accounts are app ids.
func inspect(w *world.World, body []byte) (*inspection, error) {
	var in verify.Input
	if err := local.Decode(body, &in); err != nil {
		return nil, err
	}
	w.Lock()
	known := known(w)
	no := phone.TryAddCard(w, in.Value)
	w.Unlock()
	return &inspection{verify.Check(in, known), no}, nil
}

// known is what signatures are compared with: all tickets that the sandbox remembers, up to a bound.
func known(w *world.World) verify.Known {
	known := verify.Known{Now: w.Now()}
	apps := w.Accounts.All()
	for _, a := range apps[max(0, len(apps)-maxSearchedApps):] {
		tickets := func(kind string) (list []verify.Ticket) {
			all := a.Tickets[kind]
			for _, t := range slices.Backward(all[max(0, len(all)-maxSearchedTickets):]) {
				list = append(list, verify.Ticket{Text: t.Text, Ends: t.Expires})
			}
			return list
		}
		account := verify.Account{
			Name: a.ID, AppID: a.ID, APITickets: tickets(accounts.CardTicket), JSAPITickets: tickets(accounts.JSAPITicket),
		}
		for _, token := range []*accounts.Token{a.Stable.Current, a.Classic.Current, a.Stable.Previous, a.Classic.Previous} {
			if token != nil {
				account.AccessTokens = append(account.AccessTokens, verify.Ticket{Text: token.Text})
			}
		}
		if a.Secret != "" {
			account.AppSecrets = []string{a.Secret}
		}
		known.Accounts = append(known.Accounts, account)
	}
	owners := make(map[string]string)
	for _, c := range w.Cards.All() {
		owners[c.ID] = c.App
		for i := range known.Accounts {
			if a := &known.Accounts[i]; a.Name == c.App || c.App == "" {
				a.Cards = append(a.Cards, c.ID)
			}
		}
	}
	known.Owner = func(cardID string) string { return owners[cardID] }
	return known
}
