package sandbox

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

// activatable are the fields of a member card of the jump type.
var activatable = map[string]any{
	"wx_activate": true, "wx_activate_after_submit": true, "wx_activate_after_submit_url": "https://m.example/a?b=c",
}

func TestWhichCardsExist(t *testing.T) {
	get := func(r *rig, app, id string) int {
		return r.post("/card/get", r.token(app), map[string]any{"card_id": id}).code()
	}
	r := newRig(t, Config{})
	for id, want := range map[string]int{
		"": 41012, "p1": 0, "pUnknown1": 40073, "p 1": 40073, "卡": 40073, strings.Repeat("p", 64): 0, strings.Repeat("p", 65): 40073,
	} {
		if got := get(r, "wx1", id); got != want {
			t.Errorf("%q: got %d, want %d", id, got, want)
		}
	}
	if get(r, "wx2", "p1") != 40073 {
		t.Error("a card that sprang up for one account is another's as well")
	}

	strict := newRig(t, Config{StrictCards: true})
	if got := get(strict, "wx1", "p1"); got != 40073 {
		t.Errorf("under StrictCards: got %d, want 40073", got)
	}
	strict.card("p1", "GROUPON", nil, nil)
	if got := get(strict, "wx1", "p1"); got != 0 {
		t.Errorf("a card that was put: got %d", got)
	}
}

func TestCreateAndGetCard(t *testing.T) {
	r := newRig(t, Config{StrictCards: true})
	tok := r.token("wx1")
	for body, want := range map[string]int{
		``:                                  44002,
		`{}`:                                40071,
		`{"card":{"card_type":"X","x":{}}}`: 40071,
		`{"card":{"card_type":7}}`:          40071,
		`{"card":[]}`:                       47001,
		`{"card":{"card_type":"GROUPON"}}`:  41011,
		`{"card":{"card_type":"GIFT","gift":{}}}`:                                                                   41011,
		`{"card":{"card_type":"GIFT","gift":{"base_info":{"bind_openid":"yes"}}}}`:                                  47001,
		`{"card":{"card_type":"GIFT","gift":{"base_info":{"sku":{"quantity":-1}}}}}`:                                40122,
		`{"card":{"card_type":"GIFT","gift":{"base_info":{"title":"\u4e2d"}}}}`:                                     47002,
		`{"card":{"card_type":"GIFT","gift":{"base_info":{"title":"` + strings.Repeat("x", cards.MaxBody) + `"}}}}`: 45002,
	} {
		r.wantCode(body[:min(len(body), 80)], r.post("/card/create", tok, body), want)
	}

	made := r.post("/card/create", tok, `{"card":{"card_type":"MEMBER_CARD","member_card":{"base_info":{
		"title":"会员 & 卡","color":"Color010","sku":{"quantity":5},"bind_openid":true},"prerogative":"九折"}}}`)
	id := made.text("card_id")
	if made.code() != 0 || len(id) != 28 || id[0] != 'p' {
		t.Fatalf("got %v", made)
	}
	got := r.post("/card/get", tok, map[string]any{"card_id": id})
	want := map[string]any{"card_type": "MEMBER_CARD", "member_card": map[string]any{
		"prerogative": "九折",
		"base_info": map[string]any{
			"id": id, "status": "CARD_STATUS_VERIFY_OK", "title": "会员 & 卡", "color": "#63b359", "bind_openid": true,
			"sku":         map[string]any{"quantity": 5., "total_quantity": 5.},
			"create_time": 1777867200., "update_time": 1777867200.,
		},
	}}
	if !reflect.DeepEqual(got["card"], want) {
		t.Errorf("got %v\nwant %v", got["card"], want)
	}

	ticket := r.ticket("wx1", accounts.CardTicket)
	add := func(base string) answer {
		id := r.post("/card/create", tok, `{"card":{"card_type":"GIFT","gift":{"base_info":`+base+`}}}`).text("card_id")
		return r.addCard("", id, ext(ticket, id, nil))
	}
	r.added(add(`{}`))
	r.wantRefused("in review", add(`{"status":"CARD_STATUS_NOT_VERIFY"}`), phone.TextReview, "status")
	r.wantRefused("no stock", add(`{"sku":{"quantity":0}}`), phone.TextSoldOut, "stock")
}

func TestUpdateCardAndReview(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	r.card("p1", "MEMBER_CARD", map[string]any{"title": "a"}, map[string]any{"prerogative": "b"})
	state := func() string {
		t.Helper()
		card := r.post("/card/get", tok, `{"card_id":"p1"}`)["card"].(map[string]any)["member_card"].(map[string]any)
		return card["base_info"].(map[string]any)["status"].(string)
	}
	update := func(body string) answer { return r.post("/card/update", tok, body) }
	r.wantCode("no card_id", update(`{}`), 41012)
	r.wantCode("card_id of another type", update(`{"card_id":7}`), 47001)
	r.wantCode("another type", update(`{"card_id":"p1","gift":{}}`), 40071)
	r.wantCode("no object", update(`{"card_id":"p1","member_card":null}`), 47001)
	r.wantCode("wrong type inside", update(`{"card_id":"p1","member_card":{"wx_activate":"yes"}}`), 47001)
	r.wantCode("too large", update(`{"card_id":"p1","member_card":{"x":"`+strings.Repeat("x", cards.MaxBody)+`"}}`), 45002)

	for _, tc := range []struct {
		name, body string
		check      bool
	}{
		{"a free field", `{"card_id":"p1","member_card":{"base_info":{"custom_url_name":"x"},"wx_activate":true}}`, false},
		{"the same title", `{"card_id":"p1","member_card":{"base_info":{"title":"a"}}}`, false},
		{"fields that stay", `{"card_id":"p1","member_card":{"base_info":{"bind_openid":true,"sku":{"quantity":1},"status":"x"}}}`, false},
		{"another title", `{"card_id":"p1","member_card":{"base_info":{"title":"b"}}}`, true},
		{"another prerogative", `{"card_id":"p1","member_card":{"prerogative":"c"}}`, true},
	} {
		a := update(tc.body)
		if a.code() != 0 || a["send_check"] != tc.check {
			t.Errorf("%s: got %v, want send_check %v", tc.name, a, tc.check)
		}
	}
	if got := state(); got != cards.InReview {
		t.Errorf("after send_check: got %s", got)
	}
	r.do("POST", "/_sandbox/review", `{"card_id":"p2"}`)
	if got := state(); got != cards.InReview {
		t.Errorf("after the review of another: got %s", got)
	}
	r.do("POST", "/_sandbox/review", `{"card_id":"p1","pass":false}`)
	if got := state(); got != cards.Refused {
		t.Errorf("after a bad review: got %s", got)
	}
	update(`{"card_id":"p1","member_card":{"base_info":{"title":"c"}}}`)
	r.do("POST", "/_sandbox/review", "")
	if got := state(); got != cards.Approved {
		t.Errorf("after a good review: got %s", got)
	}
	card, _ := r.s.world.Cards.Find("p1")
	if card.BaseInfo.BindOpenID || card.Quantity != 100 || !card.WXActivate || *card.BaseInfo.SKU.Quantity != 100 {
		t.Errorf("got %+v", card.Flags)
	}
}

func TestBatchGetStockAndDelete(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	for i := range 60 {
		r.card(fmt.Sprintf("p%02d", i), "GROUPON", nil, nil)
	}
	list := func(body string) (ids []any, total int) {
		t.Helper()
		a := r.post("/card/batchget", tok, body)
		r.wantCode(body, a, 0)
		return a["card_id_list"].([]any), a.int("total_num")
	}
	for _, bad := range []string{`{"offset":0}`, `{"offset":-1,"count":1}`, `{"offset":0,"count":51}`} {
		r.wantCode(bad, r.post("/card/batchget", tok, bad), 40097)
	}
	if ids, total := list(`{"offset":50,"count":50}`); len(ids) != 10 || total != 60 || ids[0] != "p50" {
		t.Errorf("got %v, %d", ids, total)
	}
	if ids, total := list(`{"offset":99,"count":50}`); len(ids) != 0 || total != 60 {
		t.Errorf("got %v, %d", ids, total)
	}
	r.wantCode("delete", r.post("/card/delete", tok, `{"card_id":"p07"}`), 0)
	r.wantCode("deleted", r.post("/card/get", tok, `{"card_id":"p07"}`), 40073)
	if ids, _ := list(`{"offset":0,"count":50,"status_list":["CARD_STATUS_DELETE"]}`); len(ids) != 1 || ids[0] != "p07" {
		t.Errorf("got %v", ids)
	}
	if _, total := list(`{"offset":0,"count":1}`); total != 59 {
		t.Errorf("got %d cards, want 59", total)
	}

	for body, want := range map[string]int{
		`{"card_id":"p01","reduce_stock_value":101}`:        40122,
		`{"card_id":"p01","increase_stock_value":-1}`:       40122,
		`{"card_id":"p01","increase_stock_value":99999999}`: 40122,
		`{"card_id":"p02","reduce_stock_value":100}`:        0,
		`{"card_id":"pUnknown","reduce_stock_value":1}`:     40073,
	} {
		r.wantCode(body, r.post("/card/modifystock", tok, body), want)
	}
	if c, _ := r.s.world.Cards.Find("p02"); c.Quantity != 0 {
		t.Errorf("got stock %d", c.Quantity)
	}
}

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
