// Package mask keeps tickets out of what people are shown.
package mask

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/tickets"
)

const (
	// maskable is from which length on a ticket is looked for inside other texts.
	maskable = 24
	// shown is from which length on its ends are shown. WeChat's tickets have 86 characters; an app secret has 32, of which
	// eight would be too many.
	shown = 40
)

// Text hides a ticket: its first and last four characters stay, if it is long enough.
func Text(ticket string) string {
	if len(ticket) < shown {
		return "…"
	}
	return ticket[:4] + "…" + ticket[len(ticket)-4:]
}

// mask hides tickets wherever they turn up: whoever signs by mistake may also send by mistake.
type mask struct{ *strings.Replacer }

func newMask(known *tickets.Known) mask {
	var pairs []string
	hide := func(text string) {
		if len(text) >= maskable {
			hidden := Text(text)
			pairs = append(pairs, text, hidden, strings.ToLower(text), hidden, strings.ToUpper(text), hidden)
		}
	}
	for _, a := range known.Accounts {
		for _, list := range [][]tickets.Ticket{a.APITickets, a.JSAPITickets, a.AccessTokens} {
			for _, t := range list {
				hide(t.Text)
			}
		}
		for _, secret := range a.AppSecrets {
			hide(secret)
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
