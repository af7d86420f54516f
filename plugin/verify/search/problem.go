package search

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/signature"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// Problem is a signature to explain.
type Problem struct {
	Sent    string
	Account *tickets.Account  // whose ticket must have signed; nil: anybody's may
	Ticket  string            // the name of the ticket that signs
	AppID   bool              // the official account's app id is signed too
	Must    string            // the value that may not be empty
	Signed  draft.Draft       // what should be signed, but for the ticket and the app id
	First   []*slip.Slip      // the likeliest mistakes: before those with the ticket
	Slips   []*slip.Slip      // the mistakes that these values allow
	Others  map[string]string // values that were sent too, but do not count, by the names of their fields
	Unknown report.ID         // what to look at first when nothing explains the signature; "": nothing in particular
	Lacks   []report.ID       // what is missing for the right signature
}

// Slip adds to what is tried.
func (p *Problem) Slip(list ...*slip.Slip) { p.Slips = append(p.Slips, list...) }

// show puts the right signature into the item, if it can be known.
func (p *Problem) show(it *report.Item, d *draft.Draft) {
	if len(p.Lacks) > 0 || d.Get(p.Must) == "" {
		return
	}
	it.Right = signature.Of(d.Text(false))
	it.Text = d.Text(true)
	it.Values = it.Values[:0]
	for _, v := range d.Arranged(true) {
		if v.Value != "" {
			it.Values = append(it.Values, report.Signed{Name: v.Name, Value: v.Value})
		}
	}
}

// lack tells what the check would need.
func (p *Problem) lack(it *report.Item) {
	for _, id := range p.Lacks {
		field := ""
		if id == report.TicketNeeded {
			field = p.Ticket
		}
		it.About(id, field, it.Account)
	}
}
