package verify

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// What Check takes beside Input, and what it gives, by the names that callers use. The packages say more.
type (
	Known   = tickets.Known
	Account = tickets.Account
	Ticket  = tickets.Ticket
	Report  = report.Report
	Verdict = report.Verdict
	Finding = report.Finding
	ID      = report.ID
)

// The verdicts, and the level of a finding that makes a phone refuse.
const (
	Fine    = report.Fine
	Refused = report.Refused
	Open    = report.Open
	Mistake = report.Mistake
)

// Identifiers that callers ask for; package report has all.
const (
	SignatureUnknown = report.SignatureUnknown
	TicketOfOther    = report.TicketOfOther
	TicketPrevious   = report.TicketPrevious
	URLNeeded        = report.URLNeeded
)
