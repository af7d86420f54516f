package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// TestSignatureVectors checks our second writing of the rule against published values.
func TestSignatureVectors(t *testing.T) {
	const ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
	for want, values := range map[string][]string{
		"f137ab68b7f8112d20ee528ab6074564e2796250": {"ojZ8YtyVyr30HheH3CM73y7h4jJE", "1404896688", "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "1434008071", "", "123"},
		"22dce6bad4db532d4a2ef82ca2ca7bbe1e10ef28": {ticket, "1414587457", "random_card_id", "Wm3WZYTPz0wzccnW"},
		"950dc1842852457ea573d4d6af34879c1ec093c8": {ticket, "1414587457", "random_card_id", "random_code", "random_openid", "Wm3WZYTPz0wzccnW"},
	} {
		if got := phone.Signature(values...); got != want {
			t.Errorf("%v: got %s, want %s", values, got, want)
		}
	}
}

func TestAddCard(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	e := string(wire.Encode(ext(ticket, "p1", map[string]string{"nonce_str": "n1", "outer_str": "shop & 1", "fixed_begintimestamp": "1700000000"})))
	a := r.addCard("", "p1", e)
	got := a["cardList"].([]any)[0].(map[string]any)
	if a.text("errMsg") != "addCard:ok" || len(a) != 2 || len(got) != 4 || got["cardId"] != "p1" || got["cardExt"] != e || got["isSuccess"] != true {
		t.Errorf("got %v", a)
	}
	if a := r.phone("openCard", map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "code": r.plain(r.added(a))}}}); a.text("errMsg") != "openCard:ok" || len(a) != 1 {
		t.Errorf("got %v", a)
	}

	t.Run("a number is a timestamp too", func(t *testing.T) {
		e := ext(ticket, "p1", nil)
		e["timestamp"] = 1700000000
		r.added(r.addCard("", "p1", e))
	})
	t.Run("without a nonce_str nothing is a replay", func(t *testing.T) {
		e := ext(ticket, "p1", nil)
		r.added(r.addCard("", "p1", e))
		r.added(r.addCard("", "p1", e))
	})
	t.Run("empty values are none", func(t *testing.T) {
		e := ext(ticket, "p1", nil)
		e["code"], e["openid"] = "", ""
		r.added(r.addCard("", "p1", e))
	})
	t.Run("every live ticket will do", func(t *testing.T) {
		newer := r.ticket("wx1", accounts.CardTicket)
		r.added(r.addCard("", "p1", ext(ticket, "p1", nil)))
		r.added(r.addCard("", "p1", ext(newer, "p1", nil)))
	})
}

func TestAddCardRefusals(t *testing.T) {
	r := newRig(t, Config{CustomCodeCards: []string{"pOwn"}})
	old := r.ticket("wx1", accounts.CardTicket)
	r.pass(2*time.Hour - time.Second)
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.pass(time.Second)
	foreign, jsapi := r.ticket("wx2", accounts.CardTicket), r.ticket("wx1", accounts.JSAPITicket)

	r.card("pBound", "GROUPON", map[string]any{"bind_openid": true}, nil)
	r.card("pFree", "GROUPON", nil, nil)
	r.card("pImported", "GROUPON", map[string]any{"use_custom_code": true, "get_custom_code_mode": cards.DepositMode}, nil)
	r.card("pNone", "GROUPON", map[string]any{"sku": map[string]any{"quantity": 0}}, nil)
	r.card("pReview", "GROUPON", map[string]any{"status": cards.InReview}, nil)
	r.card("pRefused", "GROUPON", map[string]any{"status": cards.Refused}, nil)
	r.card("pGone", "GROUPON", map[string]any{"status": cards.Deleted}, nil)
	r.card("pOnce", "GROUPON", map[string]any{"get_limit": 1}, nil)

	without := func(e map[string]any, names ...string) map[string]any {
		for _, name := range names {
			delete(e, name)
		}
		return e
	}
	with := func(e map[string]any, name string, v any) map[string]any {
		e[name] = v
		return e
	}
	type fields = map[string]string
	nonce := fields{"nonce_str": "once"}
	r.added(r.addCard("", "pFree", ext(ticket, "pFree", nonce)))
	r.added(r.addCard("", "pOnce", ext(ticket, "pOnce", nil)))
	r.added(r.addCard("", "pOwn", ext(ticket, "pOwn", fields{"code": "TAKEN"})))

	for _, tc := range []struct {
		name, card   string
		ext          any
		text, reason string
		detail       string
	}{
		{"an object", "p1", encoded{ext(ticket, "p1", nil)}, phone.TextSignature, "card_ext", "string"},
		{"null", "p1", encoded{nil}, phone.TextSignature, "card_ext", ""},
		{"no JSON", "p1", "x", phone.TextParameter, "card_ext", ""},
		{"no object", "p1", "[]", phone.TextParameter, "card_ext", ""},
		{"trailing", "p1", string(wire.Encode(ext(ticket, "p1", nil))) + "{}", phone.TextParameter, "card_ext", ""},
		{"no signature", "p1", without(ext(ticket, "p1", nil), "signature"), phone.TextSignature, "signature", "no signature"},
		{"no timestamp", "p1", without(ext(ticket, "p1", nil), "timestamp"), phone.TextParameter, "timestamp", ""},
		{"timestamp text", "p1", ext(ticket, "p1", fields{"timestamp": "+1"}), phone.TextParameter, "timestamp", ""},
		{"milliseconds", "p1", ext(ticket, "p1", fields{"timestamp": "1700000000000"}), phone.TextSignature, "timestamp", "milliseconds"},
		{"nonce number", "p1", with(ext(ticket, "p1", nil), "nonce_str", 1), phone.TextParameter, "nonce_str", ""},
		{"openid null", "p1", with(ext(ticket, "p1", nil), "openid", nil), phone.TextParameter, "openid", ""},
		{"nonce with dash", "p1", ext(ticket, "p1", fields{"nonce_str": "a-b"}), phone.TextParameter, "nonce_str", ""},
		{"long nonce", "p1", ext(ticket, "p1", fields{"nonce_str": strings.Repeat("a", 33)}), phone.TextParameter, "nonce_str", ""},
		{"balance text", "p1", ext(ticket, "p1", fields{"balance": "1.5"}), phone.TextParameter, "balance", "digits"},
		{"balance of letters", "p1", ext(ticket, "p1", fields{"balance": "pjZ8Yt1X"}), phone.TextParameter, "balance", "digits"},
		{"begin text", "p1", with(ext(ticket, "p1", nil), "fixed_begintimestamp", "now"), phone.TextParameter, "fixed_begintimestamp", ""},

		{"unknown card", "pUnknown1", ext(ticket, "pUnknown1", nil), phone.TextParameter, "card_id", ""},
		{"no card id", "", ext(ticket, "", nil), phone.TextParameter, "card_id", ""},
		{"deleted", "pGone", ext(ticket, "pGone", nil), phone.TextParameter, "card_id", ""},

		{"nonsense", "p1", with(ext(ticket, "p1", nil), "signature", strings.Repeat("a", 40)), phone.TextSignature, "signature", "no live api_ticket"},
		{"upper case", "p1", upper(ext(ticket, "p1", nil)), phone.TextSignature, "signature", ""},
		{"another card", "p1", ext(ticket, "p2", nil), phone.TextSignature, "signature", ""},
		{"sent, not signed", "p1", with(ext(ticket, "p1", nil), "nonce_str", "abc"), phone.TextSignature, "signature", "nonce_str was sent but not signed"},
		{"signed, not sent", "p1", without(ext(ticket, "p1", nonce), "nonce_str"), phone.TextSignature, "signature", ""},
		{"outer_str signed", "p1", with(ext(ticket, "p1", fields{"outer_str": "o"}), "signature", phone.Signature(ticket, "p1", "1700000000", "o")), phone.TextSignature, "signature", "outer_str was signed, and must not be"},
		{"jsapi_ticket", "p1", ext(jsapi, "p1", nil), phone.TextSignature, "jsapi_ticket", ""},
		{"another account", "pFree", ext(foreign, "pFree", nil), phone.TextSignature, "foreign_ticket", ""},
		{"expired", "p1", ext(old, "p1", nil), phone.TextSignature, "expired_ticket", ""},

		{"own code missing", "pOwn", ext(ticket, "pOwn", nil), phone.TextParameter, "code", "needs a code"},
		{"own code used", "pOwn", ext(ticket, "pOwn", fields{"code": "TAKEN"}), phone.TextSoldOut, "code_used", ""},
		{"long code", "pOwn", ext(ticket, "pOwn", fields{"code": strings.Repeat("1", 21)}), phone.TextParameter, "code", "20"},
		{"special code", "pOwn", ext(ticket, "pOwn", fields{"code": "a_1"}), phone.TextParameter, "code", ""},
		{"code on WeChat's", "pFree", ext(ticket, "pFree", fields{"code": "1"}), phone.TextParameter, "code", "takes no code"},
		{"code on imported", "pImported", ext(ticket, "pImported", fields{"code": "1"}), phone.TextParameter, "code", "takes no code"},
		{"openid missing", "pBound", ext(ticket, "pBound", nil), phone.TextParameter, "openid", "needs"},
		{"openid on unbound", "pFree", ext(ticket, "pFree", fields{"openid": DemoOpenID}), phone.TextParameter, "openid", "takes no openid"},
		{"in review", "pReview", ext(ticket, "pReview", nil), phone.TextReview, "status", "review"},
		{"refused", "pRefused", ext(ticket, "pRefused", nil), phone.TextParameter, "status", ""},
		{"no stock", "pNone", ext(ticket, "pNone", nil), phone.TextSoldOut, "stock", ""},
		{"no imported codes", "pImported", ext(ticket, "pImported", nil), phone.TextSoldOut, "stock", ""},
		{"get_limit", "pOnce", ext(ticket, "pOnce", nil), phone.TextSoldOut, "get_limit", ""},
		{"replay", "pFree", ext(ticket, "pFree", nonce), phone.TextSoldOut, "nonce_reused", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var a answer
			if e, isEncoded := tc.ext.(encoded); isEncoded {
				a = r.phone("addCard", map[string]any{"cardList": []any{map[string]any{"cardId": tc.card, "cardExt": e.v}}})
			} else {
				a = r.addCard("", tc.card, tc.ext)
			}
			r.wantRefused(tc.name, a, tc.text, tc.reason)
			if !strings.Contains(a.text("detail"), tc.detail) {
				t.Errorf("got detail %q, want %q in it", a.text("detail"), tc.detail)
			}
		})
	}
	for _, body := range []string{"", "x", "[]", "{}", `{"cardList":[]}`, `{"cardList":"[]"}`, `{"cardList":[{"cardId":1}]}`} {
		r.wantRefused(body, r.do("POST", "/_sandbox/phone/addCard", body), phone.TextParameter, "card_list")
	}
	if got := len(r.s.world.Codes.All()); got != 3 {
		t.Errorf("refusals handed out cards: %d, want 3", got)
	}
}

// encoded is put into the cardList as it is, not as a string.
type encoded struct{ v any }

func upper(e map[string]any) map[string]any {
	e["signature"] = strings.ToUpper(e["signature"].(string))
	return e
}

func TestAddCardRevokedTicket(t *testing.T) {
	r := newRig(t, Config{})
	ticket, other := r.ticket("wx1", accounts.CardTicket), r.ticket("wx2", accounts.CardTicket)
	r.do("POST", "/_sandbox/revoke", `{"app_id":"wx1","kind":"api_ticket"}`)
	r.wantRefused("revoked", r.addCard("", "p1", ext(ticket, "p1", nil)), phone.TextSignature, "expired_ticket")
	r.added(r.addCard("", "p2", ext(other, "p2", nil)))
	r.added(r.addCard("", "p1", ext(r.ticket("wx1", accounts.CardTicket), "p1", nil)))
}

func TestAddCardList(t *testing.T) {
	r := newRig(t, Config{CustomCodeCards: []string{"pOwn"}})
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.card("pTwo", "GROUPON", map[string]any{"sku": map[string]any{"quantity": 2}}, nil)
	list := func(card string, exts ...map[string]any) answer {
		items := []any{}
		for _, e := range exts {
			items = append(items, map[string]any{"cardId": card, "cardExt": string(wire.Encode(e))})
		}
		return r.phone("addCard", map[string]any{"cardList": items})
	}
	n := func(card string, i int) map[string]any {
		return ext(ticket, card, map[string]string{"nonce_str": fmt.Sprint("n", i)})
	}
	r.wantRefused("same nonce", list("p1", n("p1", 1), n("p1", 1)), phone.TextSoldOut, "nonce_reused")
	r.wantRefused("stock", list("pTwo", n("pTwo", 1), n("pTwo", 2), n("pTwo", 3)), phone.TextSoldOut, "stock")
	code := map[string]string{"code": "A"}
	r.wantRefused("same code", list("pOwn", ext(ticket, "pOwn", code), ext(ticket, "pOwn", code)), phone.TextSoldOut, "code_used")
	if len(r.s.world.Codes.All()) != 0 {
		t.Error("a refused list handed out cards")
	}
	a := list("pTwo", n("pTwo", 1), n("pTwo", 2))
	if got := a["cardList"].([]any); len(got) != 2 || got[0].(map[string]any)["code"] == got[1].(map[string]any)["code"] {
		t.Errorf("got %v", a)
	}
	r.wantRefused("nothing left", list("pTwo", n("pTwo", 3)), phone.TextSoldOut, "stock")
}

// TestOneMemberCard: of several member cards in one call, the first is given, and the phone says why. Coupons are no member cards.
func TestOneMemberCard(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.card("pOnce", cards.MemberCard, map[string]any{"get_limit": 1, "sku": map[string]any{"quantity": 1}}, nil)
	r.card("pGift", "GIFT", nil, nil)
	n := 0
	add := func(ids ...string) (given string, a answer) {
		t.Helper()
		var items []any
		for _, id := range ids {
			n++
			items = append(items, map[string]any{"cardId": id, "cardExt": string(wire.Encode(ext(ticket, id, map[string]string{"nonce_str": fmt.Sprint("n", n)})))})
		}
		a = r.phone("addCard", map[string]any{"cardList": items})
		list, _ := a["cardList"].([]any)
		if len(list) != len(ids) || a.text("errMsg") != "addCard:ok" {
			t.Fatalf("%v: got %v", ids, a)
		}
		for i, item := range list {
			item := item.(map[string]any)
			if item["cardId"] != ids[i] || item["cardExt"] == "" || (item["code"] != "") != (item["isSuccess"] == true) {
				t.Errorf("%v: got %v", ids, item)
			}
			given += map[bool]string{true: "+", false: "-"}[item["isSuccess"] == true]
		}
		return given, a
	}
	for _, tc := range []struct {
		ids  []string
		want string
		says string // which entry it speaks of
	}{
		{[]string{"pA"}, "+", ""},
		{[]string{"pA", "pB"}, "+-", "cardList[1]"},
		{[]string{"pA", "pA"}, "+-", "cardList[1]"},
		{[]string{"pOnce", "pOnce", "pGift"}, "+-+", "cardList[1]"},
		{[]string{"pGift", "pGift", "pGift"}, "+++", ""},
		{[]string{"pGift", "pA", "pGift", "pB", "pC"}, "+++--", "cardList[3]"},
		{[]string{"pSandboxCoupon00000000000001", "pSandboxMember00000000000001"}, "++", ""},
		{[]string{"pSandboxMember00000000000001", "pSandboxCoupon00000000000001", "pMyCOUPON"}, "+++", ""},
	} {
		before := len(r.s.world.Codes.All())
		given, a := add(tc.ids...)
		if given != tc.want {
			t.Errorf("%v: got %s, want %s", tc.ids, given, tc.want)
		}
		if got := len(r.s.world.Codes.All()) - before; got != strings.Count(tc.want, "+") {
			t.Errorf("%v: %d cards were handed out", tc.ids, got)
		}
		reason := map[bool]string{true: "one_member_card"}[tc.says != ""]
		if a.text("reason") != reason || !strings.Contains(a.text("detail"), tc.says) || (a["detail"] != nil) != (tc.says != "") {
			t.Errorf("%v: got %v", tc.ids, a)
		}
	}
}

// TestCouponSprings: the coupon of the example is one in every answer.
func TestCouponSprings(t *testing.T) {
	const id = "pSandboxCoupon00000000000001"
	r := newRig(t, Config{})
	token, ticket := r.token("wx1"), r.ticket("wx1", accounts.CardTicket)
	got := r.post("/card/get", token, map[string]any{"card_id": id})
	card, _ := got["card"].(map[string]any)
	if card["card_type"] != "CASH" || card["cash"] == nil || card["member_card"] != nil {
		t.Errorf("got %v", got)
	}
	for call, body := range map[string]map[string]any{
		"activate/geturl":      {"card_id": id},
		"activateuserform/set": {"card_id": id},
	} {
		r.wantCode(call, r.post("/card/membercard/"+call, token, body), 72003)
	}
	code := r.plain(r.added(r.addCard("", id, ext(ticket, id, nil))))
	r.wantCode("userinfo/get", r.post("/card/membercard/userinfo/get", token, map[string]any{"card_id": id, "code": code}), 72003)
	r.wantCode("consume", r.post("/card/code/consume", token, map[string]any{"code": code}), 0)
}

func TestWhosePhone(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.card("pBound", "GROUPON", map[string]any{"bind_openid": true}, nil)
	add := func(query, openid string) answer {
		return r.addCard(query, "pBound", ext(ticket, "pBound", map[string]string{"openid": openid}))
	}
	demoHere, demoThere, bob := r.s.OpenID("wxmini", users.Demo), r.s.OpenID("wxother", users.Demo), r.s.OpenID("wxmini", "bob")
	stranger := "oStranger_000000000000000000"
	for _, tc := range []struct {
		query, openid string
		good          bool
	}{
		{"", DemoOpenID, true},
		{"", demoHere, true},
		{"", bob, true},
		{"", stranger, true},
		{"?appId=wxmini", bob, false},
		{"?openid=" + DemoOpenID, bob, false},
		{"?openid=" + DemoOpenID, "oNobody", false},
		{"?appId=wxmini", demoHere, true},
		{"?appId=wxmini", demoThere, false},
		{"?openid=" + bob, bob, true},
		{"?openid=" + bob, demoHere, false},
		{"?appId=wxmini&openid=" + bob, bob, true},
		{"?openid=" + stranger, stranger, true},
		{"?openid=" + stranger, DemoOpenID, false},
	} {
		a := add(tc.query, tc.openid)
		if good := a.text("errMsg") == "addCard:ok"; good != tc.good {
			t.Errorf("%q with %q: got %v", tc.query, tc.openid, a)
		}
	}

	two := func(openids ...string) answer {
		list := make([]any, 0, len(openids))
		for _, id := range openids {
			list = append(list, map[string]any{"cardId": "pBound", "cardExt": string(wire.Encode(ext(ticket, "pBound", map[string]string{"openid": id})))})
		}
		return r.phone("addCard", map[string]any{"cardList": list})
	}
	if a := two(bob, bob); a.text("errMsg") != "addCard:ok" {
		t.Errorf("got %v", a)
	}
	r.wantRefused("two users on one phone", two(bob, demoHere), phone.TextParameter, "openid")

	code := r.plain(r.added(add("", bob)))
	open := func(query string) answer {
		return r.phone("openCard"+query, map[string]any{"cardList": []any{map[string]any{"cardId": "pBound", "code": code}}})
	}
	if a := open(""); a.text("errMsg") != "openCard:ok" {
		t.Errorf("got %v", a)
	}
	r.wantRefused("another user's card", open("?openid="+DemoOpenID), phone.TextParameter, "code")
}

func TestOpenCardRefusals(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	encrypted := r.added(r.addCard("", "p1", ext(ticket, "p1", nil)))
	code := r.plain(encrypted)
	r.added(r.addCard("", "p2", ext(ticket, "p2", nil)))
	open := func(query, card, code string) answer {
		return r.phone("openCard"+query, map[string]any{"cardList": []any{map[string]any{"cardId": card, "code": code}}})
	}
	r.wantRefused("encrypted", open("", "p1", encrypted), phone.TextParameter, "encrypted_code")
	r.wantRefused("unknown", open("", "p1", "123456789012"), phone.TextParameter, "code")
	r.wantRefused("empty", open("", "p1", ""), phone.TextParameter, "code")
	r.wantRefused("another card", open("", "p2", code), phone.TextParameter, "code")
	r.wantRefused("no such card", open("", "p3", code), phone.TextParameter, "card_id")
	r.wantRefused("another user", open("?openid="+r.s.OpenID("wxmini", "bob"), "p1", code), phone.TextParameter, "code")
	r.wantRefused("no list", r.phone("openCard", map[string]any{}), phone.TextParameter, "card_list")
	r.wantRefused("number", r.phone("openCard", map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "code": 1}}}), phone.TextParameter, "card_list")
	r.post("/card/code/unavailable", r.token("wx1"), map[string]any{"code": code})
	r.wantRefused("unavailable", open("", "p1", code), phone.TextParameter, "status")
}
