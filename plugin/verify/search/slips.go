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
	var list []*slip.Slip
	ticket := func(i int, by signer) {
		list = append(list, slip.Ticket(by.id, p.Ticket, by.ticket, by.account.Name, strconv.Itoa(i)))
	}
	for i, by := range tickets {
		if by.ticket == right.Get(p.Ticket) {
			continue
		}
		if i == maxSigned {
			break
		}
		ticket(i, by)
	}
	list = append(list, s.signedSlips(right)...)
	list = append(list, p.Slips...)
	if p.Ticket == draft.APITicket {
		list = append(list, slip.CardRule(right.Values)...)
	}
	for i, by := range tickets[min(len(tickets), maxSigned):] {
		ticket(maxSigned+i, by)
	}
	list = append(list, slip.NoTicket(p.Ticket))
	return append(list, slip.AlteredTicket(p.Ticket)...)
}

// signedSlips are the values that the signer had and did not send.
func (s *Search) signedSlips(right *draft.Draft) []*slip.Slip {
	var list []*slip.Slip
	for _, name := range slices.Sorted(maps.Keys(s.signed)) {
		value := s.signed[name]
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
