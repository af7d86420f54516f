package slip

import (
	"net/url"
	"strings"
	"unicode/utf16"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/draft"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify/report"
)

// textSlips change the letters that are signed.
func textSlips() []*Slip {
	each := func(id report.ID, variant string, change func(string) string) *Slip {
		return draftSlip(id, variant, func(d *draft.Draft) { d.Encode = change }, "letters")
	}
	all := func(id report.ID, variant string, change func(string) string) *Slip {
		return draftSlip(id, variant, func(d *draft.Draft) { d.Whole = change }, "letters")
	}
	return []*Slip{
		each(report.ValuesEncoded, "query", url.QueryEscape),
		each(report.ValuesEncoded, "path", url.PathEscape),
		all(report.ValuesEncoded, "text", url.QueryEscape),
		each(report.ValuesCase, "lower", strings.ToLower).Got("a–z"),
		all(report.ValuesCase, "lower text", strings.ToLower).Got("a–z"),
		each(report.ValuesCase, "upper", strings.ToUpper).Got("A–Z"),
		all(report.ValuesCase, "upper text", strings.ToUpper).Got("A–Z"),
		each(report.ValuesQuoted, "double", quotedWith(`"`)),
		each(report.ValuesQuoted, "single", quotedWith(`'`)),
		all(report.TextUTF16, "little", func(s string) string { return utf16Text(s, 0, 8) }),
		all(report.TextUTF16, "big", func(s string) string { return utf16Text(s, 8, 0) }),
		all(report.TextEnding, "newline", func(s string) string { return s + "\n" }),
		all(report.TextEnding, "zero", func(s string) string { return s + "\x00" }),
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
