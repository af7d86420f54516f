package slip

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// constants are what programs write for an object, or for nothing.
var constants = []string{
	"", "[object Object]", "[object Promise]", "undefined", "null", "None", "Array",
	"System.String[]", "System.Object[]", "System.Collections.ArrayList", "System.Collections.Generic.List`1[System.String]",
	"System.Collections.Generic.List`1[System.Object]", "System.Collections.Hashtable",
}

// wholeSlips hash what a program wrote for all values together: a constant, or the JSON or another text of a list or map.
func wholeSlips(values []draft.Part) []*Slip {
	var list []*Slip
	for _, text := range constants {
		list = append(list, New(report.ConstantSigned, "", func(d *draft.Draft) {
			d.Join = func([]draft.Part) string { return text }
		}, ticketGroup).Got(text).As(text))
	}
	slash := slices.ContainsFunc(values, func(v draft.Part) bool { return strings.Contains(v.Value, "/") })
	for _, w := range writers(slash) {
		for _, o := range ordersFor(values, w.keys) {
			for _, filled := range []bool{true, false} {
				variant := w.name + "|" + o.name
				if filled {
					variant += "|filled"
				}
				list = append(list, draftSlip(w.id, variant, func(d *draft.Draft) {
					d.Order = func(l []draft.Part) []draft.Part {
						if filled {
							l = draft.Filled(l)
						}
						return o.order(w.rename(l))
					}
					d.Join = w.write
				}, "order", "join").Got(w.shape))
			}
		}
	}
	return list
}

type namedOrder struct {
	name  string
	order func([]draft.Part) []draft.Part
}

// ordersFor are the orders that lists and maps come in.
func ordersFor(values []draft.Part, keys bool) []namedOrder {
	list := []namedOrder{{"by value", draft.ByValue}, {"as they stand", draft.AsTheyStand}}
	if keys {
		list = append(list, namedOrder{"by key", func(l []draft.Part) []draft.Part {
			slices.SortStableFunc(l, func(a, b draft.Part) int { return strings.Compare(a.Name, b.Name) })
			return l
		}})
	}
	// the ticket last, as where the values that are sent are taken with it
	return append(list, namedOrder{"ticket last", func(l []draft.Part) []draft.Part {
		slices.SortStableFunc(l, func(a, b draft.Part) int {
			switch {
			case a.Secret == b.Secret:
				return 0
			case a.Secret:
				return 1
			}
			return -1
		})
		return l
	}})
}

// writer writes values together.
type writer struct {
	id     report.ID
	name   string
	shape  string // for people
	keys   bool   // it writes keys
	rename func([]draft.Part) []draft.Part
	write  func([]draft.Part) string
}

func writers(slash bool) []writer {
	same := func(l []draft.Part) []draft.Part { return l }
	bare := func(id report.ID, shape, begin, between, end string, quote func(draft.Part) string) writer {
		return writer{id, shape, shape, false, same, func(l []draft.Part) string {
			texts := make([]string, len(l))
			for i, v := range l {
				texts[i] = quote(v)
			}
			return begin + strings.Join(texts, between) + end
		}}
	}
	value := func(v draft.Part) string { return v.Value }
	inQuotes := func(v draft.Part) string { return "'" + v.Value + "'" }
	list := []writer{
		bare(report.ListSigned, "[a, b]", "[", ", ", "]", value),
		bare(report.ListSigned, "[a b]", "[", " ", "]", value),
		bare(report.ListSigned, "['a', 'b']", "[", ", ", "]", inQuotes),
	}
	slashes := []bool{false}
	if slash {
		slashes = append(slashes, true)
	}
	for _, php := range slashes {
		for _, number := range []bool{false, true} {
			inJSON := func(v draft.Part) string { return jsonText(v, number, php) }
			list = append(list,
				bare(report.JSONSigned, `["a","b"]`, "[", ",", "]", inJSON),
				bare(report.JSONSigned, `["a", "b"]`, "[", ", ", "]", inJSON))
			for i := range list[len(list)-2:] {
				w := &list[len(list)-2+i]
				w.name += nameOf(number, php)
			}
		}
	}
	for _, k := range keyNames {
		rename := func(l []draft.Part) []draft.Part {
			for i := range l {
				l[i].Name = k.name(l[i])
			}
			return l
		}
		pairs := func(id report.ID, shape, begin, between, end string, pair func(draft.Part) string) {
			w := bare(id, shape, begin, between, end, pair)
			w.name, w.keys, w.rename = shape+"|"+k.variant, true, rename
			list = append(list, w)
		}
		pairs(report.ListSigned, "{a=1, b=2}", "{", ", ", "}", func(v draft.Part) string { return v.Name + "=" + v.Value })
		pairs(report.ListSigned, "map[a:1 b:2]", "map[", " ", "]", func(v draft.Part) string { return v.Name + ":" + v.Value })
		pairs(report.ListSigned, "{'a': '1', 'b': '2'}", "{", ", ", "}", func(v draft.Part) string { return "'" + v.Name + "': '" + v.Value + "'" })
		for _, php := range slashes {
			for _, number := range []bool{false, true} {
				pairs(report.JSONSigned, `{"a":"1","b":"2"}`, "{", ",", "}", func(v draft.Part) string { return `"` + v.Name + `":` + jsonText(v, number, php) })
				list[len(list)-1].name += nameOf(number, php)
				pairs(report.JSONSigned, `{"a": "1", "b": "2"}`, "{", ", ", "}", func(v draft.Part) string { return `"` + v.Name + `": ` + jsonText(v, number, php) })
				list[len(list)-1].name += nameOf(number, php)
			}
		}
	}
	return list
}

func nameOf(number, php bool) (name string) {
	if number {
		name += "|number"
	}
	if php {
		name += "|slashes"
	}
	return name
}

// keyNames are what the values are called in maps.
var keyNames = []struct {
	variant string
	name    func(draft.Part) string
}{
	{"snake", func(v draft.Part) string { return v.Name }},
	{"camel", func(v draft.Part) string { return cmp.Or(v.Camel, v.Name) }},
	{"ticket", func(v draft.Part) string {
		if v.Secret {
			return "ticket"
		}
		return v.Name
	}},
}

// jsonText writes a value in JSON; the timestamp as a number, where number says so; with slashes escaped, as PHP does.
func jsonText(v draft.Part, number, php bool) string {
	if number && strings.EqualFold(strings.ReplaceAll(v.Name, "_", ""), "timestamp") && field.IsDigits(v.Value) {
		return v.Value
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v.Value) // a string can always be written
	text := strings.TrimSuffix(b.String(), "\n")
	if php {
		text = strings.ReplaceAll(text, "/", `\/`)
	}
	return text
}
