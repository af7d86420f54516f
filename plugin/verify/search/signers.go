package search

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// signer is a ticket that may have signed.
type signer struct {
	account *tickets.Account
	ticket  string
	id      report.ID // what is wrong with it; "": nothing
}

// signers lists the tickets that may have signed: those of the account that must, the right one first, and others.
func (s *Search) signers(p *Problem) (own, others []signer) {
	var late []signer
	for i := range s.known.Accounts {
		a := &s.known.Accounts[i]
		right, wrong, kind := a.APITickets, a.JSAPITickets, report.JSAPITicket
		if p.Ticket == draft.JSAPITicket {
			right, wrong, kind = wrong, right, report.APITicket
		}
		mine := !a.MiniProgram && (p.Account == nil || p.Account.Name == a.Name)
		for j, t := range right {
			by := signer{a, t.Text, ""}
			switch {
			case t.Text == "":
				continue
			case a.MiniProgram:
				by.id = report.TicketOfMiniProgram
				others = append(others, by)
				continue
			case !mine:
				by.id = report.TicketOfOther
				late = append(late, by)
				continue
			case t.Ended(s.known.Now):
				by.id = report.TicketExpired
			case j > 0:
				by.id = report.TicketPrevious
			}
			own = append(own, by)
		}
		for _, t := range wrong {
			by := signer{a, t.Text, kind}
			switch {
			case t.Text == "":
			case mine:
				others = slices.Insert(others, 0, by)
			case a.MiniProgram:
				by.id = report.TicketOfMiniProgram
				others = append(others, by)
			default:
				late = append(late, by)
			}
		}
		var taken []signer // for a ticket
		for _, t := range a.AccessTokens {
			taken = append(taken, signer{a, t.Text, report.AccessToken})
		}
		for _, secret := range a.AppSecrets {
			taken = append(taken, signer{a, secret, report.AppSecret})
		}
		taken = slices.DeleteFunc(taken, func(by signer) bool { return by.ticket == "" })
		if mine || a.MiniProgram {
			others = append(others, taken...)
		} else {
			late = append(late, taken...)
		}
	}
	slices.SortStableFunc(own, func(a, b signer) int { return rank(a.id) - rank(b.id) })
	return own, append(others, late...)
}

// rank orders the tickets of the right account: the good one first.
func rank(id report.ID) int {
	return slices.Index([]report.ID{"", report.TicketPrevious, report.TicketExpired}, id)
}

// by makes the draft of a signer.
func (p *Problem) by(s signer) draft.Draft {
	d := p.Signed
	d.Values = slices.Clone(d.Values)
	d.Set(p.Ticket, s.ticket)
	if p.AppID {
		d.Set("app_id", s.account.AppID)
	}
	return d
}
