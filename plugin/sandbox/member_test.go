package sandbox

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

func TestActivateURL(t *testing.T) {
	r := newRig(t, Config{CustomCodeCards: []string{"pCustom"}})
	tok := r.token("wx1")
	geturl := func(body any) answer { return r.post("/card/membercard/activate/geturl", tok, body) }
	r.card("pCoupon", "GROUPON", nil, nil)
	r.card("pPlain", "MEMBER_CARD", nil, nil)
	r.card("pVoid", "MEMBER_CARD", nil, map[string]any{"wx_activate": true, "auto_activate": true})
	r.card("pDeposit", "MEMBER_CARD", map[string]any{"use_custom_code": true, "get_custom_code_mode": cards.DepositMode}, activatable)
	for body, want := range map[string]int{
		`{}`: 41012, `{"card_id":""}`: 41012, `{"card_id":1}`: 47001, `{"card_id":"pUnknown"}`: 40073, `{"card_id":"pCustom"}`: 40158,
		`{"card_id":"pDeposit"}`: 40158, `{"card_id":"pCoupon"}`: 72003, `{"card_id":"pPlain"}`: 45030, `{"card_id":"pVoid"}`: 45030,
	} {
		r.wantCode(body, geturl(body), want)
	}

	for _, outer := range []string{"", "guide", "a&b=c%d+e f/中文?#\"<>"} {
		body := map[string]any{"card_id": "p1"}
		if outer != "" {
			body["outer_str"] = outer
		}
		raw := geturl(body).text("url")
		rest, found := strings.CutPrefix(raw, "https://mp.weixin.qq.com/bizmall/activatemembercard?action=preshow&&encrypt_card_id=")
		rest, hash := strings.CutSuffix(rest, "#wechat_redirect")
		if !found || !hash || strings.ContainsAny(rest, "+/ #\"") {
			t.Fatalf("got %s", raw)
		}
		values := make(map[string]string)
		for part := range strings.SplitSeq("encrypt_card_id="+rest, "&") {
			k, v, _ := strings.Cut(part, "=")
			decoded, err := url.PathUnescape(v)
			if err != nil {
				t.Fatal(err)
			}
			values[k] = decoded
		}
		if _, sent := values["outer_str"]; sent != (outer != "") || values["outer_str"] != outer {
			t.Errorf("outer_str: got %q, want %q", values["outer_str"], outer)
		}
		for _, c := range []string{"+", "/", "="} {
			if !strings.Contains(values["encrypt_card_id"], c) {
				t.Errorf("encrypt_card_id %q has no %s", values["encrypt_card_id"], c)
			}
		}
		if values["biz"] != accounts.Biz("wx1") || len(values["biz"]) != 16 || !strings.HasSuffix(values["biz"], "==") {
			t.Errorf("got biz %q", values["biz"])
		}
	}
	first := geturl(`{"card_id":"p1"}`).text("url")
	if second := geturl(`{"card_id":"p1"}`).text("url"); first == second {
		t.Error("got the same encrypt_card_id twice")
	}
}

func TestMembers(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	r.card("pCoupon", "GROUPON", nil, nil)
	r.card("pPlain", "MEMBER_CARD", nil, nil)
	ticket := r.ticket("wx1", accounts.CardTicket)
	encrypted := r.added(r.addCard("", "p1", ext(ticket, "p1", nil)))
	code := r.plain(encrypted)
	coupon := r.plain(r.added(r.addCard("", "pCoupon", ext(ticket, "pCoupon", nil))))

	for _, tc := range []struct {
		path string
		body string
		want int
	}{
		{"activateuserform/set", `{"card_id":"pPlain"}`, 45030},
		{"activateuserform/set", `{"card_id":"pCoupon"}`, 72003},
		{"activateuserform/set", `{"card_id":"p1","required_form":{"common_field_id_list":["USER_FORM_INFO_FLAG_NAME"]}}`, 0},
		{"activate", `{}`, 41013},
		{"activate", `{"code":"` + encrypted + `"}`, 40056},
		{"activate", `{"code":"` + coupon + `"}`, 72003},
		{"activate", `{"code":"` + code + `","card_id":"pCoupon"}`, 40056},
		{"activate", `{"code":"` + code + `","membership_number":"` + strings.Repeat("9", 129) + `"}`, 45021},
		{"activate", `{"code":"` + code + `","membership_number":"M1","init_bonus":100,"init_balance":"20"}`, 0},
		{"updateuser", `{"code":"` + code + `","add_bonus":-30,"balance":50,"add_balance":7}`, 0},
		{"updateuser", `{"code":"1"}`, 40056},
		{"userinfo/get", `{"card_id":"p1","code":"1"}`, 40056},
		{"userinfo/get", `{"card_id":"pCoupon","code":"` + coupon + `"}`, 72003},
	} {
		r.wantCode(tc.path+" "+tc.body, r.post("/card/membercard/"+tc.path, tok, tc.body), tc.want)
	}
	got := r.post("/card/membercard/userinfo/get", tok, map[string]any{"card_id": "p1", "code": code})
	if got.text("membership_number") != "M1" || got.int("bonus") != 70 || got.int("balance") != 50 || got["has_active"] != true ||
		got.text("user_card_status") != "NORMAL" || got.text("openid") != r.s.OpenID("wx1", users.Demo) {
		t.Errorf("got %v", got)
	}
	r.wantCode("unavailable", r.post("/card/code/unavailable", tok, map[string]any{"code": code}), 0)
	r.wantCode("activate an unavailable one", r.post("/card/membercard/activate", tok, map[string]any{"code": code}), 40127)
}

func TestTempInfo(t *testing.T) {
	r := newRig(t, Config{})
	get := func(app, ticket string) answer {
		return r.post("/card/membercard/activatetempinfo/get", r.token(app), map[string]any{"activate_ticket": ticket})
	}
	ticket := r.component("p1", map[string]any{
		"USER_FORM_INFO_FLAG_MOBILE": "13900139000", "兴趣": []string{"钢琴", "舞蹈"}, "喜欢的电影": "无",
	}).text("activate_ticket")
	a := get("wx1", ticket)
	want := map[string]any{
		"common_field_list": []any{map[string]any{"name": "USER_FORM_INFO_FLAG_MOBILE", "value": "13900139000"}},
		"custom_field_list": []any{
			map[string]any{"name": "兴趣", "value": "", "value_list": []any{"钢琴", "舞蹈"}},
			map[string]any{"name": "喜欢的电影", "value": "无"},
		},
	}
	if a.code() != 0 || !reflect.DeepEqual(a["info"], want) {
		t.Errorf("got %v\nwant %v", a, want)
	}
	r.wantCode("again", get("wx1", ticket), 0)
	r.wantCode("another account", get("wx2", ticket), 72011)
	r.wantCode("unknown", get("wx1", "x"), 72011)
	r.wantCode("still encoded", get("wx1", url.QueryEscape(ticket)), 72011)
	r.pass(2 * time.Hour)
	r.wantCode("expired", get("wx1", ticket), 72012)
}
