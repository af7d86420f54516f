package trigger

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// TestIsAcceptance: status 200 alone accepts nothing. It is also what a page has that a site gives for every path, and what Caddy
// answers where no route is.
func TestIsAcceptance(t *testing.T) {
	for _, tc := range []struct {
		text               string
		gateways, anybodys bool
	}{
		{"success", true, true},
		{"<xml><MsgType><![CDATA[text]]></MsgType></xml>", true, true},
		{`{"MsgType":"text"}`, true, true},
		{"", false, true},
		{"<!doctype html>", false, false},
		{`{"code":0}`, false, false},
		{"POST /push: the backend", false, false},
	} {
		if got := isAcceptance(tc.text, true); got != tc.gateways {
			t.Errorf("%q of the gateway: got %t", tc.text, got)
		}
		if got := isAcceptance(tc.text, false); got != tc.anybodys {
			t.Errorf("%q: got %t", tc.text, got)
		}
	}
}

// TestEachEventIsNew: two in one second are two messages, as long as nobody says whose they are.
func TestEachEventIsNew(t *testing.T) {
	for _, name := range eventNames() {
		var texts [2]string
		for i := range texts {
			event, _ := push.FindEvent(name)
			event.SetDefault("UserCardCode", newCode())
			openID := anOpenID(&event)
			if !field.IsOpenID(openID) {
				t.Errorf("%s is no openid", openID)
			}
			texts[i] = string(event.Message(push.XML, "gh_1", openID, 1_700_000_000))
		}
		if texts[0] == texts[1] {
			t.Errorf("%s is the same message twice", name)
		}
	}
}

// TestFieldsMayBeEmpty: what --field empties gets no other value.
func TestFieldsMayBeEmpty(t *testing.T) {
	f := flags{fields: []string{"UserCardCode="}}
	if !f.sets("UserCardCode") || f.sets("CardId") {
		t.Error("it is not known which fields are set")
	}
}
