package events

import (
	"cmp"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

// MaxCards is how many cards of the wallet are told.
const MaxCards = 30

// WalletView is a card that the phone's user has.
type WalletView struct {
	cards.Look
	Code       string `json:"code"`
	Since      int64  `json:"since"`
	Status     string `json:"status"`
	Active     bool   `json:"active"`
	Membership string `json:"membership_number"`
	Bonus      int    `json:"bonus"`
}

// wallet gives the demo user's cards, the latest first.
func wallet(store *codes.Store) []WalletView {
	list := []WalletView{}
	for _, held := range store.All() {
		if held.User != users.Demo {
			continue
		}
		list = append(list, WalletView{
			held.Card.Look(), held.Code, held.Begin.UnixMilli(), held.Status, held.Active, held.Membership, held.Bonus,
		})
	}
	slices.SortStableFunc(list, func(a, b WalletView) int { return cmp.Compare(b.Since, a.Since) })
	return list[:min(len(list), MaxCards)]
}
