package verify

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxSigned is how many of Input.Signed are tried.
const maxSigned = 20

// slip is one way to sign wrongly.
type slip struct {
	finding Finding
	variant string   // tells slips apart that are one mistake
	groups  []string // two slips of one group do not go together
	apply   func(*draft)
}

// key names the slip in other items too.
func (s *slip) key() string {
	return strings.Join([]string{string(s.finding.ID), s.finding.Field, s.variant}, "|")
}

// excludes tells whether two slips do not go together.
func (s *slip) excludes(other *slip) bool {
	return slices.ContainsFunc(s.groups, func(g string) bool { return slices.Contains(other.groups, g) })
}

// got says what was found in its place.
func (s *slip) got(text string) *slip {
	s.finding = newFinding(s.finding.ID, s.finding.Field, text)
	return s
}

// as tells the slip apart from others of the same mistake.
func (s *slip) as(variant string) *slip {
	s.variant = variant
	return s
}

// setValue signs another value.
func setValue(id ID, name, value string) *slip {
	return &slip{newFinding(id, name, ""), "", []string{name}, func(d *draft) { d.set(name, value) }}
}

// removeValue does not sign a value.
func removeValue(id ID, name string) *slip {
	return &slip{newFinding(id, name, ""), "", []string{name}, func(d *draft) {
		d.values = slices.DeleteFunc(d.values, func(v part) bool { return v.name == name })
	}}
}

// addValue signs a value that is none of those to sign.
func addValue(id ID, name, value string) *slip {
	return &slip{newFinding(id, name, ""), "", []string{name}, func(d *draft) {
		d.values = append(d.values, part{name: name, value: value})
	}}
}

// draftSlip changes how the text is put together.
func draftSlip(id ID, variant string, apply func(*draft), groups ...string) *slip {
	return &slip{newFinding(id, "", ""), variant, groups, apply}
}

// slipsFor lists all mistakes to try, the likely ones first.
func (c *checker) slipsFor(p *problem, right *draft, tickets []signer) []*slip {
	var list []*slip
	for i, s := range tickets {
		if s.ticket == right.get(p.ticket) {
			continue
		}
		if i == maxSigned {
			break
		}
		t := setValue(s.id, p.ticket, s.ticket).as(strconv.Itoa(i))
		t.finding = newFinding(s.id, "", s.account.Name)
		t.groups = []string{"ticket"}
		list = append(list, t)
	}
	list = append(list, c.signedSlips(right)...)
	list = append(list, p.slips...)
	if p.ticket == apiTicket {
		list = append(list, cardRuleSlips(right.values)...)
	}
	for i, s := range tickets[min(len(tickets), maxSigned):] {
		t := setValue(s.id, p.ticket, s.ticket).as(strconv.Itoa(maxSigned + i))
		t.finding = newFinding(s.id, "", s.account.Name)
		t.groups = []string{"ticket"}
		list = append(list, t)
	}
	none := removeValue(TicketNotSigned, p.ticket)
	none.finding, none.groups = newFinding(TicketNotSigned, "", ""), []string{"ticket"}
	list = append(list, none)
	for i, change := range []func(string) string{
		func(t string) string { return t + "\n" },
		func(t string) string { return t + "\r\n" },
		func(t string) string { return t + " " },
		func(t string) string { return `"` + t + `"` },
	} {
		list = append(list, draftSlip(TicketAltered, strconv.Itoa(i), func(d *draft) { d.change(p.ticket, change) }, "ticket text"))
	}
	return list
}

// signedSlips are the values that the signer had and did not send.
func (c *checker) signedSlips(right *draft) []*slip {
	var list []*slip
	for _, name := range slices.Sorted(maps.Keys(c.in.Signed)) {
		value := c.in.Signed[name]
		if len(list) == maxSigned || value == "" {
			continue
		}
		at := slices.IndexFunc(right.values, func(v part) bool {
			return !v.secret && (plainKey(v.name) == plainKey(name) || plainKey(v.camel) == plainKey(name))
		})
		switch {
		case at < 0:
			list = append(list, addValue(SignedNotSent, name, value))
		case right.values[at].value == "":
			list = append(list, setValue(SignedNotSent, right.values[at].name, value))
		case right.values[at].value != value:
			list = append(list, setValue(ValueDiffers, right.values[at].name, value))
		}
	}
	return list
}

// valueSlips are the mistakes with single values, of any signature.
func valueSlips(values []part) []*slip {
	var list []*slip
	for _, v := range values {
		if !v.secret && v.value != "" {
			list = append(list, removeValue(NotSigned, v.name))
		}
	}
	for _, v := range values {
		if v.secret || v.value == "" {
			continue
		}
		if trimmed := strings.TrimSpace(v.value); trimmed != v.value {
			list = append(list, setValue(WhiteSpace, v.name, trimmed))
		}
		if short := strings.TrimLeft(v.value, "0"); isDigits(v.value) && short != v.value {
			list = append(list, setValue(ZerosLost, v.name, short))
		}
		if v.name == "timestamp" {
			list = append(list, timeSlips(v.value)...)
		}
	}
	return list
}

// timeSlips are other texts for the timestamp.
func timeSlips(sent string) []*slip {
	n, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || !isDigits(sent) || n < 1 || n > 1e14 {
		return nil
	}
	var list []*slip
	other := func(id ID, text string) {
		s := setValue(id, "timestamp", text).got(text)
		list = append(list, s.as(strconv.Itoa(len(list))))
	}
	if len(sent) >= 13 {
		list = append(list, setValue(Milliseconds, "timestamp", strconv.FormatInt(n/1000, 10)))
	} else {
		other(TimestampDiffers, sent+"000")
	}
	for _, by := range []int64{1, -1, 2, -2, 3, -3} {
		other(TimestampDiffers, strconv.FormatInt(n+by, 10))
	}
	f := float64(n)
	other(TimestampFormat, strconv.FormatFloat(f, 'e', -1, 64))
	other(TimestampFormat, strconv.FormatFloat(f, 'E', -1, 64))
	other(TimestampFormat, sent+".0")
	other(TimestampFormat, strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "E+0", "E", 1)) // as Java writes it
	return list
}

// nullSlips sign the word for nothing where there is no value.
func nullSlips(values []part, names ...string) []*slip {
	var list []*slip
	var empty []string
	for _, v := range values {
		if slices.Contains(names, v.name) && v.value == "" {
			empty = append(empty, v.name)
		}
	}
	for _, word := range []string{"null", "undefined", "None"} {
		for _, name := range empty {
			list = append(list, setValue(NullSigned, name, word).got(word).as(word))
		}
		if len(empty) > 1 {
			s := &slip{newFinding(NullSigned, strings.Join(empty, ", "), word), word, empty, func(d *draft) {
				for _, name := range empty {
					d.set(name, word)
				}
			}}
			list = append(list, s)
		}
	}
	return list
}

// cardRuleSlips are the mistakes with the rule of cards: order, separators, letters.
func cardRuleSlips(values []part) []*slip {
	list := orderSlips(values)
	list = append(list, pairSlips()...)
	for _, sep := range []string{",", " ", "|", "\n", "+", ", ", ";", "_"} {
		list = append(list, draftSlip(JoinedSeparator, sep, func(d *draft) { d.join = joinWith(sep) }, "join").got(strconv.Quote(sep)))
	}
	return append(list, textSlips()...)
}

// pairSlips join with & or write key=value, as for wx.config.
func pairSlips() []*slip {
	list := []*slip{draftSlip(JoinedAmpersand, "", func(d *draft) { d.join = joinWith("&") }, "join")}
	names := []struct {
		variant string
		name    func(part) string
	}{
		{"snake", func(v part) string { return v.name }},
		{"ticket", func(v part) string {
			if v.secret {
				return "ticket"
			}
			return v.name
		}},
		{"jsapi_ticket", func(v part) string {
			if v.secret {
				return "jsapi_ticket"
			}
			return v.name
		}},
		{"noncestr", func(v part) string { return strings.Replace(v.name, "nonce_str", "noncestr", 1) }},
		{"jsapi_ticket noncestr", func(v part) string {
			if v.secret {
				return "jsapi_ticket"
			}
			return strings.Replace(v.name, "nonce_str", "noncestr", 1)
		}},
		{"camel", func(v part) string {
			if v.camel != "" {
				return v.camel
			}
			return v.name
		}},
	}
	for _, n := range names {
		rename := func(list []part) []part {
			for i := range list {
				list[i].name = n.name(list[i])
			}
			return list
		}
		sorted := func(list []part) []part {
			list = rename(list)
			slices.SortStableFunc(list, func(a, b part) int { return strings.Compare(a.name, b.name) })
			return list
		}
		for _, sep := range []string{"&", ""} {
			list = append(list,
				draftSlip(KeyValue, n.variant+sep, func(d *draft) {
					d.order, d.join = func(l []part) []part { return filled(sorted(l)) }, pairs(sep)
				}, "join", "order"),
				draftSlip(KeyValue, n.variant+sep+" blank", func(d *draft) { d.order, d.join = sorted, pairs(sep) }, "join", "order"),
				draftSlip(KeyValue, n.variant+sep+" by value", func(d *draft) {
					d.order, d.join = func(l []part) []part { return rename(byValue(filled(l))) }, pairs(sep)
				}, "join", "order"),
				draftSlip(KeyValue, n.variant+sep+" unsorted", func(d *draft) {
					d.order, d.join = func(l []part) []part { return rename(filled(l)) }, pairs(sep)
				}, "join", "order"),
			)
		}
	}
	return list
}

// textSlips change the letters that are signed.
func textSlips() []*slip {
	each := func(id ID, variant string, change func(string) string) *slip {
		return draftSlip(id, variant, func(d *draft) { d.encode = change }, "letters")
	}
	all := func(id ID, variant string, change func(string) string) *slip {
		return draftSlip(id, variant, func(d *draft) { d.whole = change }, "letters")
	}
	return []*slip{
		each(ValuesEncoded, "query", url.QueryEscape),
		each(ValuesEncoded, "path", url.PathEscape),
		all(ValuesEncoded, "text", url.QueryEscape),
		each(ValuesCase, "lower", strings.ToLower).got("a–z"),
		all(ValuesCase, "lower text", strings.ToLower).got("a–z"),
		each(ValuesCase, "upper", strings.ToUpper).got("A–Z"),
		all(ValuesCase, "upper text", strings.ToUpper).got("A–Z"),
		each(ValuesQuoted, "double", quotedWith(`"`)),
		each(ValuesQuoted, "single", quotedWith(`'`)),
		all(TextUTF16, "little", func(s string) string { return utf16Text(s, 0, 8) }),
		all(TextUTF16, "big", func(s string) string { return utf16Text(s, 8, 0) }),
		all(TextEnding, "newline", func(s string) string { return s + "\n" }),
		all(TextEnding, "zero", func(s string) string { return s + "\x00" }),
	}
}

func quotedWith(mark string) func(string) string {
	return func(s string) string {
		if s == "" {
			return s
		}
		return mark + s + mark
	}
}

// utf16Text writes a text in UTF-16.
func utf16Text(s string, first, second int) string {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = append(b, byte(u>>first), byte(u>>second))
	}
	return string(b)
}

// configSlips are the mistakes with the rule of wx.config.
func configSlips(values []part) []*slip {
	rename := func(names ...string) func(*draft) {
		return func(d *draft) {
			for i := range d.values {
				for j := 0; j+1 < len(names); j += 2 {
					if d.values[i].name == names[j] {
						d.values[i].name = names[j+1]
					}
				}
			}
		}
	}
	return append(valueSlips(values),
		draftSlip(ConfigKeys, "nonceStr", rename("noncestr", "nonceStr"), "keys").got("nonceStr"),
		draftSlip(ConfigKeys, "nonce_str", rename("noncestr", "nonce_str"), "keys").got("nonce_str"),
		draftSlip(ConfigKeys, "timeStamp", rename("timestamp", "timeStamp"), "keys").got("timeStamp"),
		draftSlip(ConfigKeys, "both", rename("noncestr", "nonceStr", "timestamp", "timeStamp"), "keys").got("nonceStr, timeStamp"),
		draftSlip(ConfigKeys, "ticket", rename(jsapiTicket, "ticket"), "keys").got("ticket"),
		draftSlip(ConfigKeys, "jsapiTicket", rename(jsapiTicket, "jsapiTicket"), "keys").got("jsapiTicket"),
		draftSlip(ConfigKeys, "api_ticket", rename(jsapiTicket, apiTicket), "keys").got(apiTicket),
		draftSlip(ConfigKeys, "camel", rename(jsapiTicket, "jsapiTicket", "noncestr", "nonceStr", "timestamp", "timeStamp"), "keys").got("jsapiTicket, nonceStr, timeStamp"),
		draftSlip(ConfigKeys, "upper", func(d *draft) {
			for i := range d.values {
				d.values[i].name = strings.ToUpper(d.values[i].name)
			}
		}, "keys").got("JSAPI_TICKET, NONCESTR, TIMESTAMP, URL"),
		draftSlip(ConfigLikeCard, "", func(d *draft) { d.order, d.join = byValue, joinWith("") }, "join", "order"),
		draftSlip(ConfigLikeCard, "unsorted", func(d *draft) { d.join = joinWith("") }, "join"),
		draftSlip(ConfigLikeCard, "no &", func(d *draft) { d.join = pairs("") }, "join"),
		draftSlip(ConfigEncoded, "", func(d *draft) { d.whole = url.QueryEscape }, "letters"),
		draftSlip(ConfigEncoded, "lower", func(d *draft) { d.whole = strings.ToLower }, "letters"),
	)
}

// cardSlips are the mistakes with single values of a card's signature. A set of values comes first: where two are equal, it
// looks as if one were not signed.
func cardSlips(values []part) []*slip {
	set := draftSlip(Deduplicated, "", func(d *draft) {
		d.order = func(list []part) []part {
			return slices.CompactFunc(byValue(list), func(a, b part) bool { return a.value == b.value })
		}
	}, "order")
	rest := slices.DeleteFunc(slices.Clone(values), func(v part) bool { return v.name == "app_id" })
	return append([]*slip{set}, valueSlips(rest)...)
}
