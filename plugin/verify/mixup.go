package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// Signatures of one kind that were put in the place of another.

const (
	maxMixups = 400 // of a kind
	maxOfKind = 3   // tickets of a kind and account
)

// cardTypes are what wx.chooseCard and wx.chooseInvoice sign.
var cardTypes = []string{"", "GROUPON", "CASH", "DISCOUNT", "GIFT", "GENERAL_COUPON", "MEMBER_CARD", "INVOICE"}

// configSignatures are the signatures of wx.config of the page that the input names.
func (c *checker) configSignatures(nonce, timestamp string) []*slip.Slip {
	var list []*slip.Slip
	page, _, _ := strings.Cut(c.in.URL, "#")
	c.eachTicket(func(a *tickets.Account, ticket string) {
		if len(list) < maxMixups {
			list = append(list, slip.Whole(report.ConfigSignature, "", strconv.Itoa(len(list)), configDraft(ticket, nonce, timestamp, page)))
		}
	})
	return list
}

// configDraft is what wx.config signs.
func configDraft(ticket, nonce, timestamp, page string) draft.Draft {
	return draft.Draft{
		Values: []draft.Part{
			{Name: draft.JSAPITicket, Camel: "jsapiTicket", Value: ticket, Secret: true},
			{Name: "noncestr", Camel: "nonceStr", Value: nonce},
			{Name: "timestamp", Camel: "timeStamp", Value: timestamp},
			{Name: "url", Camel: "url", Value: page},
		},
		Order: draft.AsTheyStand,
		Join:  draft.Pairs("&"),
	}
}

// cardSignatures are the signatures of cards, for wx.addCard and for wx.chooseCard.
func (c *checker) cardSignatures(nonce, timestamp string) []*slip.Slip {
	var list []*slip.Slip
	add := func(got string, values ...draft.Part) {
		if len(list) < maxMixups {
			list = append(list, slip.Whole(report.CardSignature, got, strconv.Itoa(len(list)), draft.Draft{Values: values}))
		}
	}
	c.eachTicket(func(a *tickets.Account, ticket string) {
		secret := draft.Part{Name: draft.APITicket, Value: ticket, Secret: true}
		time := draft.Part{Name: "timestamp", Value: timestamp}
		random := draft.Part{Name: "nonce_str", Value: nonce}
		for _, id := range c.namedCards(a) {
			add(id, secret, time, draft.Part{Name: "card_id", Value: id}, random)
			add(id, secret, time, draft.Part{Name: "card_id", Value: id})
		}
		for _, kind := range cardTypes {
			add("wx.chooseCard", secret, draft.Part{Name: "app_id", Value: a.AppID}, time, random, draft.Part{Name: "card_type", Value: kind})
		}
	})
	return list
}

// namedCards are the cards that may be meant: those that the input names, and those that are listed.
func (c *checker) namedCards(a *tickets.Account) []string {
	var list []string
	if c.in.CardID != "" {
		list = append(list, c.in.CardID)
	}
	for name, value := range c.in.Signed {
		if plain := strings.ToLower(strings.ReplaceAll(name, "_", "")); plain == "cardid" && value != "" {
			list = append(list, value)
		}
	}
	return slices.Compact(append(list, a.Cards...))
}

// eachTicket calls use with the tickets of all accounts, a few of each.
func (c *checker) eachTicket(use func(a *tickets.Account, ticket string)) {
	for i := range c.known.Accounts {
		a := &c.known.Accounts[i]
		for _, list := range [][]tickets.Ticket{a.APITickets, a.JSAPITickets} {
			for _, t := range list[:min(len(list), maxOfKind)] {
				if t.Text != "" {
					use(a, t.Text)
				}
			}
		}
	}
}
