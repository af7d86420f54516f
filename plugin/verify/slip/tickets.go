package slip

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// ticketGroup is that of all slips that put something else in the ticket's place.
const ticketGroup = "ticket"

// OtherTicket tells whether the slip puts something else in the ticket's place.
func (s *Slip) OtherTicket() bool { return slices.Contains(s.groups, ticketGroup) }

// Ticket signs with another ticket, that of the account whose. variant tells it apart from others of the same mistake.
func Ticket(id report.ID, name, ticket, whose, variant string) *Slip {
	return New(id, "", func(d *draft.Draft) { d.Set(name, ticket) }, ticketGroup).Got(whose).As(variant)
}

// NoTicket signs without the ticket.
func NoTicket(name string) *Slip {
	return New(report.TicketNotSigned, "", Remove(report.TicketNotSigned, name).apply, ticketGroup)
}

// TicketWords sign what a program wrote in the place of a ticket that it did not have.
func TicketWords(name string) []*Slip {
	words := []string{"undefined", "null", "None", "nil", "false", "[object Promise]", "[object Object]"}
	list := make([]*Slip, 0, len(words))
	for _, word := range words {
		list = append(list, Ticket(report.TicketWord, name, word, word, word))
	}
	return Alone(list...)
}

// Whole signs something else altogether, which has a ticket of its own.
func Whole(id report.ID, got, variant string, other draft.Draft) *Slip {
	s := New(id, "", func(d *draft.Draft) {
		other.Values = slices.Clone(other.Values)
		*d = other
	}, ticketGroup).Got(got).As(variant)
	return Alone(s)[0]
}

// AlteredTicket signs the ticket with something around it.
func AlteredTicket(name string) []*Slip {
	as := func(variant string, change func(string) string) *Slip {
		return draftSlip(report.TicketAltered, variant, func(d *draft.Draft) { d.Change(name, change) }, "ticket text")
	}
	return []*Slip{
		as("line break", func(t string) string { return t + "\n" }),
		as("Windows line break", func(t string) string { return t + "\r\n" }),
		as("blank", func(t string) string { return t + " " }),
		as("quotes", func(t string) string { return `"` + t + `"` }),
	}
}
