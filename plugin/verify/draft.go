package verify

import (
	"slices"
	"strings"
)

// The names of the tickets among signed values.
const (
	apiTicket   = "api_ticket"
	jsapiTicket = "jsapi_ticket"
)

// part is one signed value.
type part struct {
	name   string // as in WeChat's documentation
	camel  string // as JavaScript spells it; "": the same
	value  string
	secret bool
}

// draft is a text that may have been signed. The zero value of everything but values is the rule for cards: the values in the
// order of their bytes, one right behind the other.
type draft struct {
	values []part
	encode func(string) string // of each value
	order  func([]part) []part // nil: byValue
	join   func([]part) string // nil: one right behind the other
	whole  func(string) string // of the text
}

// text is what is hashed. masked hides the ticket.
func (d *draft) text(masked bool) string {
	list := d.arranged(masked)
	join := d.join
	if join == nil {
		join = joinWith("")
	}
	text := join(list)
	if d.whole != nil && !masked {
		text = d.whole(text)
	}
	return text
}

// arranged are the values as they come to stand.
func (d *draft) arranged(masked bool) []part {
	list := slices.Clone(d.values)
	if d.encode != nil {
		for i := range list {
			list[i].value = d.encode(list[i].value)
		}
	}
	order := d.order
	if order == nil {
		order = byValue
	}
	list = order(list)
	if masked {
		for i := range list {
			if list[i].secret && list[i].value != "" {
				list[i].value = maskText(list[i].value)
			}
		}
	}
	return list
}

func (d *draft) change(name string, change func(string) string) {
	for i := range d.values {
		if d.values[i].name == name {
			d.values[i].value = change(d.values[i].value)
		}
	}
}

func (d *draft) set(name, value string) {
	d.change(name, func(string) string { return value })
}

func (d *draft) get(name string) string {
	for _, v := range d.values {
		if v.name == name {
			return v.value
		}
	}
	return ""
}

// byValue is WeChat's order for cards: by bytes.
func byValue(list []part) []part {
	slices.SortStableFunc(list, func(a, b part) int { return strings.Compare(a.value, b.value) })
	return list
}

// asTheyStand is the documentation's order.
func asTheyStand(list []part) []part { return list }

// joinWith puts a separator between the values that are not empty.
func joinWith(separator string) func([]part) string {
	return func(list []part) string {
		var values []string
		for _, v := range list {
			if v.value != "" {
				values = append(values, v.value)
			}
		}
		return strings.Join(values, separator)
	}
}

// pairs joins key=value, as wx.config has it.
func pairs(separator string) func([]part) string {
	return func(list []part) string {
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = v.name + "=" + v.value
		}
		return strings.Join(texts, separator)
	}
}

// filled leaves empty values out.
func filled(list []part) []part {
	return slices.DeleteFunc(list, func(v part) bool { return v.value == "" })
}
