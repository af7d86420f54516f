package slip

import (
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// Card are the mistakes with single values of a card's signature. A set of values comes first: where two are equal, it
// looks as if one were not signed.
func Card(values []draft.Part) []*Slip {
	set := draftSlip(report.Deduplicated, "", func(d *draft.Draft) {
		d.Order = func(list []draft.Part) []draft.Part {
			return slices.CompactFunc(draft.ByValue(list), func(a, b draft.Part) bool { return a.Value == b.Value })
		}
	}, "order")
	rest := slices.DeleteFunc(slices.Clone(values), func(v draft.Part) bool { return v.Name == "app_id" })
	return append([]*Slip{set}, valueSlips(rest)...)
}

// CardRule are the mistakes with the rule of cards: order, separators, letters.
func CardRule(values []draft.Part) []*Slip {
	list := orderSlips(values)
	list = append(list, pairSlips()...)
	for _, sep := range []string{",", " ", "|", "\n", "+", ", ", ";", "_"} {
		list = append(list, draftSlip(report.JoinedSeparator, sep, func(d *draft.Draft) { d.Join = draft.JoinWith(sep) }, "join").Got(strconv.Quote(sep)))
	}
	list = append(list, textSlips()...)
	return append(list, rareSlips(values)...)
}
