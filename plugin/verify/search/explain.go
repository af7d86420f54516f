package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/signature"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// Fits tells whether the signature of a problem is right, or would be but for the age of the ticket: no mistake has to be
// looked for.
func (s *Search) Fits(p *Problem) bool {
	aim := signature.Read(p.Sent)
	own, _ := s.signers(p)
	return slices.ContainsFunc(own, func(by signer) bool {
		if s.spent.hashes >= maxOfItem {
			return false
		}
		d := p.by(by)
		s.spent.hashes++
		return aim.Is(d.Text(false), d.Hash)
	})
}

// Explain finds out how the signature of a problem was made, and notes in the item what is right and what was wrong. It
// tells whether it found out.
func (s *Search) Explain(it *report.Item, p *Problem) bool {
	it.Signature = p.Sent
	own, others := s.signers(p)
	var base signer
	ready := len(own) > 0 && own[0].id != report.TicketExpired
	switch {
	case len(own) > 0:
		base = own[0]
	case p.Account != nil:
		base.account = p.Account
	default:
		base.account = new(tickets.Account)
	}
	it.Account = base.account.Name
	right := p.by(base)
	if !ready {
		right.Set(p.Ticket, "")
		p.Lacks = append(p.Lacks, report.TicketNeeded)
	}
	if p.AppID && base.account.AppID == "" {
		p.Lacks = append(p.Lacks, report.AppIDNeeded)
	}
	p.show(it, &right)

	x := hunt{Search: s, it: it, problem: p, base: right, aim: signature.Read(p.Sent), seen: make(map[string]bool), ready: ready}
	if p.Sent == "" {
		it.Found(report.SignatureMissing)
		p.lack(it)
		return true
	}
	for _, by := range own {
		d := p.by(by)
		if !x.hits(&d) {
			continue
		}
		it.Account = by.account.Name
		p.show(it, &d)
		if by.id != "" {
			it.About(by.id, "", by.account.Name)
		}
		x.note(&d)
		if d.Get(p.Must) == "" {
			it.About(report.NotSigned, p.Must, "")
			it.TextSent = d.Text(true)
		}
		return true
	}
	x.slips = s.slipsFor(p, &right, slices.Concat(own, others))
	if x.run() {
		return true
	}
	switch {
	case slices.Contains(sampleSignatures, strings.ToLower(p.Sent)):
		it.Found(report.SampleSignature)
	case x.aim.Malformed:
		it.Found(report.SignatureMalformed)
	case len(p.Lacks) == 0 && right.Get(p.Must) != "":
		if p.Unknown != "" {
			it.About(p.Unknown, p.Must, "")
		}
		it.About(report.SignatureUnknown, "", strconv.Itoa(x.tried))
	}
	p.lack(it)
	return false
}

// sampleSignatures stand in WeChat's documentation and fit nothing there.
var sampleSignatures = []string{"4f76593a4245644fae4e1bc940f6422a0c3ec03e", "6b81fbf6af16e856334153b39737556063c82689"}
