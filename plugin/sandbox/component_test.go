package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// params are the component's parameters for a card, out of geturl's answer.
func (r *rig) params(card, outer string) map[string]any {
	r.t.Helper()
	a := r.post("/card/membercard/activate/geturl", r.token("wx1"), map[string]any{"card_id": card, "outer_str": outer})
	r.wantCode("geturl", a, 0)
	u, err := url.Parse(a.text("url"))
	if err != nil {
		r.t.Fatal(err)
	}
	q := u.Query() // all is escaped, so that form decoding is good enough here
	return map[string]any{"encrypt_card_id": q.Get("encrypt_card_id"), "outer_str": q.Get("outer_str"), "biz": q.Get("biz")}
}

// component goes to the component for a card, and gives what comes back.
func (r *rig) component(card string, form map[string]any) answer {
	r.t.Helper()
	a := r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": r.params(card, "o&1"), "form": form})
	ref, _ := a["referrerInfo"].(map[string]any)
	if a.text("errMsg") != "navigateToMiniProgram:ok" || ref["appId"] != phone.ComponentAppID {
		r.t.Fatalf("got %v", a)
	}
	extra, _ := ref["extraData"].(map[string]any)
	return extra
}

func TestOpenComponent(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	r.card("pJump", "MEMBER_CARD", nil, activatable)
	r.wantRefused("no form", r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": r.params("pJump", "")}), phone.TextParameter, "form")
	r.post("/card/membercard/activateuserform/set", tok, `{"card_id":"pJump","required_form":{"common_field_id_list":["USER_FORM_INFO_FLAG_NAME"]}}`)

	extra := r.component("pJump", nil)
	if len(extra) != 5 || extra.text("card_id") != "pJump" || len(extra.text("code")) != 12 || extra["errCode"] != 0. {
		t.Errorf("got %v", extra)
	}
	ticket := extra.text("activate_ticket")
	rest, found := strings.CutPrefix(extra.text("wx_activate_after_submit_url"), "https://m.example/a?b=c&card_id=pJump&encrypt_code=")
	if !found || !strings.HasSuffix(rest, "&outer_str=o%261&openid="+r.s.OpenID("wx1", users.Demo)+"&activate_ticket="+wire.Escape(ticket)) {
		t.Errorf("got url %v", extra["wx_activate_after_submit_url"])
	}
	code, _, _ := strings.Cut(rest, "&")
	if decoded, err := url.PathUnescape(code); err != nil || r.plain(decoded) != extra.text("code") {
		t.Errorf("encrypt_code %q is not the code", code)
	}
	a := r.post("/card/membercard/activatetempinfo/get", tok, map[string]any{"activate_ticket": ticket})
	if got := fmt.Sprint(a["info"]); !strings.Contains(got, "张三") {
		t.Errorf("got %v", a)
	}
	if again := r.component("pJump", nil); again.text("code") != extra.text("code") || again.text("activate_ticket") == ticket {
		t.Errorf("the second time: got %v, want the same card", again)
	}
	r.wantCode("activate", r.post("/card/membercard/activate", tok, map[string]any{"code": extra["code"], "membership_number": "1"}), 0)
	if got := r.component("pJump", nil); got != nil {
		t.Errorf("active already: got %v", got)
	}
	bob := r.phone("openComponent?openid="+r.s.OpenID("wxmini", "bob"), map[string]any{"appId": phone.ComponentAppID, "extraData": r.params("pJump", "")})
	if got := bob["referrerInfo"].(map[string]any)["extraData"].(map[string]any)["code"]; got == extra["code"] {
		t.Error("another user got the same card")
	}

	t.Run("not the jump type", func(t *testing.T) {
		r.card("pDirect", "MEMBER_CARD", nil, map[string]any{"wx_activate": true})
		r.post("/card/membercard/activateuserform/set", tok, `{"card_id":"pDirect"}`)
		if got := r.component("pDirect", nil); got != nil {
			t.Errorf("got %v, want nothing", got)
		}
		list := r.post("/card/user/getcardlist", tok, map[string]any{"openid": r.s.OpenID("wx1", users.Demo), "card_id": "pDirect"})
		code := list["card_list"].([]any)[0].(map[string]any)["code"]
		if a := r.post("/card/membercard/userinfo/get", tok, map[string]any{"card_id": "pDirect", "code": code}); a["has_active"] != true {
			t.Errorf("got %v", a)
		}
	})
	t.Run("a card from wx.addCard is the same card", func(t *testing.T) {
		code := r.plain(r.added(r.addCard("", "pAdded", ext(r.ticket("wx1", accounts.CardTicket), "pAdded", nil))))
		if got := r.component("pAdded", nil); got.text("code") != code {
			t.Errorf("got %v, want code %s", got, code)
		}
	})
}

func TestOpenComponentRefusals(t *testing.T) {
	r := newRig(t, Config{})
	good := r.params("p1", "x")
	change := func(name string, v any) map[string]any {
		p := map[string]any{"encrypt_card_id": good["encrypt_card_id"], "outer_str": "x", "biz": good["biz"]}
		if v == nil {
			delete(p, name)
		} else {
			p[name] = v
		}
		return p
	}
	id, b := good["encrypt_card_id"].(string), good["biz"].(string)
	for _, tc := range []struct {
		name   string
		extra  any
		reason string
	}{
		{"no object", "x", "extra_data"},
		{"no extraData", nil, "encrypt_card_id"},
		{"numbers", change("biz", 1), "extra_data"},
		{"no id", change("encrypt_card_id", nil), "encrypt_card_id"},
		{"no biz", change("biz", ""), "biz"},
		{"encoded id", change("encrypt_card_id", url.QueryEscape(id)), "percent_encoded"},
		{"encoded biz", change("biz", url.QueryEscape(b)), "percent_encoded"},
		{"decoded twice", change("encrypt_card_id", strings.ReplaceAll(id, "+", " ")), "blank"},
		{"lost padding", change("encrypt_card_id", strings.TrimRight(id, "=")), "encrypt_card_id"},
		{"made up", change("encrypt_card_id", "abc+/="), "encrypt_card_id"},
		{"a code", change("encrypt_card_id", r.s.EncryptCode("wx1", "1")), "encrypt_card_id"},
		{"another biz", change("biz", accounts.Biz("wx2")), "biz"},
	} {
		r.wantRefused(tc.name, r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": tc.extra}), phone.TextParameter, tc.reason)
	}
	r.wantRefused("another app", r.phone("openComponent", map[string]any{"appId": "wx1", "extraData": good}), phone.TextParameter, "app_id")
	r.wantRefused("no JSON", r.do("POST", "/_sandbox/phone/openComponent", "{"), phone.TextParameter, "extra_data")

	r.card("pNone", "MEMBER_CARD", map[string]any{"sku": map[string]any{"quantity": 0}}, activatable)
	r.post("/card/membercard/activateuserform/set", r.token("wx1"), `{"card_id":"pNone"}`)
	r.wantRefused("no stock", r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": r.params("pNone", "")}), phone.TextSoldOut, "stock")
}

func TestShowComponent(t *testing.T) {
	r := newRig(t, Config{})
	params := r.params("p1", "")
	show := func(extra map[string]any) answer {
		body := map[string]any{"appId": phone.ComponentAppID, "extraData": params}
		maps.Copy(body, extra)
		return r.phone("showComponent", body)
	}
	a := show(nil)
	if card, _ := a["card"].(map[string]any); a.text("errMsg") != "navigateToMiniProgram:ok" || card["card_id"] != "p1" || fmt.Sprint(a["form"]) != "[USER_FORM_INFO_FLAG_MOBILE]" || a["active"] != false {
		t.Errorf("got %v", a)
	}
	if len(r.events(0).Wallet) != 0 {
		t.Error("looking at the form handed out a card")
	}
	late := show(map[string]any{"afterRequest": true})
	r.wantRefused("after a request", late, phone.TextNoTap, "no_tap")
	r.wantRefused("after a request", r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": params, "afterRequest": true}), phone.TextNoTap, "no_tap")
	r.do("POST", "/_sandbox/reset", "") // the gateway still has the parameters
	if a := show(nil); a.text("errMsg") != "navigateToMiniProgram:ok" {
		t.Errorf("after a reset: got %v", a)
	}
	r.phone("openComponent", map[string]any{"appId": phone.ComponentAppID, "extraData": params})
	if v := r.events(0); len(v.Wallet) != 1 || v.Exchanges[len(v.Exchanges)-1].Method != "App.onShow" {
		t.Errorf("got %+v", v)
	}
}
