package sandbox

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
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
