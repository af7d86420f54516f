// Package draft puts values together to the text that is signed, by WeChat's rules or by other ones.
package draft

import (
	"hash"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/mask"
)

// The names of the tickets among signed values.
const (
	APITicket   = "api_ticket"
	JSAPITicket = "jsapi_ticket"
)

// Part is one signed value.
type Part struct {
	Name   string // as in WeChat's documentation
	Camel  string // as JavaScript spells it; "": the same
	Value  string
	Secret bool
}

// Draft is a text that may have been signed. The zero value of everything but values is the rule for cards: the values in the
// order of their bytes, one right behind the other.
type Draft struct {
	Values []Part
	Encode func(string) string // of each value
	Order  func([]Part) []Part // nil: ByValue
	Join   func([]Part) string // nil: one right behind the other
	Whole  func(string) string // of the text

	// Hash makes the hash of the text; nil: the hash function as it is.
	Hash func(function func() hash.Hash, text string) []byte
}

// Text is what is hashed. masked hides the ticket.
func (d *Draft) Text(masked bool) string {
	list := d.Arranged(masked)
	join := d.Join
	if join == nil {
		join = JoinWith("")
	}
	text := join(list)
	if d.Whole != nil && !masked {
		text = d.Whole(text)
	}
	return text
}

// Arranged are the values as they come to stand.
func (d *Draft) Arranged(masked bool) []Part {
	list := slices.Clone(d.Values)
	if d.Encode != nil {
		for i := range list {
			list[i].Value = d.Encode(list[i].Value)
		}
	}
	order := d.Order
	if order == nil {
		order = ByValue
	}
	list = order(list)
	if masked {
		for i := range list {
			if list[i].Secret && list[i].Value != "" {
				list[i].Value = mask.Text(list[i].Value)
			}
		}
	}
	return list
}

// Change changes the value of that name.
func (d *Draft) Change(name string, change func(string) string) {
	for i := range d.Values {
		if d.Values[i].Name == name {
			d.Values[i].Value = change(d.Values[i].Value)
		}
	}
}

// Set puts another value in the place of that name's.
func (d *Draft) Set(name, value string) {
	d.Change(name, func(string) string { return value })
}

// Get gives the value of that name, "" if there is none.
func (d *Draft) Get(name string) string {
	for _, v := range d.Values {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// ByValue is WeChat's order for cards: by bytes.
func ByValue(list []Part) []Part {
	slices.SortStableFunc(list, func(a, b Part) int { return strings.Compare(a.Value, b.Value) })
	return list
}

// AsTheyStand is the documentation's order.
func AsTheyStand(list []Part) []Part { return list }

// JoinWith puts a separator between the values that are not empty.
func JoinWith(separator string) func([]Part) string {
	return func(list []Part) string {
		var values []string
		for _, v := range list {
			if v.Value != "" {
				values = append(values, v.Value)
			}
		}
		return strings.Join(values, separator)
	}
}

// Pairs joins key=value, as wx.config has it.
func Pairs(separator string) func([]Part) string {
	return func(list []Part) string {
		texts := make([]string, len(list))
		for i, v := range list {
			texts[i] = v.Name + "=" + v.Value
		}
		return strings.Join(texts, separator)
	}
}

// Filled leaves empty values out.
func Filled(list []Part) []Part {
	return slices.DeleteFunc(list, func(v Part) bool { return v.Value == "" })
}
