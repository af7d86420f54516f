// Package mask keeps tickets out of what people are shown.
package mask

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

// maskable is from which length on a ticket is looked for inside other texts, and shows its ends. WeChat's have 86
// characters.
const maskable = 24

// Text hides a ticket: its first and last four characters stay, if it is long enough.
func Text(ticket string) string {
	if len(ticket) < maskable {
		return "…"
	}
	return ticket[:4] + "…" + ticket[len(ticket)-4:]
}

// mask hides tickets wherever they turn up: whoever signs by mistake may also send by mistake.
type mask struct{ *strings.Replacer }

func newMask(known *tickets.Known) mask {
	var pairs []string
	for _, a := range known.Accounts {
		for _, list := range [][]tickets.Ticket{a.APITickets, a.JSAPITickets} {
			for _, t := range list {
				if len(t.Text) >= maskable {
					hidden := Text(t.Text)
					pairs = append(pairs, t.Text, hidden, strings.ToLower(t.Text), hidden, strings.ToUpper(t.Text), hidden)
				}
			}
		}
	}
	return mask{strings.NewReplacer(pairs...)}
}

// Report hides the tickets of known in a report.
func Report(known *tickets.Known, r *report.Report) {
	m := newMask(known)
	m.findings(r.Findings)
	for i := range r.Items {
		it := &r.Items[i]
		for _, s := range []*string{&it.Where, &it.CardID, &it.Account, &it.Signature, &it.Text, &it.TextSent} {
			*s = m.Replace(*s)
		}
		for j := range it.Values {
			it.Values[j].Value = m.Replace(it.Values[j].Value)
		}
		m.findings(it.Findings)
	}
}

func (m mask) findings(list []report.Finding) {
	for i := range list {
		f := &list[i]
		for _, s := range []*string{&f.Field, &f.Got, &f.Title.EN, &f.Title.ZH, &f.Fix.EN, &f.Fix.ZH} {
			*s = m.Replace(*s)
		}
	}
}
