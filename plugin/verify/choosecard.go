package verify

import (
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
)

// What the client reads out of the argument of wx.chooseCard.
var chooseSpecs = []sent.Spec{
	{Name: "shopId", Others: []string{"locationid"}, Number: true},
	{Name: "cardType"},
	{Name: "cardId"},
	{Name: "timestamp", Others: []string{"time", "ts"}, Number: true},
	{Name: "nonceStr", Others: []string{"nonce"}},
	{Name: "signType"},
	{Name: "cardSign", Others: []string{"signature", "sign"}},
}

// chooseCard checks the argument of wx.chooseCard. A wrong one shows an empty list, no error.
func (c *checker) chooseCard(members []sent.Member) {
	c.report.Items = make([]report.Item, 1)
	it := &c.report.Items[0]
	f, others := sent.Read(it, members, chooseSpecs, "appId", "success", "fail", "complete")
	it.CardID = f["cardId"]
	if listed := c.misspelt(it.CardID); listed != "" {
		it.About(report.CardIDSpelling, "cardId", listed)
	}
	sent.Time(it, "timestamp", f["timestamp"], c.known.Now)
	nonce := f["nonceStr"]
	sent.Nonce(it, "nonceStr", nonce)
	if nonce == "" {
		it.About(report.FieldMissing, "nonceStr", "")
	}
	if f["signType"] != "SHA1" {
		it.About(report.SignType, "signType", "")
	}

	p := c.chooseProblem(f, others)
	if f["shopId"] != "" || f["cardType"] != "" || f["cardId"] != "" || c.search.Fits(p) {
		c.search.Explain(it, p)
		return
	}
	// It may be the argument of wx.chooseInvoice, which signs a type that it does not send.
	f["cardType"] = "INVOICE"
	invoice := c.chooseProblem(f, others)
	asInvoice := *it
	asInvoice.Findings = slices.Clone(it.Findings)
	if !c.search.Fits(invoice) && c.search.Explain(it, p) {
		return
	}
	if c.search.Explain(&asInvoice, invoice) {
		*it = asInvoice
	}
}

// chooseProblem is what search has to find out about the argument of wx.chooseCard.
func (c *checker) chooseProblem(f, others map[string]string) *search.Problem {
	p := &search.Problem{
		Sent:    f["cardSign"],
		Account: c.known.Signer(c.in.Account, f["cardId"]),
		Ticket:  draft.APITicket,
		AppID:   true,
		Must:    "app_id",
		Others:  others,
		Signed: draft.Draft{Values: []draft.Part{
			{Name: draft.APITicket, Camel: "apiTicket", Secret: true},
			{Name: "app_id", Camel: "appId"},
			{Name: "location_id", Camel: "shopId", Value: f["shopId"]},
			{Name: "timestamp", Camel: "time_stamp", Value: f["timestamp"]},
			{Name: "nonce_str", Camel: "nonceStr", Value: f["nonceStr"]},
			{Name: "card_id", Camel: "cardId", Value: f["cardId"]},
			{Name: "card_type", Camel: "cardType", Value: f["cardType"]},
		}},
	}
	p.Slip(appIDSlips(c.known, p.Account)...)
	p.Slip(slip.Card(p.Signed.Values)...)
	if sign := f["signType"]; sign != "" {
		p.Slip(slip.Add(report.MustNotBeSigned, "sign_type", sign))
	}
	if f["cardType"] == "" {
		for _, kind := range cardTypes[1:] {
			p.Slip(slip.Alone(slip.Set(report.SignedNotSent, "card_type", kind).As(kind))...)
		}
	}
	p.Slip(c.otherCards(p.Account, f["cardId"])...)
	if c.in.URL != "" {
		p.Slip(c.configSignatures(f["nonceStr"], f["timestamp"])...)
	}
	return p
}
