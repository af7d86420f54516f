package slip

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/signature"
)

// valueSlips are the mistakes with single values, of any signature.
func valueSlips(values []draft.Part) []*Slip {
	var list []*Slip
	for _, v := range values {
		if !v.Secret && v.Value != "" {
			list = append(list, Remove(report.NotSigned, v.Name))
		}
	}
	for _, v := range values {
		if v.Secret || v.Value == "" {
			continue
		}
		if trimmed := strings.TrimSpace(v.Value); trimmed != v.Value {
			list = append(list, Set(report.WhiteSpace, v.Name, trimmed))
		}
		if inner, ok := signature.Bytes(v.Value); ok {
			list = append(list, Set(report.BytesSent, v.Name, inner))
		}
		if short := strings.TrimLeft(v.Value, "0"); field.IsDigits(v.Value) && short != v.Value {
			list = append(list, Set(report.ZerosLost, v.Name, short))
		}
		if v.Name == "timestamp" {
			list = append(list, timeSlips(v.Value)...)
		}
	}
	return list
}

// timeSlips are other texts for the timestamp.
func timeSlips(text string) []*Slip {
	n, err := strconv.ParseInt(text, 10, 64)
	var list []*Slip
	if whole, _, point := strings.Cut(text, "."); point && field.IsDigits(whole) { // Date.now()/1000 was sent
		return append(list, Set(report.TimestampFormat, "timestamp", whole).Got(whole))
	}
	if err != nil || !field.IsDigits(text) || n < 1 {
		return nil
	}
	other := func(id report.ID, signed string) {
		s := Set(id, "timestamp", signed).Got(signed)
		list = append(list, s.As(strconv.Itoa(len(list))))
	}
	if n >= 1e11 { // milliseconds, or smaller parts of a second
		seconds := n / 1000
		for seconds >= 1e11 {
			seconds /= 1000
		}
		for i, signed := range []int64{seconds, seconds + 1} { // rounded up
			list = append(list, Set(report.Milliseconds, "timestamp", strconv.FormatInt(signed, 10)).As(strconv.Itoa(i)))
		}
	} else {
		other(report.TimestampDiffers, text+"000")
	}
	for _, by := range []int64{1, -1, 2, -2, 3, -3} {
		other(report.TimestampDiffers, strconv.FormatInt(n+by, 10))
	}
	f := float64(n)
	other(report.TimestampFormat, strconv.FormatFloat(f, 'e', -1, 64))
	other(report.TimestampFormat, strconv.FormatFloat(f, 'E', -1, 64))
	other(report.TimestampFormat, text+".0")
	other(report.TimestampFormat, strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "E+0", "E", 1)) // as Java writes it
	return list
}

// Null are slips that sign the word for nothing where there is no value.
func Null(values []draft.Part, names ...string) []*Slip {
	var list []*Slip
	var empty []string
	for _, v := range values {
		if slices.Contains(names, v.Name) && v.Value == "" {
			empty = append(empty, v.Name)
		}
	}
	for _, word := range []string{"null", "undefined", "None"} {
		for _, name := range empty {
			list = append(list, Set(report.NullSigned, name, word).Got(word).As(word))
		}
		if len(empty) > 1 {
			s := New(report.NullSigned, strings.Join(empty, ", "), func(d *draft.Draft) {
				for _, name := range empty {
					d.Set(name, word)
				}
			}, empty...)
			list = append(list, s.Got(word).As(word))
		}
	}
	return list
}
