package verify

import "strings"

// maskable is from which length on a ticket is looked for inside other texts, and shows its ends. WeChat's have 86
// characters.
const maskable = 24

// maskText hides a ticket: its first and last four characters stay, if it is long enough.
func maskText(ticket string) string {
	if len(ticket) < maskable {
		return "…"
	}
	return ticket[:4] + "…" + ticket[len(ticket)-4:]
}

// mask hides tickets wherever they turn up: whoever signs by mistake may also send by mistake.
type mask struct{ *strings.Replacer }

func newMask(known Known) mask {
	var pairs []string
	for _, a := range known.Accounts {
		for _, list := range [][]Ticket{a.APITickets, a.JSAPITickets} {
			for _, t := range list {
				if len(t.Text) >= maskable {
					hidden := maskText(t.Text)
					pairs = append(pairs, t.Text, hidden, strings.ToLower(t.Text), hidden, strings.ToUpper(t.Text), hidden)
				}
			}
		}
	}
	return mask{strings.NewReplacer(pairs...)}
}

func (m mask) report(r *Report) {
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

func (m mask) findings(list []Finding) {
	for i := range list {
		f := &list[i]
		for _, s := range []*string{&f.Field, &f.Got, &f.Title.EN, &f.Title.ZH, &f.Fix.EN, &f.Fix.ZH} {
			*s = m.Replace(*s)
		}
	}
}
