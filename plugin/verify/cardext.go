package verify

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
)

// maxTogether is how many cards one wx.addCard should have: with more it tends to time out.
const maxTogether = 5

// ext is one card to check.
type ext struct {
	fields map[string]string // by the names of extSpecs
	others map[string]string // those that were sent beside them and do not count
	cardID string
}

// checkExts checks the cards that were read. exts[i] belongs to Items[i].
func (c *checker) checkExts(exts []*ext) {
	nonces := make(map[string]bool)
	codes := make(map[string]bool)
	for i, e := range exts {
		if e == nil {
			continue
		}
		it := &c.report.Items[i]
		if e.cardID == "" || c.report.Kind == report.CardExt && c.in.CardID != "" {
			e.cardID = c.in.CardID
		}
		it.CardID = e.cardID
		if listed := c.misspelt(e.cardID); listed != "" {
			it.About(report.CardIDSpelling, "cardId", listed)
		}
		sent.Time(it, "timestamp", e.fields["timestamp"], c.known.Now)
		nonce := e.fields["nonce_str"]
		sent.Nonce(it, "nonce_str", nonce)
		if nonce == "" {
			it.Found(report.NonceMissing)
		} else if key := nonce + " " + e.fields["timestamp"]; nonces[key] {
			it.About(report.NonceTwice, "nonce_str", "")
		} else {
			nonces[key] = true
		}
		if code := e.fields["code"]; code != "" {
			if !field.IsPlainCode(code) {
				it.About(report.CodeMalformed, "code", "")
			}
			if codes[e.cardID+" "+code] {
				it.About(report.CodeTwice, "code", "")
			}
			codes[e.cardID+" "+code] = true
		}
		if openid := e.fields["openid"]; openid != "" && !field.IsOpenID(openid) {
			it.About(report.OpenIDMalformed, "openid", "")
		}
		if begin := e.fields["fixed_begintimestamp"]; begin != "" && !field.IsDigits(begin) {
			it.About(report.NotDigits, "fixed_begintimestamp", "")
		}
		c.search.Explain(it, c.extProblem(e, exts))
		unknown := func(f report.Finding) bool { return f.ID == report.SignatureUnknown }
		if slices.ContainsFunc(it.Findings, unknown) && slices.Contains(sent.ConfigSignatures(c.in.Value), e.fields["signature"]) {
			it.Found(report.ConfigSignature)
		}
	}
}

// extProblem is what search has to find out about a card.
func (c *checker) extProblem(e *ext, all []*ext) *search.Problem {
	p := &search.Problem{
		Sent:    e.fields["signature"],
		Account: c.known.Signer(c.in.Account, e.cardID),
		Ticket:  draft.APITicket,
		Must:    "card_id",
		Others:  e.others,
		Signed: draft.Draft{Values: []draft.Part{
			{Name: draft.APITicket, Camel: "apiTicket", Secret: true},
			{Name: "timestamp", Camel: "timestamp", Value: e.fields["timestamp"]},
			{Name: "card_id", Camel: "cardId", Value: e.cardID},
		}},
	}
	for _, name := range []string{"code", "openid", "nonce_str", "balance"} {
		camel := map[string]string{"nonce_str": "nonceStr"}[name]
		p.Signed.Values = append(p.Signed.Values, draft.Part{Name: name, Camel: camel, Value: e.fields[name]})
	}
	if e.cardID == "" && c.report.Kind == report.CardExt {
		p.Lacks = append(p.Lacks, report.CardIDNeeded)
	}
	p.Slip(slip.Card(p.Signed.Values)...)
	for _, name := range []string{"outer_str", "fixed_begintimestamp", "outer_id"} {
		if value := e.fields[name]; value != "" {
			p.Slip(slip.Add(report.MustNotBeSigned, name, value))
		}
	}
	for _, a := range c.known.Accounts {
		for _, id := range append([]string{a.AppID}, a.MiniPrograms...) {
			if id != "" {
				p.Slip(slip.Add(report.MustNotBeSigned, "app_id", id))
			}
		}
	}
	p.Slip(slip.Null(p.Signed.Values, "code", "openid")...)
	for i, other := range all {
		if other == nil || other == e || i >= maxTogether {
			continue
		}
		p.Slip(otherEntry(e, other)...)
	}
	p.Slip(c.otherCards(p.Account, e.cardID)...)
	if c.in.URL != "" {
		p.Slip(c.configSignatures(e.fields["nonce_str"], e.fields["timestamp"])...)
	}
	return p
}

// otherEntry are mix-ups with another entry of the list.
func otherEntry(e, other *ext) []*slip.Slip {
	var list []*slip.Slip
	swap := func(name, mine, others string) {
		if others != mine && others != "" {
			list = append(list, slip.Set(report.EntriesMixed, name, others))
		}
	}
	swap("card_id", e.cardID, other.cardID)
	for _, name := range []string{"nonce_str", "timestamp", "code", "openid"} {
		swap(name, e.fields[name], other.fields[name])
	}
	whole := slip.New(report.EntriesMixed, "signature", func(d *draft.Draft) {
		d.Set("card_id", other.cardID)
		for _, name := range []string{"nonce_str", "timestamp", "code", "openid", "balance"} {
			d.Set(name, other.fields[name])
		}
	}, "entry")
	return append(list, whole)
}
