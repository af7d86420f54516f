package slip

import (
	"html"
	"net/url"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Config are the mistakes with the rule of wx.config.
func Config(values []draft.Part) []*Slip {
	rename := func(names ...string) func(*draft.Draft) {
		return func(d *draft.Draft) {
			for i := range d.Values {
				for j := 0; j+1 < len(names); j += 2 {
					if d.Values[i].Name == names[j] {
						d.Values[i].Name = names[j+1]
					}
				}
			}
		}
	}
	list := append(valueSlips(values),
		draftSlip(report.ConfigKeys, "nonceStr", rename("noncestr", "nonceStr"), "keys").Got("nonceStr"),
		draftSlip(report.ConfigKeys, "nonce_str", rename("noncestr", "nonce_str"), "keys").Got("nonce_str"),
		draftSlip(report.ConfigKeys, "timeStamp", rename("timestamp", "timeStamp"), "keys").Got("timeStamp"),
		draftSlip(report.ConfigKeys, "both", rename("noncestr", "nonceStr", "timestamp", "timeStamp"), "keys").Got("nonceStr, timeStamp"),
		draftSlip(report.ConfigKeys, "ticket", rename(draft.JSAPITicket, "ticket"), "keys").Got("ticket"),
		draftSlip(report.ConfigKeys, "jsapiTicket", rename(draft.JSAPITicket, "jsapiTicket"), "keys").Got("jsapiTicket"),
		draftSlip(report.ConfigKeys, "api_ticket", rename(draft.JSAPITicket, draft.APITicket), "keys").Got(draft.APITicket),
		draftSlip(report.ConfigKeys, "camel", rename(draft.JSAPITicket, "jsapiTicket", "noncestr", "nonceStr", "timestamp", "timeStamp"), "keys").Got("jsapiTicket, nonceStr, timeStamp"),
		draftSlip(report.ConfigKeys, "upper", func(d *draft.Draft) {
			for i := range d.Values {
				d.Values[i].Name = strings.ToUpper(d.Values[i].Name)
			}
		}, "keys").Got("JSAPI_TICKET, NONCESTR, TIMESTAMP, URL"),
		draftSlip(report.ConfigLikeCard, "", func(d *draft.Draft) { d.Order, d.Join = draft.ByValue, draft.JoinWith("") }, "join", "order"),
		draftSlip(report.ConfigLikeCard, "unsorted", func(d *draft.Draft) { d.Join = draft.JoinWith("") }, "join"),
		draftSlip(report.ConfigLikeCard, "no &", func(d *draft.Draft) { d.Join = draft.Pairs("") }, "join"),
		draftSlip(report.ConfigEncoded, "", func(d *draft.Draft) { d.Whole = url.QueryEscape }, "letters"),
		draftSlip(report.ConfigEncoded, "lower", func(d *draft.Draft) { d.Whole = strings.ToLower }, "letters"),
		draftSlip(report.ConfigEncoded, "HTML", func(d *draft.Draft) { d.Whole = html.EscapeString }, "letters"),
		draftSlip(report.ConfigEncoded, "from HTML", func(d *draft.Draft) { d.Whole = html.UnescapeString }, "letters"), // &timestamp becomes ×tamp
		New(report.TicketNotSigned, "", func(d *draft.Draft) { d.Set(draft.JSAPITicket, "") }, ticketGroup).As("empty"),
	)
	return append(list, rareSlips(values)...)
}
