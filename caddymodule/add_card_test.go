package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// addCardSite has a route for each kind of configuration.
const addCardSite = `
	wechat_card /plain add_card {
		card p1 p2
	}
	wechat_card /any add_card {
		card *
		accept outer_str code openid fixed_begintimestamp
	}
	wechat_card /set add_card {
		card p1 {
			outer_str shop-{query.shop}
			code {http.request.header.X-Code}
			openid fixed
			fixed_begintimestamp 1700000000
		}
		card * {
			outer_str any
		}
		accept outer_str code openid
	}
	wechat_card /none add_card {
		card p1
		accept none
		nonce_str off
		timestamp number
		max_cards 1
	}
	respond /below "passed"
`

const testOpenID = "o123456789012345678901234_-A"

func TestAddCard(t *testing.T) {
	s := newTestSite(t, addCardSite)
	hex32 := regexp.MustCompile(`^[0-9a-f]{32}$`)
	hex40 := regexp.MustCompile(`^[0-9a-f]{40}$`)
	for _, tc := range []struct {
		name string
		testRequest
		want string // cardId and fields beside timestamp, nonce_str and signature, of each card
	}{
		{"listed cards", testRequest{target: "/plain"}, `p1 p2`},
		{"one card", testRequest{target: "/plain?card_id=p2"}, `p2`},
		{"order is kept", testRequest{target: "/plain?card_id=p2,p1"}, `p2 p1`},
		{"repeated card_id", testRequest{target: "/plain?card_id=p2&card_id=p1&card_id=p2"}, `p2 p1 p2`},
		{"escaped name and comma", testRequest{target: "/plain?card%5Fid=p2%2cp1"}, `p2 p1`},
		{"empty card_id is none", testRequest{target: "/plain?card_id="}, `p1 p2`},
		{"unknown parameters", testRequest{target: "/plain?_=1&card_id=p1&CARD_ID=p9&x=%ZZ&%ZZ=1&=&&y"}, `p1`},
		{"outer_str", testRequest{target: "/plain?outer_str=a%2Bb+c%26%E4%B8%AD"}, `p1[outer_str=a+b c&中] p2[outer_str=a+b c&中]`},
		{"raw UTF-8 in the query", testRequest{target: "/plain?card_id=p1&outer_str=中;x"}, `p1[outer_str=中;x]`},
		{"empty fields are none", testRequest{target: "/plain?card_id=p1&outer_str=&code="}, `p1`},
		{
			"all fields",
			testRequest{target: "/any?card_id=p1&code=12AB&openid=" + testOpenID + "&outer_str=o&fixed_begintimestamp=17"},
			`p1[code=12AB fixed_begintimestamp=17 openid=` + testOpenID + ` outer_str=o]`,
		},
		{"HEAD", testRequest{method: http.MethodHead, target: "/plain?card_id=p1"}, ``},

		{"no body", testRequest{method: http.MethodPost, target: "/plain?card_id=p1"}, `p1 p2`},
		{"no body, any type", testRequest{method: http.MethodPost, target: "/plain", typ: "text/plain"}, `p1 p2`},
		{"empty object", testRequest{target: "/plain", body: ` {} `}, `p1 p2`},
		{"the query of a POST is not read", testRequest{target: "/plain?card_id=p9&outer_str=x", body: `{}`}, `p1 p2`},
		{"object", testRequest{target: "/plain", body: `{"card_id":"p2","outer_str":"a\"\\\u4e2d\ud83d\ude00/"}`}, `p2[outer_str=a"\中😀/]`},
		{"escaped name", testRequest{target: "/plain", body: `{"card\u005fid":"p2"}`}, `p2`},
		{"array", testRequest{target: "/plain", body: "{ \"card_id\" : [ \"p2\" , \"p1\" ] ,\r\n\t\"outer_str\" : \"x\" }"}, `p2[outer_str=x] p1[outer_str=x]`},
		{
			"cards",
			testRequest{target: "/plain", body: `{"token":"t","cards":[{"card_id":"p2","outer_str":"a"},{"card_id":"p1"},{"outer_str":"b","card_id":"p2"}]}`},
			`p2[outer_str=a] p1 p2[outer_str=b]`,
		},
		{"codes of their own", testRequest{target: "/any", body: `{"cards":[{"card_id":"p1","code":"1"},{"card_id":"p2","code":"2"}]}`}, `p1[code=1] p2[code=2]`},
		{"unknown members", testRequest{target: "/plain", body: `{"Card_id":"p9","data":{"a":[{}, [1,"]}"], null]},"n":-1.5e3,"t":true,"card_id":"p1","z":"\ud800"}`}, `p1`},
		{"charset", testRequest{target: "/plain", body: `{"card_id":"p1"}`, typ: "application/json; charset=UTF-8"}, `p1`},
		{"form", testRequest{target: "/plain", body: `card_id=p2&outer_str=a+b%3D`, typ: "application/x-www-form-urlencoded"}, `p2[outer_str=a b=]`},

		{
			"configured values",
			testRequest{target: "/set?shop=7&card_id=p1", header: map[string]string{"X-Code": "a.b"}},
			`p1[code=a.b fixed_begintimestamp=1700000000 openid=fixed outer_str=shop-7]`,
		},
		{"configured values win unchecked", testRequest{
			target: "/set?shop=7&card_id=p1&outer_str=%00&outer_str=%ZZ&code=1&code=2&openid=p1&fixed_begintimestamp=x",
			header: map[string]string{"X-Code": "1"},
		}, `p1[code=1 fixed_begintimestamp=1700000000 openid=fixed outer_str=shop-7]`},
		{"configured values win over wrong types", testRequest{
			target: "/set?shop=7", body: `{"code":1,"cards":[{"card_id":"p1","outer_str":{},"openid":null,"openid":[]}]}`,
			header: map[string]string{"X-Code": "1"},
		}, `p1[code=1 fixed_begintimestamp=1700000000 openid=fixed outer_str=shop-7]`},
		{
			"a card's own block beats that of *",
			testRequest{target: "/set?shop=7&card_id=p2,p1", header: map[string]string{"X-Code": "1"}},
			`p2[outer_str=any] p1[code=1 fixed_begintimestamp=1700000000 openid=fixed outer_str=shop-7]`,
		},
		{"no nonce, numeric timestamp", testRequest{target: "/none"}, `p1`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.do(tc.testRequest)
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("got Content-Type %q", got)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("got Cache-Control %q", got)
			}
			if tc.method == http.MethodHead {
				if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") < "1" {
					t.Errorf("got status %d, header %v, body %q", w.Code, w.Header(), w.Body)
				}
				return
			}
			if got := w.Header().Get("Content-Length"); got != fmt.Sprint(w.Body.Len()) && (got != "" || w.Body.Len() > 2048) {
				t.Errorf("got Content-Length %q for %d bytes", got, w.Body.Len())
			}
			if strings.Contains(w.Body.String(), `\u`) {
				t.Errorf("got an escape in %s", w.Body)
			}
			var got []string
			nonces := make(map[any]bool)
			for _, c := range s.cards(w) {
				nonce, hasNonce := c.Ext["nonce_str"]
				signature, _ := c.Ext["signature"].(string)
				_, isNumber := c.Ext["timestamp"].(float64)
				if !hex40.MatchString(signature) {
					t.Errorf("got signature %q", signature)
				}
				if plain := tc.target == "/none"; plain == hasNonce || plain != isNumber {
					t.Errorf("got cardExt %s", c.Raw)
				}
				if hasNonce && (nonces[nonce] || !hex32.MatchString(nonce.(string))) {
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
	s := newTestSite(t, addCardSite)
	for _, target := range []string{
		"/plain", "/none", "/any?card_id=p3&outer_str=a%26b%3D%22%E4%B8%AD", "/any?card_id=pCustom&code=123456789",
	} {
		if got := s.phone("addCard", s.get(target).Body.String()); !strings.Contains(got, `"errMsg":"addCard:ok"`) {
			t.Errorf("%s: got %s", target, got)
		}
	}
	if calls := s.wechat.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("got calls %v", calls)
	}
}

func TestAddCardRefuses(t *testing.T) {
	s := newTestSite(t, addCardSite)
	long := strings.Repeat("中", 513)
	for _, tc := range []struct {
		name string
		testRequest
		status  int
		reason  string
		mention string
	}{
		{"no card_id with *", testRequest{target: "/any"}, 400, "invalid_request", "card_id"},
		{"card_id bytes", testRequest{target: "/any?card_id=p.1"}, 400, "invalid_request", "card_id"},
		{"card_id length", testRequest{target: "/any?card_id=" + strings.Repeat("p", 65)}, 400, "invalid_request", "card_id"},
		{"card_id escape", testRequest{target: "/any?card_id=%Z1"}, 400, "invalid_request", "card_id"},
		{"card_id cut escape", testRequest{target: "/any?card_id=p%1"}, 400, "invalid_request", "card_id"},
		{"card_id UTF-8", testRequest{target: "/any?card_id=%ff"}, 400, "invalid_request", "card_id"},
		{"empty element", testRequest{target: "/any?card_id=p1,,p2"}, 400, "invalid_request", "card_id"},
		{"too many cards", testRequest{target: "/any?card_id=p1,p1,p1,p1,p1,p1"}, 400, "invalid_request", "5"},
		{"10,000 cards", testRequest{target: "/any?" + strings.Repeat("card_id=p1&", 10_000)}, 400, "invalid_request", "5"},
		{"max_cards", testRequest{target: "/none?card_id=p1,p1"}, 400, "invalid_request", "1"},
		{"card not listed", testRequest{target: "/plain?card_id=p1,p3"}, 403, "card_not_allowed", "p3"},
		{"field not accepted", testRequest{target: "/plain?card_id=p1&code=1"}, 403, "field_not_allowed", "code"},
		{"field not accepted, whatever it is", testRequest{target: "/plain", body: `{"openid":[]}`}, 403, "field_not_allowed", "openid"},
		{"nothing accepted", testRequest{target: "/none?outer_str=x"}, 403, "field_not_allowed", "outer_str"},
		{"not configured for this card", testRequest{target: "/set?card_id=p2&fixed_begintimestamp=1"}, 403, "field_not_allowed", "fixed_begintimestamp"},
		{"value empty", testRequest{target: "/set?card_id=p1&shop=7"}, 403, "value_missing", "code"},
		{"part of a value empty", testRequest{target: "/set?card_id=p1", header: map[string]string{"X-Code": "1"}}, 403, "value_missing", "outer_str"},
		{"value with a control character", testRequest{target: "/set?card_id=p1&shop=%0a", header: map[string]string{"X-Code": "1"}}, 400, "invalid_request", "outer_str"},
		{"value not UTF-8", testRequest{target: "/set?card_id=p1&shop=%ff", header: map[string]string{"X-Code": "1"}}, 400, "invalid_request", "outer_str"},
		{"value too long", testRequest{target: "/set?card_id=p1&shop=1", header: map[string]string{"X-Code": strings.Repeat("1", 21)}}, 400, "invalid_request", "code"},

		{"code bytes", testRequest{target: "/any?card_id=p1&code=1-2"}, 400, "invalid_request", "code"},
		{"code length", testRequest{target: "/any?card_id=p1&code=" + strings.Repeat("1", 21)}, 400, "invalid_request", "code"},
		{"code for several cards", testRequest{target: "/any?card_id=p1,p2&code=1"}, 400, "invalid_request", "code"},
		{"code for several cards in JSON", testRequest{target: "/any", body: `{"card_id":["p1","p2"],"code":"1"}`}, 400, "invalid_request", "code"},
		{"openid that is a card_id", testRequest{target: "/any?card_id=p1&openid=p123456789012345678901234567"}, 400, "invalid_request", "openid"},
		{"openid length", testRequest{target: "/any?card_id=p1&openid=" + testOpenID + "x"}, 400, "invalid_request", "openid"},
		{"fixed_begintimestamp", testRequest{target: "/any?card_id=p1&fixed_begintimestamp=-1"}, 400, "invalid_request", "fixed_begintimestamp"},
		{"fixed_begintimestamp length", testRequest{target: "/any?card_id=p1&fixed_begintimestamp=" + strings.Repeat("1", 21)}, 400, "invalid_request", "fixed_begintimestamp"},
		{"outer_str length", testRequest{target: "/any?card_id=p1&outer_str=" + long}, 400, "invalid_request", "outer_str"},
		{"outer_str twice", testRequest{target: "/any?card_id=p1&outer_str=a&outer_str=a"}, 400, "invalid_request", "outer_str"},
		{"outer_str twice, once empty", testRequest{target: "/any?card_id=p1&outer_str=a&outer_str="}, 400, "invalid_request", "outer_str"},
		{"outer_str escape", testRequest{target: "/any?card_id=p1&outer_str=100%"}, 400, "invalid_request", "outer_str"},
		{"outer_str NUL", testRequest{target: "/any?card_id=p1&outer_str=a%00"}, 400, "invalid_request", "outer_str"},
		{"outer_str DEL", testRequest{target: "/any?card_id=p1&outer_str=%7f"}, 400, "invalid_request", "outer_str"},
		{"outer_str C1", testRequest{target: "/any?card_id=p1&outer_str=%c2%85"}, 400, "invalid_request", "outer_str"},
		{"outer_str U+2028", testRequest{target: "/any?card_id=p1&outer_str=%e2%80%a8"}, 400, "invalid_request", "outer_str"},
		{"outer_str U+2029 in JSON", testRequest{target: "/any", body: `{"card_id":"p1","outer_str":"\u2029"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str UTF-8", testRequest{target: "/any?card_id=p1&outer_str=%e4%b8"}, 400, "invalid_request", "outer_str"},
		{"outer_str surrogate", testRequest{target: "/any", body: `{"card_id":"p1","outer_str":"\udc00\ud800"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str half a pair", testRequest{target: "/any", body: `{"card_id":"p1","outer_str":"\ud83dx"}`}, 400, "invalid_request", "outer_str"},
		{"outer_str NUL in JSON", testRequest{target: "/any", body: `{"card_id":"p1","outer_str":"\u0000"}`}, 400, "invalid_request", "outer_str"},

		{"no JSON", testRequest{target: "/plain", body: `card_id=p1`}, 400, "invalid_request", "JSON"},
		{"cut JSON", testRequest{target: "/plain", body: `{"card_id":"p1"`}, 400, "invalid_request", "JSON"},
		{"blank JSON", testRequest{target: "/plain", body: ` `}, 400, "invalid_request", "JSON"},
		{"trailing data", testRequest{target: "/plain", body: `{"card_id":"p1"}{}`}, 400, "invalid_request", "JSON"},
		{"array at the top", testRequest{target: "/plain", body: `[{"card_id":"p1"}]`}, 400, "invalid_request", "object"},
		{"null at the top", testRequest{target: "/plain", body: `null`}, 400, "invalid_request", "object"},
		{"string at the top", testRequest{target: "/plain", body: `"p1"`}, 400, "invalid_request", "object"},
		{"deep JSON", testRequest{target: "/plain", body: `{"x":` + strings.Repeat(`[`, 30_000) + strings.Repeat(`]`, 30_000) + `}`}, 400, "invalid_request", "JSON"},
		{"body not UTF-8", testRequest{target: "/plain", body: "{\"x\":\"\xff\"}"}, 400, "invalid_request", "UTF-8"},
		{"field not UTF-8", testRequest{target: "/plain", body: "{\"card_id\":\"p1\",\"outer_str\":\"\xff\"}"}, 400, "invalid_request", "outer_str"},
		{"field of a card not UTF-8", testRequest{target: "/plain", body: "{\"cards\":[{\"card_id\":\"p1\"},{\"card_id\":\"p1\",\"outer_str\":\"\xed\xa0\x80\"}]}"}, 400, "invalid_request", "outer_str"},
		{"name not UTF-8", testRequest{target: "/plain", body: "{\"\xff\":1}"}, 400, "invalid_request", "UTF-8"},
		{"raw NUL", testRequest{target: "/plain", body: "{\"card_id\":\"p1\",\"outer_str\":\"a\x00b\"}"}, 400, "invalid_request", "outer_str"},
		{"raw line end", testRequest{target: "/plain", body: "{\n\"cards\":[{\"card_id\":\"p1\\\"\n\"}]}"}, 400, "invalid_request", "card_id"},
		{"raw NUL between", testRequest{target: "/plain", body: "{\"card_id\":\"p1\"}\x00"}, 400, "invalid_request", "JSON"},
		{"byte order mark", testRequest{target: "/plain", body: "\ufeff{}"}, 400, "invalid_request", "JSON"},
		{"card_id number", testRequest{target: "/plain", body: `{"card_id":1}`}, 400, "invalid_request", "card_id"},
		{"card_id null", testRequest{target: "/plain", body: `{"card_id":null}`}, 400, "invalid_request", "card_id"},
		{"card_id element", testRequest{target: "/plain", body: `{"card_id":["p1",2]}`}, 400, "invalid_request", "card_id"},
		{"card_id empty element", testRequest{target: "/plain", body: `{"card_id":[""]}`}, 400, "invalid_request", "card_id"},
		{"card_id empty array", testRequest{target: "/plain", body: `{"card_id":[]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice", testRequest{target: "/plain", body: `{"card_id":"p1","card\u005fid":"p1"}`}, 400, "invalid_request", "card_id"},
		{"comma in JSON", testRequest{target: "/plain", body: `{"card_id":"p1,p2"}`}, 400, "invalid_request", "card_id"},
		{"outer_str number", testRequest{target: "/plain", body: `{"outer_str":1}`}, 400, "invalid_request", "outer_str"},
		{"outer_str duplicate", testRequest{target: "/plain", body: `{"outer_str":"a","outer_str":"b"}`}, 400, "invalid_request", "outer_str"},
		{"cards object", testRequest{target: "/plain", body: `{"cards":{"card_id":"p1"}}`}, 400, "invalid_request", "cards"},
		{"cards string", testRequest{target: "/plain", body: `{"cards":"[]"}`}, 400, "invalid_request", "cards"},
		{"cards empty", testRequest{target: "/plain", body: `{"cards":[ ]}`}, 400, "invalid_request", "cards"},
		{"cards twice", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1"}],"cards":[{"card_id":"p1"}]}`}, 400, "invalid_request", "cards"},
		{"cards of strings", testRequest{target: "/plain", body: `{"cards":["p1"]}`}, 400, "invalid_request", "cards"},
		{"cards beside card_id", testRequest{target: "/plain", body: `{"card_id":"p1","cards":[{"card_id":"p1"}]}`}, 400, "invalid_request", "cards"},
		{"card_id beside cards", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1"}],"card_id":"p1"}`}, 400, "invalid_request", "cards"},
		{"outer_str beside cards", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1"}],"outer_str":"a"}`}, 400, "invalid_request", "outer_str"},
		{"no card_id in a card", testRequest{target: "/plain", body: `{"cards":[{"outer_str":"a"}]}`}, 400, "invalid_request", "card_id"},
		{"card_id twice in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1","card_id":"p1"}]}`}, 400, "invalid_request", "card_id"},
		{"card_id array in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":["p1"]}]}`}, 400, "invalid_request", "card_id"},
		{"signature in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1","signature":"x"}]}`}, 400, "invalid_request", "signature"},
		{"other letter case in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1","Outer_str":"x"}]}`}, 400, "invalid_request", "Outer_str"},
		{"unprintable name in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1","\u0000\u2028\"":"x"}]}`}, 400, "invalid_request", "\uFFFD\uFFFD\""},
		{"long name in a card", testRequest{target: "/plain", body: `{"cards":[{"card_id":"p1","` + strings.Repeat("é", 1000) + `":"x"}]}`}, 400, "invalid_request", "é…"},
		{"too many cards in JSON", testRequest{target: "/any", body: `{"cards":[` + strings.Repeat(`{"card_id":"p1"},`, 3_000) + `{"card_id":"p1"}]}`}, 400, "invalid_request", "5"},

		{"method", testRequest{method: http.MethodPut, target: "/plain", body: `{}`}, 405, "method_not_allowed", "GET, HEAD, POST"},
		{"DELETE", testRequest{method: http.MethodDelete, target: "/plain"}, 405, "method_not_allowed", "POST"},
		{"large", testRequest{target: "/plain", body: `{"x":"` + strings.Repeat("x", 64<<10-7) + `"}`}, 413, "body_too_large", "65536"},
		{"other type", testRequest{target: "/plain", body: `{}`, typ: "text/plain"}, 415, "unsupported_media_type", "application/json"},
		{"no type", testRequest{target: "/plain", body: `{}`, typ: "-"}, 415, "unsupported_media_type", "Content-Type"},
		{"malformed type", testRequest{target: "/plain", body: `{}`, typ: "application/json; ="}, 415, "unsupported_media_type", "Content-Type"},
		{"other charset", testRequest{target: "/plain", body: `{}`, typ: "application/json; charset=gbk"}, 415, "unsupported_media_type", "UTF-8"},
		{"compressed", testRequest{target: "/plain", body: `{}`, header: map[string]string{"Content-Encoding": "gzip"}}, 415, "unsupported_media_type", "compressed"},
		{"form twice", testRequest{target: "/plain", body: `outer_str=a&outer_str=b`, typ: "application/x-www-form-urlencoded"}, 400, "invalid_request", "outer_str"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.do(tc.testRequest)
			wantProblem(t, w, tc.status, tc.reason, tc.mention)
			if got := w.Header().Get("Allow"); (tc.status == 405) != (got == "GET, HEAD, POST, OPTIONS") {
				t.Errorf("got Allow %q", got)
			}
		})
	}
	if calls := s.wechat.Calls(); len(calls) != 0 {
		t.Errorf("refused requests called WeChat: %v", calls)
	}
}

func TestOptions(t *testing.T) {
	s := newTestSite(t, addCardSite)
	w := s.do(testRequest{method: http.MethodOptions, target: "/plain"})
	if w.Code != http.StatusNoContent || w.Header().Get("Allow") != "GET, HEAD, POST, OPTIONS" || w.Body.Len() != 0 {
		t.Errorf("got status %d, header %v, body %q", w.Code, w.Header(), w.Body)
	}
	if w := s.do(testRequest{target: "/below"}); w.Body.String() != "passed" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestBodyLimits(t *testing.T) {
	s := newTestSite(t, addCardSite)
	post := func(body string, length int64) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:9080/plain", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = length
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		return w
	}
	fill := func(n int) string { return `{"x":"` + strings.Repeat("x", n-8) + `"}` }
	const limit = 64 << 10
	for _, length := range []int64{-1, limit} {
		if w := post(fill(limit), length); w.Code != http.StatusOK {
			t.Errorf("Content-Length %d: got %d %s", length, w.Code, w.Body)
		}
	}
	wantProblem(t, post(fill(limit+1), limit+1), 413, "body_too_large", "")
	wantProblem(t, post(fill(limit+1), -1), 413, "body_too_large", "")
	wantProblem(t, post(fill(limit-1), limit), 400, "invalid_request", "body")
	if w := post("", -1); w.Code != http.StatusOK {
		t.Errorf("empty chunked body: got %d %s", w.Code, w.Body)
	}
	if w := post(`{"x":`+strings.Repeat(`[`, 9_000)+strings.Repeat(`]`, 9_000)+`}`, -1); w.Code != http.StatusOK {
		t.Errorf("deep JSON: got %d %s", w.Code, w.Body)
	}
}
