package words_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestEmptyPlaceholderSaysWhere loads what was read from a Caddyfile before.
func TestEmptyPlaceholderSaysWhere(t *testing.T) {
	for text, wants := range map[string][]string{
		"{\n\tadmin off\n\twechat_card wx0123456789abcdef {env.PLACES_UNSET}\n}\n:9080 {\n\twechat_card /w/* cards p1\n}\n": {
			`account "default"`, "app_secret", "{env.PLACES_UNSET}", "Caddyfile:3", "set the variable in the environment",
		},
		"{\n\tadmin off\n\twechat_card {\n\t\taccount {\n\t\t\tapp_id wx0123456789abcdef\n\t\t\tapp_secret {file./no/such/secret}\n\t\t}\n\t}\n}\n:9080 {\n\twechat_card /w/* cards p1\n}\n": {
			"app_secret", "/no/such/secret", "Caddyfile:6", "the file must be there",
		},
		"{\n\tadmin off\n\twechat_card wx0123456789abcdef {env.PATH}\n}\n:9080 {\n\twechat_card /w/* relay {\n\t\tallow /card/*\n\t\tkey {env.PLACES_KEY}\n\t}\n}\n": {
			"key", "{env.PLACES_KEY}", "Caddyfile:8",
		},
		":9080 {\n\twechat_card /w/* cards p1\n}\n": {"needs its global option", "wechat_card <app_id> <app_secret>", "Caddyfile:2"},
	} {
		out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
		if err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		err = sitetest.Validate(strings.Replace(string(out), `"wechat_card":{`, `"wechat_card":{"store":{"module":"off"},`, 1))
		if err == nil {
			t.Errorf("%s\ngot no error", text)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s\n%v\ndoes not mention %s", text, err, want)
			}
		}
		if strings.Contains(err.Error(), "needs its global option") != (wants[0] == "needs its global option") {
			t.Errorf("%s\ngot %v", text, err)
		}
	}
}

func TestClosest(t *testing.T) {
	known := []string{"accept", "account", "card", "errors", "max_cards", "app_id", "app_secret", "member_card_component", "add_card"}
	for word, want := range map[string]string{
		"acept": "accept", "acount": "account", "cards": "card", "maxCards": "max_cards", "appid": "app_id", "AppID": "app_id", "secret": "app_secret",
		"member_card": "member_card_component", "addCard": "add_card", "error": "errors", "xyz": "", "": "", "_": "",
	} {
		if got := words.Closest(word, known); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}
