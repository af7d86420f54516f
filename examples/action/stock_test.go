package stock_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	_ "example.com/stock"
)

const site = `
	wechat_card /stock stock {
		card p1 p2
	}
	wechat_card /any stock {
		card *
		card pOther
		max_cards 2
		cache off
	}
	wechat_card /internal stock {
		card *
		clients 192.0.2.0/24
	}
	wechat_card /shops stock {
		account {query.shop}
		card *
	}
`

// otherAppID is that of the account other of sitetest's sites.
const otherAppID = "wx0000000000000002"

func newSite(t *testing.T) *sitetest.Site {
	t.Helper()
	s := sitetest.New(t, site)
	for _, card := range []struct{ appID, id, quantity string }{
		{sitetest.AppID, "p1", "7"}, {sitetest.AppID, "p2", "0"}, {sitetest.AppID, "p3", "100"}, {otherAppID, "pOther", "9"},
	} {
		if err := s.WeChat.PutCard(card.appID, card.id, `{"card_type":"GIFT","gift":{"base_info":{"sku":{"quantity":`+card.quantity+`}}}}`); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestAdapt(t *testing.T) { sitetest.Adapt(t) }

func TestStock(t *testing.T) {
	s := newSite(t)
	const form = "application/x-www-form-urlencoded"
	for _, tc := range []struct {
		sitetest.Request
		want string // cardId quantity totalQuantity …
	}{
		{sitetest.Request{Target: "/stock"}, "p1 7 7 p2 0 0"},
		{sitetest.Request{Target: "/stock?card_id=p2&code=1"}, "p2 0 0"},
		{sitetest.Request{Target: "/stock?card_id=p2,p1,p2"}, "p2 0 0 p1 7 7 p2 0 0"},
		{sitetest.Request{Target: "/stock", Body: `{"card_id":["p2"]}`}, "p2 0 0"},
		{sitetest.Request{Target: "/any", Body: `card_id=p3`, Type: form}, "p3 100 100"},
		{sitetest.Request{Target: "/internal?card_id=p3", From: "192.0.2.7"}, "p3 100 100"},
		{sitetest.Request{Target: "/shops?card_id=p1&shop=default"}, "p1 7 7"},
		{sitetest.Request{Target: "/shops?card_id=pOther&shop=other"}, "pOther 9 9"},
	} {
		want := ""
		words := strings.Fields(tc.want)
		for i := 0; i < len(words); i += 3 {
			want += `,{"cardId":"` + words[i] + `","quantity":` + words[i+1] + `,"totalQuantity":` + words[i+2] + `}`
		}
		want = `{"cardList":[` + strings.TrimPrefix(want, ",") + `]}`
		w := s.Do(tc.Request)
		if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: got %d %s, want %s", tc.Request, w.Code, w.Body, want)
		}
	}
	// Two on the first route, and one on each other, for each has a memory of its own; on the last one for each account.
	if calls := s.WeChat.Calls()["/card/get"]; calls != 6 {
		t.Errorf("WeChat was asked %d times", calls)
	}
}

func TestStockRefuses(t *testing.T) {
	s := newSite(t)
	for _, tc := range []struct {
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{sitetest.Request{Target: "/stock?card_id=p1,p3"}, 403, "card_not_allowed", "p3"},
		{sitetest.Request{Target: "/stock?card_id=p/1"}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/any?card_id=p1,p2,p3"}, 400, "invalid_request", "more cards than 2"},
		{sitetest.Request{Target: "/any"}, 400, "invalid_request", "lists none"},
		{sitetest.Request{Target: "/stock", Body: `[]`}, 400, "invalid_request", "no JSON object"},
		{sitetest.Request{Target: "/stock", Method: http.MethodPut}, 405, "method_not_allowed", "GET"},
		{sitetest.Request{Target: "/internal?card_id=p1", From: "198.51.100.7"}, 403, "client_not_allowed", "198.51.100.7"},
		{sitetest.Request{Target: "/internal?card_id=p1", From: "192.0.2.7", Header: map[string]string{"Origin": "https://example.com"}}, 403, "client_not_allowed", "browser"},
	} {
		problemtest.Want(t, s.Do(tc.Request), tc.status, tc.reason, tc.mention)
	}
	if calls := s.WeChat.Calls(); len(calls) != 0 {
		t.Errorf("WeChat was asked: %v", calls)
	}
}

func TestWeChatsNo(t *testing.T) {
	logged := sitetest.Logs(t)
	s := newSite(t)
	problemtest.Want(t, s.Get("/any?card_id=pOther"), http.StatusUnprocessableEntity, "wechat_rejected", "")
	lines := logged()
	last := lines[len(lines)-1]
	if last["action"] != "stock" || last["listed_card"] != "pOther" || last["level"] != "error" {
		t.Errorf("logged %v", last)
	}
}

func TestStockInChinese(t *testing.T) {
	s := newSite(t)
	for target, want := range map[string]string{
		"/any":             `"title":"请求有误","status":400,"detail":"缺少 card_id：这里可查询任意卡券，没有默认列出的卡券"`,
		"/stock?card_id=p": `"title":"禁止访问","status":403,"detail":"这里不发放卡券 p"`,
	} {
		w := s.Do(sitetest.Request{Target: target, Header: map[string]string{"Accept-Language": "zh-CN"}})
		if !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Language") != "zh-CN" {
			t.Errorf("%s: got %s, want %s", target, w.Body, want)
		}
	}
}

// TestWhatTheGatewayKnows looks at what doctor and the admin API go by.
func TestWhatTheGatewayKnows(t *testing.T) {
	s := newSite(t)
	found := make(map[string]bool)
	for _, use := range s.App.CardUses(app.DefaultAccount) {
		if use.Action != "stock" || use.Does == "" {
			t.Errorf("got %+v", use)
		}
		found[use.CardID] = true
	}
	if len(found) != 4 || !found["p1"] || !found["p2"] || !found["pOther"] || !found["*"] {
		t.Errorf("got %v", found)
	}
}
