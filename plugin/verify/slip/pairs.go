package slip

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// pairSlips join with & or write key=value, as for wx.config.
func pairSlips() []*Slip {
	list := []*Slip{draftSlip(report.JoinedAmpersand, "", func(d *draft.Draft) { d.Join = draft.JoinWith("&") }, "join")}
	names := []struct {
		variant string
		name    func(draft.Part) string
	}{
		{"snake", func(v draft.Part) string { return v.Name }},
		{"ticket", func(v draft.Part) string {
			if v.Secret {
				return "ticket"
			}
			return v.Name
		}},
		{"jsapi_ticket", func(v draft.Part) string {
			if v.Secret {
				return "jsapi_ticket"
			}
			return v.Name
		}},
		{"noncestr", func(v draft.Part) string { return strings.Replace(v.Name, "nonce_str", "noncestr", 1) }},
		{"jsapi_ticket noncestr", func(v draft.Part) string {
			if v.Secret {
				return "jsapi_ticket"
			}
			return strings.Replace(v.Name, "nonce_str", "noncestr", 1)
		}},
		{"camel", func(v draft.Part) string {
			if v.Camel != "" {
				return v.Camel
			}
			return v.Name
		}},
	}
	rare := make([]*Slip, 0, 2*len(names))
	for _, n := range names {
		rename := func(list []draft.Part) []draft.Part {
			for i := range list {
				list[i].Name = n.name(list[i])
			}
			return list
		}
		sorted := func(list []draft.Part) []draft.Part {
			list = rename(list)
			slices.SortStableFunc(list, func(a, b draft.Part) int { return strings.Compare(a.Name, b.Name) })
			return list
		}
		for _, sep := range []string{"&", ""} {
			list = append(list,
				draftSlip(report.KeyValue, n.variant+sep, func(d *draft.Draft) {
					d.Order, d.Join = func(l []draft.Part) []draft.Part { return draft.Filled(sorted(l)) }, draft.Pairs(sep)
				}, "join", "order"),
				draftSlip(report.KeyValue, n.variant+sep+" blank", func(d *draft.Draft) { d.Order, d.Join = sorted, draft.Pairs(sep) }, "join", "order"),
				draftSlip(report.KeyValue, n.variant+sep+" by value", func(d *draft.Draft) {
					d.Order, d.Join = func(l []draft.Part) []draft.Part { return rename(draft.ByValue(draft.Filled(l))) }, draft.Pairs(sep)
				}, "join", "order"),
				draftSlip(report.KeyValue, n.variant+sep+" unsorted", func(d *draft.Draft) {
					d.Order, d.Join = func(l []draft.Part) []draft.Part { return rename(draft.Filled(l)) }, draft.Pairs(sep)
				}, "join", "order"),
			)
		}
		filled := func(l []draft.Part) []draft.Part { return draft.Filled(sorted(l)) }
		rare = append(rare,
			draftSlip(report.KeyValue, n.variant+" lines", func(d *draft.Draft) { d.Order, d.Join = filled, draft.Pairs("\n") }, "join", "order"),
			draftSlip(report.KeyValue, n.variant+" payment", func(d *draft.Draft) { d.Order, d.Join = filled, asForPayments }, "join", "order"),
		)
	}
	return append(list, Alone(rare...)...)
}

// asForPayments puts the ticket last, as the key of a payment.
func asForPayments(list []draft.Part) string {
	secret := slices.IndexFunc(list, func(v draft.Part) bool { return v.Secret })
	if secret < 0 {
		return draft.Pairs("&")(list)
	}
	key := list[secret].Value
	return draft.Pairs("&")(slices.Delete(list, secret, secret+1)) + "&key=" + key
}
