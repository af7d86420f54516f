package verify

import (
	"slices"
	"strings"
)

// What the client reads out of the argument of wx.chooseCard.
var chooseSpecs = []spec{
	{name: "shopId", signed: "location_id", others: []string{"locationid"}, number: true},
	{name: "cardType", signed: "card_type"},
	{name: "cardId", signed: "card_id"},
	{name: "timestamp", signed: "timestamp", others: []string{"time", "ts"}, number: true},
	{name: "nonceStr", signed: "nonce_str", others: []string{"nonce"}},
	{name: "signType"},
	{name: "cardSign", others: []string{"signature", "sign"}},
}

// chooseCard checks the argument of wx.chooseCard. A wrong one shows an empty list, no error.
func (c *checker) chooseCard(members []member) {
	c.report.Items = make([]Item, 1)
	it := &c.report.Items[0]
	f := readFields(it, members, chooseSpecs, "appId", "success", "fail", "complete")
	it.CardID = f["cardId"].value
	c.judgeTime(it, f, "timestamp")
	nonce := f["nonceStr"].value
	judgeNonce(it, "nonceStr", nonce)
	if nonce == "" {
		it.about(FieldMissing, "nonceStr", "")
	}
	if f["signType"].value != "SHA1" {
		it.about(SignType, "signType", "")
	}

	p := &problem{
		sent:    f["cardSign"].value,
		account: c.account(it.CardID),
		ticket:  apiTicket,
		appID:   true,
		must:    "app_id",
		signed: draft{values: []part{
			{name: apiTicket, camel: "apiTicket", secret: true},
			{name: "app_id", camel: "appId"},
			{name: "location_id", camel: "shopId", value: f["shopId"].value},
			{name: "timestamp", camel: "time_stamp", value: f["timestamp"].value},
			{name: "nonce_str", camel: "nonceStr", value: nonce},
			{name: "card_id", camel: "cardId", value: f["cardId"].value},
			{name: "card_type", camel: "cardType", value: f["cardType"].value},
		}},
	}
	p.slip(appIDSlips(c.known, p.account)...)
	p.slip(cardSlips(p.signed.values)...)
	if sign := f["signType"].value; sign != "" {
		p.slip(addValue(MustNotBeSigned, "sign_type", sign))
	}
	c.search(it, p)
}

// appIDSlips are other app ids in the place of the official account's.
func appIDSlips(known Known, own *Account) []*slip {
	list := []*slip{removeValue(NotSigned, "app_id")}
	var others []*slip
	for _, a := range known.Accounts {
		for _, id := range a.MiniPrograms {
			list = append(list, setValue(AppIDOfMiniProgram, "app_id", id).got(id))
		}
		switch {
		case a.AppID == "" || own != nil && a.Name == own.Name:
		case a.MiniProgram:
			list = append(list, setValue(AppIDOfMiniProgram, "app_id", a.AppID).got(a.AppID))
		default:
			others = append(others, setValue(AppIDOfOther, "app_id", a.AppID).got(a.AppID))
		}
	}
	return append(list, others...)
}

// appIDIs says whose an app id is that was sent: the finding about it, "" when it is right.
func appIDIs(known Known, own *Account, id string) ID {
	match := ID("")
	for _, a := range known.Accounts {
		mine := own == nil || own.Name == a.Name
		switch {
		case slices.Contains(a.MiniPrograms, id), a.MiniProgram && a.AppID == id:
			return AppIDOfMiniProgram
		case a.AppID == id && mine:
			return ""
		case a.AppID == id:
			match = AppIDOfOther
		case a.AppID != "" && mine && match == "" && !a.MiniProgram:
			match = AppIDUnknown
		}
	}
	if strings.TrimSpace(id) == "" {
		return AppIDMissing
	}
	return match
}
