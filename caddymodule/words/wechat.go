package words

import (
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// placeholders are those that actions set, without {http.wechat_card.}.
var placeholders = []string{"access_token", "api_ticket", "jsapi_ticket", "mini_openid", "openid", "phone", "phone_country", "phone_pure", "unionid"}

// ofMiniProgram is a placeholder of inject's, behind which an app id may stand.
const ofMiniProgram = "access_token of mini_program"

// PlaceholderPattern finds our placeholders in a text.
var PlaceholderPattern = regexp.MustCompile(`\{http\.wechat_card\.([^{}:]*)[^{}]*\}`)

// AddPlaceholder makes a placeholder {http.wechat_card.<name>} known, which another's action sets. It is for an init.
func AddPlaceholder(name string) { placeholders = append(placeholders, name) }

// UnknownPlaceholder says what is wrong with a name in {http.wechat_card.<name>}; empty: nothing.
func UnknownPlaceholder(name string) string {
	if slices.Contains(placeholders, name) || name == ofMiniProgram || strings.HasPrefix(name, ofMiniProgram+" ") {
		return ""
	}
	return "{http.wechat_card." + name + "} is set by no action: " + thereAre(name, slices.Clone(placeholders)) + " (login sets mini_openid and unionid, with phone phone, phone_pure and phone_country, too, oauth openid and unionid; inject the others, with placeholder)"
}

// CheckPlaceholders refuses tokens with placeholders of ours that nothing sets.
func CheckPlaceholders(d *caddyfile.Dispenser) error {
	defer d.Reset()
	for d.Reset(); d.Next(); {
		for _, m := range PlaceholderPattern.FindAllStringSubmatch(d.Val(), -1) {
			if fault := UnknownPlaceholder(m[1]); fault != "" {
				return d.Err(fault)
			}
		}
	}
	return nil
}
