package phone

import (
	"cmp"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/codes"
)

// fillForm is what the user types: typed, and something for each other field that the card asks for.
func fillForm(c *cards.Card, typed map[string]any) []codes.FormValue {
	var values []codes.FormValue
	for name, v := range typed {
		f := codes.FormValue{Name: name}
		switch v := v.(type) {
		case string:
			f.Value = v
		case []any:
			for _, one := range v {
				if text, isText := one.(string); isText {
					f.List = append(f.List, text)
				}
			}
		}
		values = append(values, f)
	}
	for _, name := range c.Form {
		if _, done := typed[name]; !done {
			values = append(values, codes.FormValue{Name: name, Value: cmp.Or(typical[name], "无")})
		}
	}
	slices.SortFunc(values, func(a, b codes.FormValue) int { return strings.Compare(a.Name, b.Name) })
	return values
}

// typical is what the demo user types.
var typical = map[string]string{
	"USER_FORM_INFO_FLAG_MOBILE":   "13800138000",
	"USER_FORM_INFO_FLAG_NAME":     "张三",
	"USER_FORM_INFO_FLAG_SEX":      "男",
	"USER_FORM_INFO_FLAG_BIRTHDAY": "1990-01-01",
	"USER_FORM_INFO_FLAG_EMAIL":    "zhangsan@merchant.example",
}
