package verify

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/search"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/sent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/slip"
)

// What the client reads out of the argument of wx.config; url stands beside it.
var configSpecs = []sent.Spec{
	{Name: "appId"},
	{Name: "timestamp", Others: []string{"time", "ts"}, Number: true},
	{Name: "nonceStr", Others: []string{"nonce"}},
	{Name: "signature", Others: []string{"sign"}},
}

// jsConfig checks the argument of wx.config.
func (c *checker) jsConfig(members []sent.Member) {
	c.report.Items = make([]report.Item, 1)
	it := &c.report.Items[0]
	page := c.in.URL
	var kept []sent.Member
	apis := false
	for _, m := range members {
		switch sent.PlainKey(m.Key) {
		case "url", "link":
			if text, ok := sent.StringOf(m.Raw); ok && page == "" {
				page = text
			}
		case "jsapilist":
			_, apis = sent.ListOf(m.Raw)
			if m.Key != "jsApiList" {
				it.About(report.KeyName, "jsApiList", m.Key)
			}
		default:
			kept = append(kept, m)
		}
	}
	f, others := sent.Read(it, kept, configSpecs, "debug", "beta", "openTagList")
	sent.Time(it, "timestamp", f["timestamp"], c.known.Now)
	nonce := f["nonceStr"]
	switch {
	case nonce == "":
		it.About(report.FieldMissing, "nonceStr", "")
	case !field.All(nonce, field.IsAlnum): // nothing else tells where it ends in the text that is signed
		it.About(report.NonceMalformed, "nonceStr", "")
	}
	if !apis {
		it.Found(report.APIListMissing)
	}
	p := &search.Problem{
		Sent:    f["signature"],
		Account: c.known.Signer(c.in.Account, ""),
		Ticket:  draft.JSAPITicket,
		Must:    "url",
		Others:  others,
		Unknown: report.URLCheck,
	}
	appID := f["appId"]
	if p.Account == nil {
		p.Account = c.known.ByAppID(appID)
	}
	if id := appIDIs(c.known, p.Account, appID); id != "" {
		it.About(id, "appId", appID)
	}
	if page == "" {
		p.Lacks = append(p.Lacks, report.URLNeeded)
	}
	bare, fragment, _ := strings.Cut(page, "#")
	p.Signed = configDraft("", nonce, f["timestamp"], bare)
	if page != "" {
		p.First = slip.URL(bare, fragment)
	}
	p.Slip(slip.Config(p.Signed.Values)...)
	p.Slip(c.cardSignatures(nonce, f["timestamp"])...)
	c.search.Explain(it, p)
}
