package cards_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestInlineIsTheLongForm writes card ids on the line of each action that takes them, and in its block, and wants the same JSON.
func TestInlineIsTheLongForm(t *testing.T) {
	for action, block := range map[string]string{
		"add_card":              "card p9 {\n outer_str x\n}\nmax_cards 7\n",
		"open_card":             "card p9\nmax_cards 7\n",
		"member_card_component": "card p9 {\n outer_str x\n}\ncache off\n",
		"choose_card":           "card p9\n",
		"fill":                  "card p9\nmax_body 1KiB\n",
	} {
		for _, ids := range []string{"p1", "p1 p2 p3", "*"} {
			for _, more := range []string{"", block, "account shop\n" + block, "errors caddy\n"} {
				adapted := func(line, block string) string {
					text := caddyfile.Format([]byte(":9080 {\nwechat_card /x " + action + line + " {\n" + block + "}\n}\n"))
					got, err := sitetest.Adapted(strings.TrimSpace(string(text)))
					if err != nil || !strings.HasPrefix(got, "{") {
						t.Fatalf("%s%s: %s %v", action, line, got, err)
					}
					return got
				}
				if short, long := adapted(" "+ids, more), adapted("", "card "+ids+"\n"+more); short != long {
					t.Errorf("%s %s with %q: got\n%s\nwant\n%s", action, ids, more, short, long)
				}
			}
		}
		for line, want := range map[string]string{" p1 p2 p1": "listed twice", " p9 {\ncard p9\n}": "listed twice", " p1 *": "no card_id", " !": "no card_id", "": "no card is listed"} {
			if _, err := sitetest.Adapted(":9080 {\nwechat_card " + action + line + "\n}\n"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s%s: got %v", action, line, err)
			}
		}
	}
}
