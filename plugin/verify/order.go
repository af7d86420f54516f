package verify

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// orderSlips are other orders of the values than that of their bytes.
func orderSlips(values []part) []*slip {
	by := func(id ID, variant string, compare func(a, b string) int) *slip {
		return draftSlip(id, variant, func(d *draft) {
			d.order = func(list []part) []part {
				slices.SortStableFunc(list, func(a, b part) int { return compare(a.value, b.value) })
				return list
			}
		}, "order")
	}
	byKey := func(variant, ticket string) *slip {
		return draftSlip(SortedByKey, variant, func(d *draft) {
			d.order = func(list []part) []part {
				name := func(v part) string {
					if v.secret {
						return ticket
					}
					return v.name
				}
				slices.SortStableFunc(list, func(a, b part) int { return strings.Compare(name(a), name(b)) })
				return list
			}
		}, "order")
	}
	list := []*slip{
		byKey("api_ticket", apiTicket), byKey("ticket", "ticket"),
		by(SortIgnoresCase, "", compareFolded),
		by(SortLocale, "punctuation ignored", compareLetters),
		by(SortLocale, "punctuation first", compareCollated),
		by(SortNumeric, "", compareNumbers),
		by(SortUTF16, "", compareUTF16),
		by(SortDescending, "", func(a, b string) int { return strings.Compare(b, a) }),
	}
	// Single mistakes of this kind are found by trying all orders; these go together with others.
	list = append(list, unsorted(NotSorted, values))
	tool := []string{apiTicket, "app_id", "location_id", "timestamp", "nonce_str", "card_id", "card_type", "code", "openid", "balance"}
	return append(list, unsorted(NotSorted, inOrder(values, tool)))
}

// inOrder are the values in the order of these names; those of no name come last.
func inOrder(values []part, names []string) []part {
	place := func(v part) int {
		if i := slices.Index(names, v.name); i >= 0 {
			return i
		}
		return len(names)
	}
	list := slices.Clone(values)
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(place(a), place(b)) })
	return list
}

// unsorted signs the values in the order of list.
func unsorted(id ID, list []part) *slip {
	names := make([]string, 0, len(list))
	var shown []string
	for _, v := range list {
		names = append(names, v.name)
		if v.value != "" || v.secret {
			shown = append(shown, v.name)
		}
	}
	return draftSlip(id, strings.Join(names, " "), func(d *draft) {
		d.order = func(list []part) []part { return inOrder(list, names) }
	}, "order").got(strings.Join(shown, ", "))
}

// compareFolded ignores the case of letters.
func compareFolded(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// compareLetters compares as the collation of many systems does: by letters and digits first, without their case, then by
// the case, lower first.
func compareLetters(a, b string) int {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	return cmp.Or(strings.Compare(bare(a), bare(b)), lowerFirst(a, b))
}

// compareCollated is Unicode's collation, as JavaScript's localeCompare and .NET have it: _ and - before digits before
// letters without their case, then the case, lower first.
func compareCollated(a, b string) int {
	weigh := func(s string) string {
		return strings.Map(func(r rune) rune {
			switch r {
			case '_':
				return 1
			case '-':
				return 2
			}
			return unicode.ToLower(r)
		}, s)
	}
	return cmp.Or(strings.Compare(weigh(a), weigh(b)), lowerFirst(a, b))
}

// lowerFirst decides between texts that differ in case only.
func lowerFirst(a, b string) int { return strings.Compare(b, a) }

// compareNumbers compares as PHP's sort does without SORT_STRING: two numbers by their size.
func compareNumbers(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// compareUTF16 compares UTF-16 units, as Java and JavaScript do.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
