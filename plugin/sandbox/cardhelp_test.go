package sandbox

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
)

func TestColorsAndTestWhitelist(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	list, _ := r.do("GET", "/card/getcolors?access_token="+tok, "")["colors"].([]any)
	if len(list) != len(cards.Colors) {
		t.Fatalf("got %v", list)
	}
	for _, item := range list {
		c, _ := item.(map[string]any)
		if name, _ := c["name"].(string); c["value"] != cards.Colors[name] {
			t.Errorf("got %v", c)
		}
	}

	for body, want := range map[string]int{
		`{"openid":["` + r.s.OpenID("wx1", "alice") + `"],"username":["tester"]}`: 0,
		`{"openid":["oSomebodyNobodyHasSeenYet000"]}`:                             0,
		`{"openid":["` + r.s.OpenID("wx2", "alice") + `"]}`:                       40003,
		`{}`: 40097,
		`{"username":["1","2","3","4","5","6","7","8","9","10","11"]}`: 40097,
		`{"username":"tester"}`: 47001,
	} {
		r.wantCode(body, r.post("/card/testwhitelist/set", tok, body), want)
	}
}
