package verify

import (
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
	f := sent.Read(it, members, chooseSpecs, "appId", "success", "fail", "complete")
	it.CardID = f["cardId"]
	sent.Time(it, "timestamp", f["timestamp"], c.known.Now)
	nonce := f["nonceStr"]
	sent.Nonce(it, "nonceStr", nonce)
	if nonce == "" {
		it.About(report.FieldMissing, "nonceStr", "")
	}
	if f["signType"] != "SHA1" {
		it.About(report.SignType, "signType", "")
	}

	p := &search.Problem{
		Sent:    f["cardSign"],
		Account: c.known.Signer(c.in.Account, it.CardID),
		Ticket:  draft.APITicket,
		AppID:   true,
		Must:    "app_id",
		Signed: draft.Draft{Values: []draft.Part{
			{Name: draft.APITicket, Camel: "apiTicket", Secret: true},
			{Name: "app_id", Camel: "appId"},
			{Name: "location_id", Camel: "shopId", Value: f["shopId"]},
			{Name: "timestamp", Camel: "time_stamp", Value: f["timestamp"]},
			{Name: "nonce_str", Camel: "nonceStr", Value: nonce},
			{Name: "card_id", Camel: "cardId", Value: f["cardId"]},
			{Name: "card_type", Camel: "cardType", Value: f["cardType"]},
		}},
	}
	p.Slip(appIDSlips(c.known, p.Account)...)
	p.Slip(slip.Card(p.Signed.Values)...)
	if sign := f["signType"]; sign != "" {
		p.Slip(slip.Add(report.MustNotBeSigned, "sign_type", sign))
	}
	c.search.Explain(it, p)
}
