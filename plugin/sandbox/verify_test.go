package sandbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func TestVerify(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.card("pBound", "GROUPON", map[string]any{"bind_openid": true}, nil)
	ask := func(card string, cardExt any) answer {
		return r.do("POST", "/_sandbox/verify", string(wire.Encode(map[string]any{"value": map[string]any{"cardList": []any{map[string]any{"cardId": card, "cardExt": cardExt}}}})))
	}
	now := fmt.Sprint(r.now.Unix())
	signed := func(card string) string {
		return string(wire.Encode(map[string]any{"timestamp": now, "nonce_str": "n1", "signature": phone.Signature(ticket, card, now, "n1")}))
	}
	for _, tc := range []struct {
		name, card   string
		ext          any
		verdict      string
		phone, inAll string
	}{
		{"good", "p1", signed("p1"), "fine", "addCard:ok", `"api_ticket"`},
		{"an object", "p1", map[string]any{"timestamp": now}, "refused", "addCard:fail 签名错误", "card_ext_object"},
		{"the phone knows more", "pBound", signed("pBound"), "fine", "addCard:fail 参数错误", "needs the user's openid"},
	} {
		a := ask(tc.card, tc.ext)
		all := string(wire.Encode(a))
		phone, _ := a["phone"].(map[string]any)
		if a.text("verdict") != tc.verdict || phone["errMsg"] != tc.phone || !strings.Contains(all, tc.inAll) || strings.Contains(all, ticket) {
			t.Errorf("%s: got %s", tc.name, all)
		}
	}
	// what people take for a ticket, and another card
	token := r.token("wx1")
	for _, tc := range []struct{ key, card, want string }{{token, "pCard", "access_token"}, {"s1", "pCard", "app_secret"}, {ticket, "pBound", "other_card"}} {
		ext := string(wire.Encode(map[string]any{"timestamp": now, "nonce_str": "n1", "signature": phone.Signature(tc.key, tc.card, now, "n1")}))
		all := string(wire.Encode(ask("pCard", ext)))
		if !strings.Contains(all, `"id":"`+tc.want+`"`) || strings.Contains(all, token) {
			t.Errorf("%s: got %s", tc.want, all)
		}
	}
	if v := r.events(0); len(v.Wallet) != 0 || r.s.world.Cards.Contains("p1") {
		t.Error("looking at a card made one")
	}
	r.added(r.phone("addCard", map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "cardExt": signed("p1")}}}))
	if a := ask("p1", signed("p1")); !strings.Contains(string(wire.Encode(a)), "nonce_reused") {
		t.Errorf("used: got %v", a)
	}
	if a := r.do("POST", "/_sandbox/verify", `{"value":{"appId":"wx1"}}`); a["phone"] != nil || a.text("verdict") == "fine" {
		t.Errorf("not of wx.addCard: got %v", a)
	}
}
