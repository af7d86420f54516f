package search

import (
	"maps"
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
)

// maxSigned is how many of the values that the signer had are tried, and how many tickets before all other mistakes.
const maxSigned = 20

// slipsFor lists all mistakes to try, the likely ones first.
func (s *Search) slipsFor(p *Problem, right *draft.Draft, tickets []signer) []*slip.Slip {
	list := slices.Clone(p.First)
	ticket := func(i int, by signer) {
		list = append(list, slip.Ticket(by.id, p.Ticket, by.ticket, by.account.Name, strconv.Itoa(i)))
	}
	var keys []string
	for i, by := range tickets {
		if i == maxSigned {
			break
		}
		keys = append(keys, by.ticket)
		if by.ticket != right.Get(p.Ticket) {
			ticket(i, by)
		}
	}
	list = append(list, signedSlips(right, s.signed)...)
	list = append(list, sentSlips(right, p.Others)...)
	list = append(list, p.Slips...)
	if p.Ticket == draft.APITicket {
		list = append(list, slip.CardRule(right.Values)...)
	}
	for i, by := range tickets[min(len(tickets), maxSigned):] {
		ticket(maxSigned+i, by)
	}
	list = append(list, slip.NoTicket(p.Ticket))
	list = append(list, slip.AlteredTicket(p.Ticket)...)
	list = append(list, slip.TicketWords(p.Ticket)...)
	return append(list, slip.HMAC(p.Ticket, keys)...)
}

// sentSlips are values that were sent beside those that count.
func sentSlips(right *draft.Draft, others map[string]string) []*slip.Slip {
	list := signedSlips(right, others)
	return slices.DeleteFunc(list, func(s *slip.Slip) bool { return s.ID != report.ValueDiffers })
}

// signedSlips are the values that the signer had and did not send.
func signedSlips(right *draft.Draft, signed map[string]string) []*slip.Slip {
	var list []*slip.Slip
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		value := signed[name]
		if len(list) == maxSigned || value == "" {
			continue
		}
		at := slices.IndexFunc(right.Values, func(v draft.Part) bool {
			return !v.Secret && (sent.PlainKey(v.Name) == sent.PlainKey(name) || sent.PlainKey(v.Camel) == sent.PlainKey(name))
		})
		switch {
		case at < 0:
			list = append(list, slip.Add(report.SignedNotSent, name, value))
		case right.Values[at].Value == "":
			list = append(list, slip.Set(report.SignedNotSent, right.Values[at].Name, value))
		case right.Values[at].Value != value:
			list = append(list, slip.Set(report.ValueDiffers, right.Values[at].Name, value))
		}
	}
	return list
}
