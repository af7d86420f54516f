package words_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestErrorsSayWhere loads what was read from a Caddyfile before, of which it shows only then that it is wrong.
func TestErrorsSayWhere(t *testing.T) {
	t.Setenv("PLACES_BAD", "gh_0123456789ab")
	t.Setenv("PLACES_ID", "wx0123456789abcdef")
	const head, cards = "{\n\tadmin off\n\twechat_card ", "\n}\n:9080 {\n\trespond /x ok\n\twechat_card /w/* cards p1\n}\n"
	account := func(name, id string) string {
		return "\t\taccount " + name + " {\n\t\t\tapp_id " + id + "\n\t\t\tapp_secret s\n\t\t}\n"
	}
	for name, tc := range map[string]struct {
		text  string
		wants []string
	}{
		"app_id":              {head + "{env.PLACES_BAD} s" + cards, []string{"original id", "Caddyfile:3"}},
		"app_id in a block":   {head + "{\n" + account("", "{env.PLACES_BAD}") + "\t}" + cards, []string{"original id", "Caddyfile:5"}},
		"mini_program":        {head + "wx0123456789abcdee s {\n\t\tmini_program {env.PLACES_BAD} s\n\t}" + cards, []string{"original id", "Caddyfile:4"}},
		"two of one app_id":   {head + "wx0123456789abcdef s {\n" + account("shop", "{env.PLACES_ID}") + "\t}" + cards, []string{"'default' and 'shop'", "Caddyfile:5"}},
		"the other way about": {head + "{env.PLACES_ID} s {\n" + account("shop", "wx0123456789abcdef") + "\t}" + cards, []string{"'default' and 'shop'", "Caddyfile:3"}},
		"api":                 {head + "wx0123456789abcdef s {\n\t\tapi {env.PLACES_BAD}\n\t}" + cards, []string{"no http or https URL", "Caddyfile:4"}},
		"proxy":               {head + "wx0123456789abcdef s {\n\t\tproxy {env.PLACES_BAD}\n\t}" + cards, []string{"proxy must be", "Caddyfile:4"}},
		"ca":                  {head + "wx0123456789abcdef s {\n\t\tca /no/such/file\n\t}" + cards, []string{"/no/such/file", "Caddyfile:4"}},
		"encoding_aes_key":    {head + "{\n" + strings.Replace(account("", "wx0123456789abcdef"), "\tapp_secret", "\tmessage_push t {env.PLACES_BAD}\n\t\t\tapp_secret", 1) + "\t}" + cards, []string{"encoding_aes_key", "Caddyfile:4"}},
		"no account":          {head + "{\n\t\ttimeout 3s\n\t}" + cards, []string{`account "default" is not configured`, "wechat_card <app_id> <app_secret>", "Caddyfile:9"}},
		"another's name":      {head + "wx0123456789abcdef s" + strings.Replace(cards, "cards p1", "cards p1 {\n\t\taccount nope\n\t}", 1), []string{`account "nope" is not configured: there is default`, "Caddyfile:7"}},
		"nearly a name":       {head + "{\n" + account("shop", "wx0123456789abcdef") + "\t}" + strings.Replace(cards, "cards p1", "add_card p1 {\n\t\taccount shpo\n\t}", 1), []string{"did you mean shop?", "Caddyfile:12"}},
		"an action":           {head + "wx0123456789abcdef s" + strings.Replace(cards, "cards p1", "login", 1), []string{"no mini_program", "Caddyfile:7"}},
		"an action's part":    {head + "{\n" + strings.Replace(account("", "wx0123456789abcdef"), "app_secret s", "token_source none", 1) + "\t}" + strings.Replace(cards, "cards p1", "inject {\n\t\tplaceholder access_token\n\t}", 1), []string{"access_token", "Caddyfile:12"}},
		"a client":            {head + "wx0123456789abcdef s" + strings.Replace(cards, "cards p1", "relay {\n\t\tclients {env.PLACES_BAD}\n\t}", 1), []string{"client", "Caddyfile:7"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(tc.text), map[string]any{"filename": "Caddyfile"})
			if err != nil {
				t.Fatalf("%s\n%v", tc.text, err)
			}
			err = sitetest.Validate(strings.Replace(string(out), `"wechat_card":{`, `"wechat_card":{"store":{"module":"off"},`, 1))
			if err == nil {
				t.Fatalf("%s\ngot no error", tc.text)
			}
			for _, want := range tc.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s\n%v\ndoes not mention %s", tc.text, err, want)
				}
			}
			if n := strings.Count(err.Error(), ", at "); n != 1 || strings.Contains(err.Error(), "add_card:") {
				t.Errorf("%s\ngot %v", tc.text, err)
			}
		})
	}
}

// TestFileThatWasChanged: where the file is not what was read, no line of it is named.
func TestFileThatWasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Caddyfile")
	text := "{\n\tadmin off\n\twechat_card wx0123456789abcdef s {\n\t\tstore off\n\t}\n}\n:9080 {\n\twechat_card login\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": path})
	if err != nil {
		t.Fatal(err)
	}
	if err := sitetest.Validate(string(out)); err == nil || !strings.Contains(err.Error(), path+":8") {
		t.Errorf("got %v", err)
	}
	if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := sitetest.Validate(string(out)); err == nil || strings.Contains(err.Error(), path) {
		t.Errorf("of a file that was changed, got %v", err)
	}
}

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
