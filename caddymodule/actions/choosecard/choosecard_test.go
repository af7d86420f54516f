package choosecard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
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
func choose(s *sitetest.Site, q sitetest.Request) (cardID, cardType, shopID string) {
	s.T.Helper()
	w := s.Do(q)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		s.T.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	var a struct{ ShopID, CardType, CardID, Timestamp, NonceStr string }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.T.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9A-Za-z]{32}$`).MatchString(a.NonceStr) {
		s.T.Errorf("got nonce %q", a.NonceStr)
	}
	if timestamp, err := strconv.ParseInt(a.Timestamp, 10, 64); err != nil || time.Since(time.Unix(timestamp, 0)) > time.Minute {
		s.T.Errorf("got timestamp %s", a.Timestamp)
	}
	values := []string{s.Credential(credential.APITicket), sitetest.AppID, a.ShopID, a.Timestamp, a.NonceStr, a.CardID, a.CardType}
	slices.Sort(values)
	want := fmt.Sprintf(`{"shopId":"%s","cardType":"%s","cardId":"%s","timestamp":"%s","nonceStr":"%s","signType":"SHA1","cardSign":"%s"}`,
		a.ShopID, a.CardType, a.CardID, a.Timestamp, a.NonceStr, sitetest.HexSHA1(strings.Join(values, "")))
	if w.Body.String() != want {
		s.T.Errorf("got %s\nwant %s", w.Body, want)
	}
	return a.CardID, a.CardType, a.ShopID
}

func TestChooseCard(t *testing.T) {
	s := sitetest.New(t, chooseCardSite)
	for _, tc := range []struct {
		sitetest.Request
		cardID, cardType, shopID string
	}{
		{sitetest.Request{Target: "/choose"}, "", "", ""},
		{sitetest.Request{Target: "/choose?card_type=&shop_id=&x=1"}, "", "", ""},
		{sitetest.Request{Target: "/choose?card_id=p2"}, "p2", "", ""},
		{sitetest.Request{Target: "/choose?card_type=MEMBER_CARD&shop_id=0123456789"}, "", "MEMBER_CARD", "0123456789"},
		{sitetest.Request{Target: "/choose?card_id=p1&card_type=CASH&shop_id=7"}, "p1", "CASH", "7"},
		{sitetest.Request{Target: "/any?card_id=pAny&card_type=INVOICE"}, "pAny", "INVOICE", ""},
		{sitetest.Request{Target: "/choose", Method: http.MethodPost}, "", "", ""},
		{sitetest.Request{Target: "/choose?x=p9", Body: `{"card_id":"p1","card_type":"GIFT","shop_id":"12","code":3}`}, "p1", "GIFT", "12"},
		{sitetest.Request{Target: "/choose", Body: "card_id=p1&shop_id=12", Type: "application/x-www-form-urlencoded"}, "p1", "", "12"},
	} {
		if cardID, cardType, shopID := choose(s, tc.Request); cardID != tc.cardID || cardType != tc.cardType || shopID != tc.shopID {
			t.Errorf("%v: got %q, %q, %q", tc.Request, cardID, cardType, shopID)
		}
	}
}

func TestChooseCardRefuses(t *testing.T) {
	s := sitetest.New(t, chooseCardSite)
	for _, tc := range []struct {
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{sitetest.Request{Target: "/choose?card_id=p3"}, 403, "card_not_allowed", "p3"},
		{sitetest.Request{Target: "/choose?card_id=p1&card_id=p2"}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/choose?card_id=p1,p2"}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/choose?card_id="}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/choose?cardId=p1"}, 400, "invalid_request", "write card_id"},
		{sitetest.Request{Target: "/choose?cardType=CASH"}, 400, "invalid_request", "write card_type"},
		{sitetest.Request{Target: "/choose", Body: `{"card_id":"p1","shopId":"1"}`}, 400, "invalid_request", "write shop_id"},
		{sitetest.Request{Target: "/choose?card_id=p1", Body: `{"card_id":"p1"}`}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/any?card_id=p/1"}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/choose", Body: `{"card_id":["p1"]}`}, 400, "invalid_request", "card_id"},
		{sitetest.Request{Target: "/choose?shop_id=p3"}, 400, "invalid_request", "shop_id"},
		{sitetest.Request{Target: "/choose?shop_id=-1"}, 400, "invalid_request", "shop_id"},
		{sitetest.Request{Target: "/choose?shop_id=123456789012345678901"}, 400, "invalid_request", "shop_id"},
		{sitetest.Request{Target: "/choose?shop_id=1&shop_id="}, 400, "invalid_request", "shop_id"},
		{sitetest.Request{Target: "/choose", Body: `{"shop_id":12}`}, 400, "invalid_request", "shop_id"},
		{sitetest.Request{Target: "/choose?card_type=p3"}, 400, "invalid_request", "card_type"},
		{sitetest.Request{Target: "/choose?card_type=cash"}, 400, "invalid_request", "card_type"},
		{sitetest.Request{Target: "/choose?card_type=CASH,GIFT"}, 400, "invalid_request", "card_type"},
		{sitetest.Request{Target: "/choose", Body: `[]`}, 400, "invalid_request", ""},
		{sitetest.Request{Target: "/choose", Method: http.MethodPut}, 405, "method_not_allowed", ""},
	} {
		problemtest.Want(t, s.Do(tc.Request), tc.status, tc.reason, tc.mention)
	}
	if calls := s.WeChat.Calls(); len(calls) != 0 {
		t.Errorf("WeChat was asked: %v", calls)
	}
}

// TestChooseCardOfWhatOthersDecide asks for cards whose code or openid is not for clients to say. What they choose beside the
// card_id would be the code.
func TestChooseCardOfWhatOthersDecide(t *testing.T) {
	s := sitetest.New(t, `
	wechat_card /choose choose_card {
		card *
	}
	wechat_card /other choose_card {
		account other
		card *
	}
	wechat_card /any choose_card {
		account {query.account}
		card *
	}
	wechat_card /fill fill {
		card pFill
	}
	wechat_card /add add_card {
		card pCode {
			code {header.X-Code}
		}
		card pOpenID {
			openid {header.X-Openid}
		}
		card pOuter {
			outer_str x
		}
		card pFree
		accept code
	}
	wechat_card /elsewhere add_card {
		account other
		card pOwn
		card * {
			code {header.X-Code}
		}
	}`)
	for _, tc := range []struct {
		target string
		card   string
		free   bool
	}{
		{"/choose?", "pFill", false},
		{"/choose?", "pCode", false},
		{"/choose?", "pOpenID", false},
		{"/choose?", "pOuter", true},
		{"/choose?", "pFree", true},
		{"/choose?", "pNamedNowhere", true},
		{"/other?", "pNamedNowhere", false},
		{"/other?", "pFill", false},
		{"/other?", "pOwn", true},
		{"/any?account=default&", "pCode", false},
		{"/any?account=default&", "pNamedNowhere", true},
		{"/any?account=other&", "pNamedNowhere", false},
		{"/any?account=other&", "pOwn", true},
	} {
		if w := s.Get(tc.target + "card_id=" + tc.card); w.Code != http.StatusOK {
			t.Errorf("%s%s: got %d %s", tc.target, tc.card, w.Code, w.Body)
		}
		for _, beside := range []string{"shop_id=12345678901234567890", "card_type=MEMBER_CARD", "shop_id=1&card_type=GIFT"} {
			w := s.Get(tc.target + beside)
			if w.Code != http.StatusOK {
				t.Errorf("%s%s: got %d %s", tc.target, beside, w.Code, w.Body)
			}
			w = s.Get(tc.target + beside + "&card_id=" + tc.card)
			if tc.free {
				if w.Code != http.StatusOK {
					t.Errorf("%s%s with %s: got %d %s", tc.target, tc.card, beside, w.Code, w.Body)
				}
				continue
			}
			problemtest.Want(t, w, 400, "invalid_request", tc.card)
		}
		if w := s.Get(tc.target + "shop_id=&card_type=&card_id=" + tc.card); w.Code != http.StatusOK {
			t.Errorf("%s%s: got %d %s", tc.target, tc.card, w.Code, w.Body)
		}
	}
}
