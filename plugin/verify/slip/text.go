package slip

import (
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// rareSlips are mistakes with the text of any signature, each of which is tried by itself.
func rareSlips(values []draft.Part) []*Slip {
	return Alone(slices.Concat(changedSlips(values), letterSlips(), hashTwiceSlips(), wholeSlips(values))...)
}

// paddings are what files, forms and databases leave around a value.
var paddings = []struct{ before, after string }{
	{"", "\n"}, {"", "\r\n"}, {"", " "}, {" ", ""}, {" ", " "}, {"", "\t"}, {"", "\r"}, {"", "\u00a0"}, {"", "\u200b"}, {"\u200b", ""}, {"\ufeff", ""},
}

// changedSlips sign single values in other letters than they were sent, or twice.
func changedSlips(values []draft.Part) []*Slip {
	var list []*Slip
	for _, v := range values {
		if v.Value == "" && !v.Secret {
			continue
		}
		list = append(list, twiceSlips(v.Name)...)
		if v.Secret {
			list = append(list, change(report.BytesSigned, v.Name, "b'", pythonBytes))
			continue
		}
		list = append(list,
			change(report.ValueCase, v.Name, "lower", strings.ToLower),
			change(report.ValueCase, v.Name, "upper", strings.ToUpper),
			change(report.BytesSigned, v.Name, "b'", pythonBytes),
		)
		for _, p := range paddings {
			list = append(list, change(report.ValuePadded, v.Name, p.before+"|"+p.after, func(s string) string { return p.before + s + p.after }))
		}
	}
	return list
}

// change signs what it makes of a value.
func change(id report.ID, name, variant string, change func(string) string) *Slip {
	return New(id, name, func(d *draft.Draft) { d.Change(name, change) }, name).As(variant)
}

// twiceSlips sign a value two times: both beside each other, where the order is not that of the values, or the second last.
func twiceSlips(name string) []*Slip {
	insert := func(at func(d *draft.Draft, i int) int) func(d *draft.Draft) {
		return func(d *draft.Draft) {
			if i := slices.IndexFunc(d.Values, func(v draft.Part) bool { return v.Name == name }); i >= 0 {
				d.Values = slices.Insert(d.Values, at(d, i), d.Values[i])
			}
		}
	}
	return []*Slip{
		New(report.SignedTwice, name, insert(func(_ *draft.Draft, i int) int { return i }), name),
		New(report.SignedTwice, name, insert(func(d *draft.Draft, _ int) int { return len(d.Values) }), name).As("last"),
	}
}

// pythonBytes is what Python's str makes of bytes.
func pythonBytes(s string) string { return "b'" + s + "'" }

// letterSlips change the letters of all that is signed, in ways that go with every rule.
func letterSlips() []*Slip {
	each := func(id report.ID, variant string, change func(string) string) *Slip {
		return draftSlip(id, variant, func(d *draft.Draft) { d.Encode = change }, "letters")
	}
	all := func(id report.ID, variant string, change func(string) string) *Slip {
		return draftSlip(id, variant, func(d *draft.Draft) { d.Whole = change }, "letters")
	}
	bytesOf := func(s string) string {
		if s == "" {
			return s
		}
		return pythonBytes(s)
	}
	return []*Slip{
		each(report.BytesSigned, "each", bytesOf),
		all(report.BytesSigned, "text", pythonBytes),
		all(report.TextASCII, "characters", func(s string) string { return onlyASCII(s, 1) }),
		all(report.TextASCII, "UTF-16 units", func(s string) string { return onlyASCII(s, 2) }),
		each(report.TextASCII, "characters first", func(s string) string { return onlyASCII(s, 1) }),
		each(report.TextASCII, "UTF-16 units first", func(s string) string { return onlyASCII(s, 2) }),
	}
}

// onlyASCII puts ? in the place of all that is not ASCII; far as many of them in that of a character beyond the first 65,536:
// .NET takes it for two, Java for one.
func onlyASCII(s string, far int) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			b.WriteString(strings.Repeat("?", far))
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
