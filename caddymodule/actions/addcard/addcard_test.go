package addcard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

const (
	testOpenID  = "o123456789012345678901234_-A"
	fixedOpenID = "o123456789012345678901234_-B" // that AddCardSite is configured with
)

func TestAddCard(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	alnum32 := regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
	hex40 := regexp.MustCompile(`^[0-9a-f]{40}$`)
	for _, tc := range []struct {
		name string
		sitetest.Request
		want string // cardId and fields beside timestamp, nonce_str and signature, of each card
	}{
		{"listed cards", sitetest.Request{Target: "/plain"}, `p1 p2`},
		{"one card", sitetest.Request{Target: "/plain?card_id=p2"}, `p2`},
		{"order is kept", sitetest.Request{Target: "/plain?card_id=p2,p1"}, `p2 p1`},
		{"repeated card_id", sitetest.Request{Target: "/plain?card_id=p2&card_id=p1&card_id=p2"}, `p2 p1 p2`},
		{"escaped name and comma", sitetest.Request{Target: "/plain?card%5Fid=p2%2cp1"}, `p2 p1`},
		{"brackets", sitetest.Request{Target: "/plain?card_id[]=p2"}, `p2`},
		{"brackets, escaped", sitetest.Request{Target: "/plain?card_id%5B0%5D=p2&card_id%5B1%5D=p1"}, `p2 p1`},
		{"numbered cards", sitetest.Request{Target: "/plain?cards[0][card_id]=p2&cards[0][outer_str]=a&cards[1][card_id]=p1"}, `p2[outer_str=a] p1`},
		{
			"numbered cards in a form",
			sitetest.Request{Target: "/any", Body: "cards%5B0%5D%5Bcard_id%5D=p2&cards%5B0%5D%5Bcode%5D=1", Type: "application/x-www-form-urlencoded"},
			`p2[code=1]`,
		},
		{"JSON as a form", sitetest.Request{Target: "/plain", Body: `{"card_id":"p2"}`, Type: "application/x-www-form-urlencoded"}, `p2`},
		{"the shape of the answer", sitetest.Request{Target: "/plain", Body: `{"cardList":[{"cardId":"p2","outer_str":"a"},{"cardId":"p1"}]}`}, `p2[outer_str=a] p1`},
		{"unknown parameters", sitetest.Request{Target: "/plain?_=1&card_id=p1&card=p9&x=%ZZ&%ZZ=1&=&&y"}, `p1`},
		{"outer_str", sitetest.Request{Target: "/plain?outer_str=a%2Bb+c%26%E4%B8%AD"}, `p1[outer_str=a+b c&中] p2[outer_str=a+b c&中]`},
		{"raw UTF-8 in the query", sitetest.Request{Target: "/plain?card_id=p1&outer_str=中;x"}, `p1[outer_str=中;x]`},
		{"empty fields are none", sitetest.Request{Target: "/plain?card_id=p1&outer_str=&code="}, `p1`},
		{
			"all fields",
			sitetest.Request{Target: "/any?card_id=p1&code=12AB&outer_str=o&fixed_begintimestamp=17"},
			`p1[code=12AB fixed_begintimestamp=17 outer_str=o]`,
		},
		{
			"all fields of a card that is bound",
			sitetest.Request{Target: "/bound?card_id=p1&openid=" + testOpenID + "&outer_str=o&fixed_begintimestamp=17"},
			`p1[fixed_begintimestamp=17 openid=` + testOpenID + ` outer_str=o]`,
		},
		{"HEAD", sitetest.Request{Method: http.MethodHead, Target: "/plain?card_id=p1"}, ``},

		{"no body", sitetest.Request{Method: http.MethodPost, Target: "/plain"}, `p1 p2`},
		{"no body, any type", sitetest.Request{Method: http.MethodPost, Target: "/plain", Type: "text/plain"}, `p1 p2`},
		{"empty object", sitetest.Request{Target: "/plain", Body: ` {} `}, `p1 p2`},
		{"the query of a POST is not read", sitetest.Request{Target: "/plain?outer_str=x&token=%zz", Body: `{}`}, `p1 p2`},
		{"object", sitetest.Request{Target: "/plain", Body: `{"card_id":"p2","outer_str":"a\"\\\u4e2d\ud83d\ude00/"}`}, `p2[outer_str=a"\中😀/]`},
		{"escaped name", sitetest.Request{Target: "/plain", Body: `{"card\u005fid":"p2"}`}, `p2`},
		{"array", sitetest.Request{Target: "/plain", Body: "{ \"card_id\" : [ \"p2\" , \"p1\" ] ,\r\n\t\"outer_str\" : \"x\" }"}, `p2[outer_str=x] p1[outer_str=x]`},
		{
			"cards",
			sitetest.Request{Target: "/plain", Body: `{"token":"t","cards":[{"card_id":"p2","outer_str":"a"},{"card_id":"p1"},{"outer_str":"b","card_id":"p2"}]}`},
			`p2[outer_str=a] p1 p2[outer_str=b]`,
		},
		{"codes of their own", sitetest.Request{Target: "/any", Body: `{"cards":[{"card_id":"p1","code":"1"},{"card_id":"p2","code":"2"}]}`}, `p1[code=1] p2[code=2]`},
		{"unknown members", sitetest.Request{Target: "/plain", Body: `{"Card":"p9","data":{"a":[{}, [1,"]}"], null]},"n":-1.5e3,"t":true,"card_id":"p1","z":"\ud800"}`}, `p1`},
		{"charset", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1"}`, Type: "application/json; charset=UTF-8"}, `p1`},
		{"form", sitetest.Request{Target: "/plain", Body: `card_id=p2&outer_str=a+b%3D`, Type: "application/x-www-form-urlencoded"}, `p2[outer_str=a b=]`},

		{
			"configured values",
			sitetest.Request{Target: "/set?shop=7&card_id=p1", Header: map[string]string{"X-Code": "a.b"}},
			`p1[code=a.b fixed_begintimestamp=1700000000 openid=` + fixedOpenID + ` outer_str=shop-7]`,
		},
		{"configured values win unchecked", sitetest.Request{
			Target: "/set?shop=7&card_id=p1&outer_str=%00&outer_str=%ZZ&code=1&code=2&openid=p1&fixed_begintimestamp=x",
			Header: map[string]string{"X-Code": "1"},
		}, `p1[code=1 fixed_begintimestamp=1700000000 openid=` + fixedOpenID + ` outer_str=shop-7]`},
		{"configured values win over wrong types", sitetest.Request{
			Target: "/set?shop=7", Body: `{"code":1,"cards":[{"card_id":"p1","outer_str":{},"openid":null,"openid":[]}]}`,
			Header: map[string]string{"X-Code": "1"},
		}, `p1[code=1 fixed_begintimestamp=1700000000 openid=` + fixedOpenID + ` outer_str=shop-7]`},
		{
			"a card's own block beats that of *",
			sitetest.Request{Target: "/set?shop=7&card_id=p2,p1", Header: map[string]string{"X-Code": "1"}},
			`p2[outer_str=any] p1[code=1 fixed_begintimestamp=1700000000 openid=` + fixedOpenID + ` outer_str=shop-7]`,
		},
		{"no nonce, numeric timestamp", sitetest.Request{Target: "/none"}, `p1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("got Content-Type %q", got)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("got Cache-Control %q", got)
			}
			if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("got X-Content-Type-Options %q", got)
			}
			if tc.Method == http.MethodHead {
				if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") < "1" {
					t.Errorf("got status %d, header %v, body %q", w.Code, w.Header(), w.Body)
				}
				return
			}
			if got := w.Header().Get("Content-Length"); got != "" {
				t.Errorf("got Content-Length %q for %d bytes", got, w.Body.Len())
			}
			if strings.Contains(w.Body.String(), `\u`) {
				t.Errorf("got an escape in %s", w.Body)
			}
			var got []string
			nonces := make(map[any]bool)
			for _, c := range s.Cards(w) {
				nonce, hasNonce := c.Ext["nonce_str"]
				signature, _ := c.Ext["signature"].(string)
				_, isNumber := c.Ext["timestamp"].(float64)
				if !hex40.MatchString(signature) {
					t.Errorf("got signature %q", signature)
				}
				if plain := tc.Target == "/none"; plain == hasNonce || plain != isNumber {
					t.Errorf("got cardExt %s", c.Raw)
				}
				if hasNonce && (nonces[nonce] || !alnum32.MatchString(nonce.(string))) {
					t.Errorf("got nonce_str %q", nonce)
				}
				nonces[nonce] = true
				delete(c.Ext, "nonce_str")
				delete(c.Ext, "signature")
				delete(c.Ext, "timestamp")
				card := c.ID
				if len(c.Ext) > 0 {
					card += strings.TrimPrefix(fmt.Sprint(c.Ext), "map")
				}
				got = append(got, card)
			}
			if got := strings.ReplaceAll(strings.Join(got, " "), ":", "="); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestAddCardIsAcceptedByPhone(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	for _, target := range []string{
		"/plain", "/none", "/any?card_id=p3&outer_str=a%26b%3D%22%E4%B8%AD", "/any?card_id=pCustom&code=123456789",
	} {
		if got := s.Phone("addCard", s.Get(target).Body.String()); !strings.Contains(got, `"errMsg":"addCard:ok"`) {
			t.Errorf("%s: got %s", target, got)
		}
	}
	if calls := s.WeChat.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("got calls %v", calls)
	}
}

func TestAddCardRefuses(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	long := strings.Repeat("中", 513)
	for _, tc := range []struct {
		name string
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{"no card_id with *", sitetest.Request{Target: "/any"}, 400, "invalid_request", "card_id"},
		{"card_id bytes", sitetest.Request{Target: "/any?card_id=p.1"}, 400, "invalid_request", "card_id"},
		{"card_id length", sitetest.Request{Target: "/any?card_id=" + strings.Repeat("p", 65)}, 400, "invalid_request", "card_id"},
		{"card_id escape", sitetest.Request{Target: "/any?card_id=%Z1"}, 400, "invalid_request", "card_id"},
		{"card_id cut escape", sitetest.Request{Target: "/any?card_id=p%1"}, 400, "invalid_request", "card_id"},
		{"card_id UTF-8", sitetest.Request{Target: "/any?card_id=%ff"}, 400, "invalid_request", "card_id"},
		{"empty element", sitetest.Request{Target: "/any?card_id=p1,,p2"}, 400, "invalid_request", "card_id"},
		{"too many cards", sitetest.Request{Target: "/any?card_id=p1,p1,p1,p1,p1,p1"}, 400, "invalid_request", "5"},
		{"10,000 cards", sitetest.Request{Target: "/any?" + strings.Repeat("card_id=p1&", 10_000)}, 400, "invalid_request", "5"},
		{"max_cards", sitetest.Request{Target: "/none?card_id=p1,p1"}, 400, "invalid_request", "1"},
		{"card_id empty", sitetest.Request{Target: "/plain?card_id="}, 400, "invalid_request", "card_id"},
		{"card_id empty in JSON", sitetest.Request{Target: "/plain", Body: `{"card_id":""}`}, 400, "invalid_request", "card_id"},
		{"card_id in the query of a POST", sitetest.Request{Method: http.MethodPost, Target: "/plain?card_id=p1"}, 400, "invalid_request", "card_id"},
		{"cardId", sitetest.Request{Target: "/plain?cardId=p1"}, 400, "invalid_request", "write card_id"},
		{"card_ids in JSON", sitetest.Request{Target: "/plain", Body: `{"card_ids":["p1"]}`}, 400, "invalid_request", "write card_id"},
		{"cardList as a form", sitetest.Request{Target: "/plain", Body: "cardList%5B0%5D%5BcardId%5D=p1", Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "cards[0][card_id]"},
		{"a list in a query, as wx.request writes it", sitetest.Request{Target: "/plain?card_id=%5B%22p1%22%2C%22p2%22%5D"}, 400, "invalid_request", "card_id=…&card_id=…"},
		{"card not listed", sitetest.Request{Target: "/plain?card_id=p1,p3"}, 403, "card_not_allowed", "p3"},
		{"field not accepted", sitetest.Request{Target: "/plain?card_id=p1&code=1"}, 403, "field_not_allowed", "code"},
		{"field not accepted, whatever it is", sitetest.Request{Target: "/plain", Body: `{"openid":[]}`}, 403, "field_not_allowed", "openid"},
		{"nothing accepted", sitetest.Request{Target: "/none?outer_str=x"}, 403, "field_not_allowed", "outer_str"},
		{"not configured for this card", sitetest.Request{Target: "/set?card_id=p2&fixed_begintimestamp=1"}, 403, "field_not_allowed", "fixed_begintimestamp"},
		{"value empty", sitetest.Request{Target: "/set?card_id=p1&shop=7"}, 403, "value_missing", "code"},
		{"part of a value empty", sitetest.Request{Target: "/set?card_id=p1", Header: map[string]string{"X-Code": "1"}}, 403, "value_missing", "outer_str"},
		{"value with a control character", sitetest.Request{Target: "/set?card_id=p1&shop=%0a", Header: map[string]string{"X-Code": "1"}}, 400, "invalid_request", "outer_str"},
		{"value not UTF-8", sitetest.Request{Target: "/set?card_id=p1&shop=%ff", Header: map[string]string{"X-Code": "1"}}, 400, "invalid_request", "outer_str"},
		{"value too long", sitetest.Request{Target: "/set?card_id=p1&shop=1", Header: map[string]string{"X-Code": strings.Repeat("1", 21)}}, 400, "invalid_request", "code"},

		{"code bytes", sitetest.Request{Target: "/any?card_id=p1&code=1-2"}, 400, "invalid_request", "code"},
		{"code length", sitetest.Request{Target: "/any?card_id=p1&code=" + strings.Repeat("1", 21)}, 400, "invalid_request", "code"},
		{"code for several cards", sitetest.Request{Target: "/any?card_id=p1,p2&code=1"}, 400, "invalid_request", "code"},
		{"code for several cards in JSON", sitetest.Request{Target: "/any", Body: `{"card_id":["p1","p2"],"code":"1"}`}, 400, "invalid_request", "code"},
		{"openid that is a card_id", sitetest.Request{Target: "/bound?card_id=p1&openid=p123456789012345678901234567"}, 400, "invalid_request", "openid"},
		{"openid letter", sitetest.Request{Target: "/bound?card_id=p1&openid=" + testOpenID[:27] + "."}, 400, "invalid_request", "openid"},
		{"openid length", sitetest.Request{Target: "/bound?card_id=p1&openid=" + testOpenID + "x"}, 400, "invalid_request", "openid"},
		{"fixed_begintimestamp", sitetest.Request{Target: "/any?card_id=p1&fixed_begintimestamp=-1"}, 400, "invalid_request", "fixed_begintimestamp"},
		{"fixed_begintimestamp length", sitetest.Request{Target: "/any?card_id=p1&fixed_begintimestamp=" + strings.Repeat("1", 21)}, 400, "invalid_request", "fixed_begintimestamp"},
		{"outer_str length", sitetest.Request{Target: "/any?card_id=p1&outer_str=" + long}, 400, "invalid_request", "outer_str"},
		{"outer_str twice", sitetest.Request{Target: "/any?card_id=p1&outer_str=a&outer_str=a"}, 400, "invalid_request", "outer_str"},
		{"outer_str twice, once empty", sitetest.Request{Target: "/any?card_id=p1&outer_str=a&outer_str="}, 400, "invalid_request", "outer_str"},
		{"outer_str escape", sitetest.Request{Target: "/any?card_id=p1&outer_str=100%"}, 400, "invalid_request", "outer_str"},
		{"outer_str NUL", sitetest.Request{Target: "/any?card_id=p1&outer_str=a%00"}, 400, "invalid_request", "outer_str"},
		{"outer_str DEL", sitetest.Request{Target: "/any?card_id=p1&outer_str=%7f"}, 400, "invalid_request", "outer_str"},
		{"outer_str C1", sitetest.Request{Target: "/any?card_id=p1&outer_str=%c2%85"}, 400, "invalid_request", "outer_str"},
		{"outer_str U+2028", sitetest.Request{Target: "/any?card_id=p1&outer_str=%e2%80%a8"}, 400, "invalid_request", "outer_str"},
		{"outer_str U+2029 in JSON", sitetest.Request{Target: "/any", Body: `{"card_id":"p1","outer_str":"\u2029"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str UTF-8", sitetest.Request{Target: "/any?card_id=p1&outer_str=%e4%b8"}, 400, "invalid_request", "outer_str"},
		{"outer_str surrogate", sitetest.Request{Target: "/any", Body: `{"card_id":"p1","outer_str":"\udc00\ud800"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str half a pair", sitetest.Request{Target: "/any", Body: `{"card_id":"p1","outer_str":"\ud83dx"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str NUL in JSON", sitetest.Request{Target: "/any", Body: `{"card_id":"p1","outer_str":"\u0000"}`}, 400, "invalid_request", "outer_str"},

		{"no JSON", sitetest.Request{Target: "/plain", Body: `card_id=p1`}, 400, "invalid_request", "JSON"},
		{"cut JSON", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1"`}, 400, "invalid_request", "JSON"},
		{"blank JSON", sitetest.Request{Target: "/plain", Body: ` `}, 400, "invalid_request", "JSON"},
		{"trailing data", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1"}{}`}, 400, "invalid_request", "JSON"},
		{"array at the top", sitetest.Request{Target: "/plain", Body: `[{"card_id":"p1"}]`}, 400, "invalid_request", "object"},
		{"null at the top", sitetest.Request{Target: "/plain", Body: `null`}, 400, "invalid_request", "object"},
		{"string at the top", sitetest.Request{Target: "/plain", Body: `"p1"`}, 400, "invalid_request", "object"},
		{"deep JSON", sitetest.Request{Target: "/plain", Body: `{"x":` + strings.Repeat(`[`, 30_000) + strings.Repeat(`]`, 30_000) + `}`}, 400, "invalid_request", "JSON"},
		{"body not UTF-8", sitetest.Request{Target: "/plain", Body: "{\"x\":\"\xff\"}"}, 400, "invalid_request", "UTF-8"},
		{"field not UTF-8", sitetest.Request{Target: "/plain", Body: "{\"card_id\":\"p1\",\"outer_str\":\"\xff\"}"}, 400, "invalid_request", "outer_str"},
		{"field of a card not UTF-8", sitetest.Request{Target: "/plain", Body: "{\"cards\":[{\"card_id\":\"p1\"},{\"card_id\":\"p1\",\"outer_str\":\"\xed\xa0\x80\"}]}"}, 400, "invalid_request", "outer_str"},
		{"name not UTF-8", sitetest.Request{Target: "/plain", Body: "{\"\xff\":1}"}, 400, "invalid_request", "UTF-8"},
		{"raw NUL", sitetest.Request{Target: "/plain", Body: "{\"card_id\":\"p1\",\"outer_str\":\"a\x00b\"}"}, 400, "invalid_request", "outer_str"},
		{"raw line end", sitetest.Request{Target: "/plain", Body: "{\n\"cards\":[{\"card_id\":\"p1\\\"\n\"}]}"}, 400, "invalid_request", "card_id"},
		{"raw NUL between", sitetest.Request{Target: "/plain", Body: "{\"card_id\":\"p1\"}\x00"}, 400, "invalid_request", "JSON"},
		{"byte order mark", sitetest.Request{Target: "/plain", Body: "\ufeff{}"}, 400, "invalid_request", "JSON"},
		{"card_id number", sitetest.Request{Target: "/plain", Body: `{"card_id":1}`}, 400, "invalid_request", "card_id"},
		{"card_id null", sitetest.Request{Target: "/plain", Body: `{"card_id":null}`}, 400, "invalid_request", "card_id"},
		{"card_id element", sitetest.Request{Target: "/plain", Body: `{"card_id":["p1",2]}`}, 400, "invalid_request", "card_id"},
		{"card_id empty element", sitetest.Request{Target: "/plain", Body: `{"card_id":[""]}`}, 400, "invalid_request", "card_id"},
		{"card_id empty array", sitetest.Request{Target: "/plain", Body: `{"card_id":[]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1","card\u005fid":"p1"}`}, 400, "invalid_request", "card_id"},
		{"comma in JSON", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1,p2"}`}, 400, "invalid_request", "card_id"},
		{"outer_str number", sitetest.Request{Target: "/plain", Body: `{"outer_str":1}`}, 400, "invalid_request", "outer_str"},
		{"outer_str duplicate", sitetest.Request{Target: "/plain", Body: `{"outer_str":"a","outer_str":"b"}`}, 400, "invalid_request", "outer_str"},
		{"cards object", sitetest.Request{Target: "/plain", Body: `{"cards":{"card_id":"p1"}}`}, 400, "invalid_request", "cards"},
		{"cards string", sitetest.Request{Target: "/plain", Body: `{"cards":"[]"}`}, 400, "invalid_request", "cards"},
		{"cards empty", sitetest.Request{Target: "/plain", Body: `{"cards":[ ]}`}, 400, "invalid_request", "cards"},
		{"cards twice", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1"}],"cards":[{"card_id":"p1"}]}`}, 400, "invalid_request", "cards"},
		{"cards of strings", sitetest.Request{Target: "/plain", Body: `{"cards":["p1"]}`}, 400, "invalid_request", "cards"},
		{"cards beside card_id", sitetest.Request{Target: "/plain", Body: `{"card_id":"p1","cards":[{"card_id":"p1"}]}`}, 400, "invalid_request", "cards"},
		{"card_id beside cards", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1"}],"card_id":"p1"}`}, 400, "invalid_request", "cards"},
		{"outer_str beside cards", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1"}],"outer_str":"a"}`}, 400, "invalid_request", "outer_str"},
		{"no card_id in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"outer_str":"a"}]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1","card_id":"p1"}]}`}, 400, "invalid_request", "card_id"},
		{"card_id array in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":["p1"]}]}`}, 400, "invalid_request", "card_id"},
		{"signature in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1","signature":"x"}]}`}, 400, "invalid_request", "signature"},
		{"other letter case in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1","Outer_str":"x"}]}`}, 400, "invalid_request", "Outer_str"},
		{"unprintable name in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1","\u0000\u2028\"":"x"}]}`}, 400, "invalid_request", "\uFFFD\uFFFD\""},
		{"long name in a card", sitetest.Request{Target: "/plain", Body: `{"cards":[{"card_id":"p1","` + strings.Repeat("é", 1000) + `":"x"}]}`}, 400, "invalid_request", "é…"},
		{"too many cards in JSON", sitetest.Request{Target: "/any", Body: `{"cards":[` + strings.Repeat(`{"card_id":"p1"},`, 3_000) + `{"card_id":"p1"}]}`}, 400, "invalid_request", "5"},

		{"method", sitetest.Request{Method: http.MethodPut, Target: "/plain", Body: `{}`}, 405, "method_not_allowed", "GET, HEAD, POST"},
		{"DELETE", sitetest.Request{Method: http.MethodDelete, Target: "/plain"}, 405, "method_not_allowed", "POST"},
		{"large", sitetest.Request{Target: "/plain", Body: `{"x":"` + strings.Repeat("x", 64<<10-7) + `"}`}, 413, "body_too_large", "65536"},
		{"other type", sitetest.Request{Target: "/plain", Body: `{}`, Type: "text/plain"}, 415, "unsupported_media_type", "application/json"},
		{"no type", sitetest.Request{Target: "/plain", Body: `{}`, Type: "-"}, 415, "unsupported_media_type", "Content-Type"},
		{"malformed type", sitetest.Request{Target: "/plain", Body: `{}`, Type: "application/json; ="}, 415, "unsupported_media_type", "Content-Type"},
		{"other charset", sitetest.Request{Target: "/plain", Body: `{}`, Type: "application/json; charset=gbk"}, 415, "unsupported_media_type", "UTF-8"},
		{"compressed", sitetest.Request{Target: "/plain", Body: `{}`, Header: map[string]string{"Content-Encoding": "gzip"}}, 415, "unsupported_media_type", "compressed"},
		{"form twice", sitetest.Request{Target: "/plain", Body: `outer_str=a&outer_str=b`, Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "outer_str"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			problemtest.Want(t, w, tc.status, tc.reason, tc.mention)
			if got := w.Header().Get("Allow"); (tc.status == 405) != (got == "GET, HEAD, POST, OPTIONS") {
				t.Errorf("got Allow %q", got)
			}
		})
	}
	if calls := s.WeChat.Calls(); len(calls) != 0 {
		t.Errorf("refused requests called WeChat: %v", calls)
	}
}

func TestOptions(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	w := s.Do(sitetest.Request{Method: http.MethodOptions, Target: "/plain"})
	if w.Code != http.StatusNoContent || w.Header().Get("Allow") != "GET, HEAD, POST, OPTIONS" || w.Body.Len() != 0 {
		t.Errorf("got status %d, header %v, body %q", w.Code, w.Header(), w.Body)
	}
	if w := s.Do(sitetest.Request{Target: "/below"}); w.Body.String() != "passed" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestBodyLimits(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	post := func(body string, length int64) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:9080/plain", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = length
		w := httptest.NewRecorder()
		s.Server.ServeHTTP(w, r)
		return w
	}
	fill := func(n int) string { return `{"x":"` + strings.Repeat("x", n-8) + `"}` }
	const limit = 64 << 10
	for _, length := range []int64{-1, limit} {
		if w := post(fill(limit), length); w.Code != http.StatusOK {
			t.Errorf("Content-Length %d: got %d %s", length, w.Code, w.Body)
		}
	}
	problemtest.Want(t, post(fill(limit+1), limit+1), 413, "body_too_large", "")
	problemtest.Want(t, post(fill(limit+1), -1), 413, "body_too_large", "")
	problemtest.Want(t, post(fill(limit-1), limit), 400, "invalid_request", "body")
	if w := post("", -1); w.Code != http.StatusOK {
		t.Errorf("empty chunked body: got %d %s", w.Code, w.Body)
	}
	if w := post(`{"x":`+strings.Repeat(`[`, 9_000)+strings.Repeat(`]`, 9_000)+`}`, -1); w.Code != http.StatusOK {
		t.Errorf("deep JSON: got %d %s", w.Code, w.Body)
	}
}

// TestConfiguredOpenID has openids configured that the requests bring: each one that is none is refused, and one in a minute
// logged.
func TestConfiguredOpenID(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.New(t, `
	wechat_card /user add_card {
		card p1 {
			openid {header.X-User}
		}
	}
	wechat_card /part add_card {
		card p1
		card * {
			openid o{header.X-User}
		}
		accept none
	}
	wechat_card /literal add_card {
		card p1 {
			openid user-7
		}
	}`)
	for _, tc := range []struct {
		target, user string
		status       int
		reason       string
	}{
		{"/user", testOpenID, 200, ""},
		{"/part?card_id=p2", testOpenID[1:], 200, ""},
		{"/part?card_id=p1", "4711", 200, ""},
		{"/user", "", 403, "value_missing"},
		{"/user", "4711", 403, "value_invalid"},
		{"/user?openid=" + testOpenID, "4711", 403, "value_invalid"},
		{"/user", "alice@shop.example", 403, "value_invalid"},
		{"/user", testOpenID + "x", 403, "value_invalid"},
		{"/user", " " + testOpenID, 403, "value_invalid"},
		{"/user", testOpenID[:27], 403, "value_invalid"},
		{"/user", "p" + testOpenID[1:], 403, "value_invalid"},
		{"/user", "O" + testOpenID[1:], 403, "value_invalid"},
		{"/user", testOpenID[:27] + "+", 403, "value_invalid"},
		{"/user", strings.Repeat("中", 9) + "o", 403, "value_invalid"},
		{"/user", strings.Repeat("o", 65), 403, "value_invalid"},
		{"/part?card_id=p2", testOpenID, 403, "value_invalid"},
		{"/literal", "", 403, "value_invalid"},
	} {
		w := s.Do(sitetest.Request{Target: tc.target, Header: map[string]string{"X-User": tc.user}})
		if tc.status == 200 && w.Code == 200 {
			continue
		}
		problemtest.Want(t, w, tc.status, tc.reason, "openid")
		if tc.user != "" && strings.Contains(w.Body.String(), tc.user) {
			t.Errorf("the answer says who asks: %s", w.Body)
		}
	}
	warnings := 0
	for _, line := range logs() {
		if line["level"] == "warn" && line["reason"] == "value_invalid" {
			warnings++
		}
	}
	if warnings != 3 { // a value each
		t.Errorf("%d warnings", warnings)
	}
}

// TestMisread asks for what would be good for another card, too.
func TestMisread(t *testing.T) {
	const site = `
	wechat_card /on add_card {
		card p1 pzZ8Yt1XGILfi-FUsewpnnolGgZk
		accept openid
	}
	wechat_card /off add_card {
		card p1 pzZ8Yt1XGILfi-FUsewpnnolGgZk
		accept openid
		nonce_str off
	}`
	s := sitetest.New(t, site)
	for s.Credential(credential.APITicket) > "o" { // a ticket behind them could not stand behind the other reading
		s = sitetest.New(t, site)
	}
	const query = "?card_id=pzZ8Yt1XGILfi-FUsewpnnolGgZk&openid="
	const crafted = "op1Pj9jr90_SQRaVqYI239Ka1erk" // ends where the card's p makes another card_id of it
	problemtest.Want(t, s.Get("/off"+query+crafted), 400, "invalid_request", "pzZ8Yt1XGILfi-FUsewpnnolGgZk")
	if got := s.Cards(s.Get("/off" + query + "oj1Pj9jr90_SQRaVqYI239Ka1erk"))[0]; got.Ext["nonce_str"] != nil {
		t.Errorf("got %s", got.Raw)
	}
	if nonce, _ := s.Cards(s.Get("/on" + query + crafted))[0].Ext["nonce_str"].(string); !strings.HasPrefix(nonce, "oz") || len(nonce) != 32 {
		t.Errorf("got nonce %q", nonce)
	}
	problemtest.Want(t, s.Get("/on"+query+"ozzzzzzzzzzzz90_SQRaVqYI239K"), 400, "invalid_request", "another card")
}

// TestAcceptOfCodeAndOpenID looks at which configurations let clients choose both. In the Caddyfile it is a matter of adapting.
func TestAcceptOfCodeAndOpenID(t *testing.T) {
	for _, tc := range []struct {
		cards string
		fine  bool
	}{
		{`{"card_id":["p1"]}`, false},
		{`{"card_id":["*"]}`, false},
		{`{"card_id":["p1"],"outer_str":"x"}`, false},
		{`{"card_id":["p1"],"code":"1"},{"card_id":["p2"]}`, false},
		{`{"card_id":["p1"]},{"card_id":["*"],"openid":"{http.request.header.X}"}`, false},
		{`{"card_id":["p1"],"code":"1"}`, true},
		{`{"card_id":["p1","p2"],"openid":"{http.request.header.X}"}`, true},
		{`{"card_id":["p1"],"code":"1"},{"card_id":["*"],"openid":"{http.request.header.X}"}`, true},
	} {
		for _, accept := range []string{`"code","openid"`, `"openid","outer_str","code"`} {
			err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"accounts":{"default":{"app_id":"wx0000000000000001","app_secret":"s"}},"store":{"module":"off"}},
				"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card","action":
				{"name":"add_card","cards":[` + tc.cards + `],"accept":[` + accept + `]}}]}]}}}}}`)
			if (err == nil) != tc.fine || err != nil && !strings.Contains(err.Error(), "accept") {
				t.Errorf("%s accept %s: got %v", tc.cards, accept, err)
			}
		}
	}
}
