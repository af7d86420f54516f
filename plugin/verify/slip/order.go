package slip

import (
	"cmp"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// orderSlips are other orders of the values than that of their bytes.
func orderSlips(values []draft.Part) []*Slip {
	by := func(id report.ID, variant string, compare func(a, b string) int) *Slip {
		return draftSlip(id, variant, func(d *draft.Draft) {
			d.Order = func(list []draft.Part) []draft.Part {
				slices.SortStableFunc(list, func(a, b draft.Part) int { return compare(a.Value, b.Value) })
				return list
			}
		}, "order")
	}
	byKey := func(variant, ticket string) *Slip {
		return draftSlip(report.SortedByKey, variant, func(d *draft.Draft) {
			d.Order = func(list []draft.Part) []draft.Part {
				name := func(v draft.Part) string {
					if v.Secret {
						return ticket
					}
					return v.Name
				}
				slices.SortStableFunc(list, func(a, b draft.Part) int { return strings.Compare(name(a), name(b)) })
				return list
			}
		}, "order")
	}
	list := []*Slip{
		byKey("api_ticket", draft.APITicket), byKey("ticket", "ticket"),
		by(report.SortIgnoresCase, "", compareFolded),
		by(report.SortLocale, "punctuation ignored", compareLetters),
		by(report.SortLocale, "punctuation first", compareCollated),
		by(report.SortNumeric, "", compareNumbers),
		by(report.SortUTF16, "", compareUTF16),
		by(report.SortDescending, "", func(a, b string) int { return strings.Compare(b, a) }),
	}
	// Single mistakes of this kind are found by trying all orders; these go together with others.
	list = append(list, Unsorted(report.NotSorted, values))
	tool := []string{draft.APITicket, "app_id", "location_id", "timestamp", "nonce_str", "card_id", "card_type", "code", "openid", "balance"}
	return append(list, Unsorted(report.NotSorted, inOrder(values, tool)))
}

// inOrder are the values in the order of these names; those of no name come last.
func inOrder(values []draft.Part, names []string) []draft.Part {
	place := func(v draft.Part) int {
		if i := slices.Index(names, v.Name); i >= 0 {
			return i
		}
		return len(names)
	}
	list := slices.Clone(values)
	slices.SortStableFunc(list, func(a, b draft.Part) int { return cmp.Compare(place(a), place(b)) })
	return list
}

// Unsorted signs the values in the order of list.
func Unsorted(id report.ID, list []draft.Part) *Slip {
	names := make([]string, 0, len(list))
	var shown []string
	for _, v := range list {
		names = append(names, v.Name)
		if v.Value != "" || v.Secret {
			shown = append(shown, v.Name)
		}
	}
	return draftSlip(id, strings.Join(names, " "), func(d *draft.Draft) {
		d.Order = func(list []draft.Part) []draft.Part { return inOrder(list, names) }
	}, "order").Got(strings.Join(shown, ", "))
}
