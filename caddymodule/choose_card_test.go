package caddymodule

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

const chooseCardSite = `
	wechat_card /choose choose_card {
		card p1 p2
	}
	wechat_card /any choose_card {
		card *
	}
`

// choose decodes an answer of choose_card and checks its form and signature.
func choose(s *testSite, q testRequest) (cardID, cardType, shopID string) {
	s.t.Helper()
	w := s.do(q)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		s.t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	var a struct{ ShopID, CardType, CardID, Timestamp, NonceStr string }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Fatal(err)
	}
	if raw, err := hex.DecodeString(a.NonceStr); err != nil || len(raw) != 16 {
		s.t.Errorf("got nonce %q", a.NonceStr)
	}
	if timestamp, err := strconv.ParseInt(a.Timestamp, 10, 64); err != nil || time.Since(time.Unix(timestamp, 0)) > time.Minute {
		s.t.Errorf("got timestamp %s", a.Timestamp)
	}
	values := []string{s.credential(credential.APITicket), testAppID, a.ShopID, a.Timestamp, a.NonceStr, a.CardID, a.CardType}
	slices.Sort(values)
	want := fmt.Sprintf(`{"shopId":"%s","cardType":"%s","cardId":"%s","timestamp":"%s","nonceStr":"%s","signType":"SHA1","cardSign":"%s"}`,
		a.ShopID, a.CardType, a.CardID, a.Timestamp, a.NonceStr, hexSHA1(strings.Join(values, "")))
	if w.Body.String() != want {
		s.t.Errorf("got %s\nwant %s", w.Body, want)
	}
	return a.CardID, a.CardType, a.ShopID
}

func TestChooseCard(t *testing.T) {
	s := newTestSite(t, chooseCardSite)
	for _, tc := range []struct {
		testRequest
		cardID, cardType, shopID string
	}{
		{testRequest{target: "/choose"}, "", "", ""},
		{testRequest{target: "/choose?card_id=&card_type=&shop_id=&x=1"}, "", "", ""},
		{testRequest{target: "/choose?card_id=p2"}, "p2", "", ""},
		{testRequest{target: "/choose?card_type=MEMBER_CARD&shop_id=0123456789"}, "", "MEMBER_CARD", "0123456789"},
		{testRequest{target: "/choose?card_id=p1&card_type=CASH&shop_id=7"}, "p1", "CASH", "7"},
		{testRequest{target: "/any?card_id=pAny&card_type=INVOICE"}, "pAny", "INVOICE", ""},
		{testRequest{target: "/choose", method: http.MethodPost}, "", "", ""},
		{testRequest{target: "/choose?card_id=p9", body: `{"card_id":"p1","card_type":"GIFT","shop_id":"12","code":3}`}, "p1", "GIFT", "12"},
		{testRequest{target: "/choose", body: "card_id=p1&shop_id=12", typ: "application/x-www-form-urlencoded"}, "p1", "", "12"},
	} {
		if cardID, cardType, shopID := choose(s, tc.testRequest); cardID != tc.cardID || cardType != tc.cardType || shopID != tc.shopID {
			t.Errorf("%v: got %q, %q, %q", tc.testRequest, cardID, cardType, shopID)
		}
	}
}

func TestChooseCardRefuses(t *testing.T) {
	s := newTestSite(t, chooseCardSite)
	for _, tc := range []struct {
		testRequest
		status  int
		reason  string
		mention string
	}{
		{testRequest{target: "/choose?card_id=p3"}, 403, "card_not_allowed", "p3"},
		{testRequest{target: "/choose?card_id=p1&card_id=p2"}, 400, "invalid_request", "card_id"},
		{testRequest{target: "/choose?card_id=p1,p2"}, 400, "invalid_request", "card_id"},
		{testRequest{target: "/any?card_id=p/1"}, 400, "invalid_request", "card_id"},
		{testRequest{target: "/choose", body: `{"card_id":["p1"]}`}, 400, "invalid_request", "card_id"},
		{testRequest{target: "/choose?shop_id=p3"}, 400, "invalid_request", "shop_id"},
		{testRequest{target: "/choose?shop_id=-1"}, 400, "invalid_request", "shop_id"},
		{testRequest{target: "/choose?shop_id=123456789012345678901"}, 400, "invalid_request", "shop_id"},
		{testRequest{target: "/choose?shop_id=1&shop_id="}, 400, "invalid_request", "shop_id"},
		{testRequest{target: "/choose", body: `{"shop_id":12}`}, 400, "invalid_request", "shop_id"},
		{testRequest{target: "/choose?card_type=p3"}, 400, "invalid_request", "card_type"},
		{testRequest{target: "/choose?card_type=cash"}, 400, "invalid_request", "card_type"},
		{testRequest{target: "/choose?card_type=CASH,GIFT"}, 400, "invalid_request", "card_type"},
		{testRequest{target: "/choose", body: `[]`}, 400, "invalid_request", ""},
		{testRequest{target: "/choose", method: http.MethodPut}, 405, "method_not_allowed", ""},
	} {
		wantProblem(t, s.do(tc.testRequest), tc.status, tc.reason, tc.mention)
	}
	if calls := s.wechat.Calls(); len(calls) != 0 {
		t.Errorf("WeChat was asked: %v", calls)
	}
}
