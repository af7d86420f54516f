package sandbox

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

func TestEncryptedCodes(t *testing.T) {
	r := newRig(t, Config{})
	seen := make(map[string]bool)
	for range 200 {
		e := r.s.EncryptCode("wx1", "751234212312")
		if !strings.Contains(e, "+") || !strings.Contains(e, "/") || !strings.HasSuffix(e, "=") || len(e) < 64 {
			t.Fatalf("got %q", e)
		}
		if seen[e] {
			t.Fatal("got the same text twice")
		}
		seen[e] = true
	}
	e := r.s.EncryptCode("wx1", "751234212312")
	if got := r.plain(e); got != "751234212312" {
		t.Errorf("got %q", got)
	}
	if got := r.plain(r.s.EncryptCode("wx1", strings.Repeat("9", 20))); got != strings.Repeat("9", 20) {
		t.Errorf("got %q", got)
	}
	decrypt := func(app, text string) answer {
		return r.post("/card/code/decrypt", r.token(app), map[string]any{"encrypt_code": text})
	}
	r.wantCode("another account", decrypt("wx2", e), 40075)
	for _, bad := range []string{"", "x", "751234212312", strings.ReplaceAll(e, "+", " "), url.QueryEscape(e), e[:len(e)-4], e + "\n", "AAAA" + e[4:]} {
		r.wantCode(bad, decrypt("wx1", bad), 40075)
	}
	r.wantCode("an encrypt_card_id", decrypt("wx1", r.s.world.Seal.EncryptCardID(r.s.world.Cards.Spring("wx1", "p1").ID)), 40075)
}

func TestCodes(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	r.card("pCoupon", "GROUPON", nil, nil)
	r.card("pOwn", "GROUPON", map[string]any{"use_custom_code": true}, nil)
	ticket := r.ticket("wx1", accounts.CardTicket)
	coupon := r.plain(r.added(r.addCard("", "pCoupon", ext(ticket, "pCoupon", nil))))
	if len(coupon) != 12 || !isDigits(coupon) {
		t.Errorf("got code %q, want 12 digits", coupon)
	}
	r.card("pMember", cards.MemberCard, nil, nil)
	member := r.plain(r.added(r.addCard("", "pMember", ext(ticket, "pMember", nil))))
	sprung := r.plain(r.added(r.addCard("", "pAnything", ext(ticket, "pAnything", nil))))
	if got := r.plain(r.added(r.addCard("", "pOwn", ext(ticket, "pOwn", map[string]string{"code": "MINE1"})))); got != "MINE1" {
		t.Errorf("got %q", got)
	}
	owner := r.s.OpenID("wx1", users.Demo)

	for _, tc := range []struct {
		name, path string
		body       map[string]any
		want       int
	}{
		{"no code", "get", map[string]any{"card_id": "pCoupon"}, 41013},
		{"unknown", "get", map[string]any{"code": "1"}, 40056},
		{"encrypted", "get", map[string]any{"code": r.s.EncryptCode("wx1", coupon)}, 40056},
		{"another card's", "get", map[string]any{"code": coupon, "card_id": "pMember"}, 40056},
		{"own code without card_id", "get", map[string]any{"code": "MINE1"}, 40056},
		{"own code", "get", map[string]any{"code": "MINE1", "card_id": "pOwn", "check_consume": true}, 0},
		{"without card_id", "get", map[string]any{"code": coupon}, 0},
		{"consume a member card", "consume", map[string]any{"code": member}, 40071},
		{"consume a card that nobody made", "consume", map[string]any{"code": sprung}, 0},
		{"and again", "consume", map[string]any{"code": sprung}, 40099},
		{"consume unknown", "consume", map[string]any{"code": "1"}, 40056},
		{"consume own code", "consume", map[string]any{"code": "MINE1"}, 40056},
		{"consume", "consume", map[string]any{"code": coupon}, 0},
		{"consume again", "consume", map[string]any{"code": coupon}, 40099},
		{"unavailable when consumed", "unavailable", map[string]any{"code": coupon}, 40099},
		{"check_consume when consumed", "get", map[string]any{"code": coupon, "check_consume": true}, 40099},
		{"get when consumed", "get", map[string]any{"code": coupon}, 0},
		{"unavailable", "unavailable", map[string]any{"code": "MINE1", "card_id": "pOwn"}, 0},
		{"consume when unavailable", "consume", map[string]any{"code": "MINE1", "card_id": "pOwn"}, 40127},
	} {
		a := r.post("/card/code/"+tc.path, tok, tc.body)
		r.wantCode(tc.name, a, tc.want)
		if tc.want == 0 && tc.path != "unavailable" && a.text("openid") != owner {
			t.Errorf("%s: got %v, want the account's openid of the user", tc.name, a)
		}
	}
	got := r.post("/card/code/get", tok, map[string]any{"code": coupon})
	if got.text("user_card_status") != "CONSUMED" || got["can_consume"] != false || got["card"].(map[string]any)["card_id"] != "pCoupon" {
		t.Errorf("got %v", got)
	}

	list := func(body map[string]any) []any {
		t.Helper()
		a := r.post("/card/user/getcardlist", tok, body)
		r.wantCode("getcardlist", a, 0)
		return a["card_list"].([]any)
	}
	if got := list(map[string]any{"openid": owner}); len(got) != 1 || got[0].(map[string]any)["code"] != member {
		t.Errorf("got %v, want the member card", got)
	}
	if got := list(map[string]any{"openid": owner, "card_id": "pCoupon"}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if got := list(map[string]any{"openid": "oSomebodyElse_00000000000000"}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	r.wantCode("no openid", r.post("/card/user/getcardlist", tok, `{}`), 40003)
	mini := r.s.OpenID("wxmini", users.Demo)
	r.wantCode("the mini program's openid", r.post("/card/user/getcardlist", tok, map[string]any{"openid": mini}), 40003)
}

func TestDeposit(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	r.card("pDeposit", "GROUPON", map[string]any{"use_custom_code": true, "get_custom_code_mode": cards.DepositMode}, nil)
	deposit := func(card string, codes ...string) answer {
		return r.post("/card/code/deposit", tok, map[string]any{"card_id": card, "code": codes})
	}
	r.wantCode("another mode", deposit("p1", "1"), 45030)
	r.wantCode("none", deposit("pDeposit"), 40110)
	r.wantCode("an empty one", deposit("pDeposit", "1", ""), 40110)
	r.wantCode("twice the same", deposit("pDeposit", "1", "1"), 40111)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	r.wantCode("101", deposit("pDeposit", many...), 40109)
	r.wantCode("good", deposit("pDeposit", "A1", "A2"), 0)
	a := deposit("pDeposit", "A2", "A 3", "A4")
	if fmt.Sprint(a["succ_code"], a["duplicate_code"], a["fail_code"]) != "[A4] [A2] [A 3]" {
		t.Errorf("got %v", a)
	}
	if a := r.post("/card/code/getdepositcount", tok, `{"card_id":"pDeposit"}`); a.int("count") != 3 {
		t.Errorf("got %v", a)
	}
	ticket := r.ticket("wx1", accounts.CardTicket)
	for i, want := range []string{"A1", "A2", "A4"} {
		fields := map[string]string{"nonce_str": fmt.Sprint("n", i)}
		if got := r.plain(r.added(r.addCard("", "pDeposit", ext(ticket, "pDeposit", fields)))); got != want {
			t.Errorf("got code %q, want %q", got, want)
		}
	}
	r.wantRefused("no code left", r.addCard("", "pDeposit", ext(ticket, "pDeposit", nil)), phone.TextSoldOut, "stock")
}
