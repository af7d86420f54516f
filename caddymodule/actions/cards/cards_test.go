package cards_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// varying is what two signatures of the same differ in.
var varying = regexp.MustCompile(`(timestamp|nonce_str|nonceStr|signature|cardSign)(\\?":)(\\?"[0-9A-Za-z]*\\?"|\d+)`)

// TestAsTheActionsOfThoseNames asks the same of cards and of the actions that it is made of, and wants the same answers.
func TestAsTheActionsOfThoseNames(t *testing.T) {
	const listed = "p1 p2 p3 p4 p5 p6"
	s := sitetest.New(t, `
	wechat_card /short/* cards `+listed+` {
		activation {
			activate
		}
		js_config {
			origin https://shop.example
		}
	}
	wechat_card /long/addCard add_card {
		card `+listed+`
		max_cards 6
	}
	wechat_card /long/openCard open_card {
		card `+listed+`
		max_cards 6
	}
	wechat_card /long/memberCard member_card_component {
		card `+listed+`
	}
	wechat_card /long/activation activation {
		activate
		card `+listed+`
	}
	wechat_card /long/jsConfig js_config {
		origin https://shop.example
	}
	respond "next got {method} {path}"`)
	code := s.WeChat.EncryptCode(sitetest.AppID, "1234")
	requests := []sitetest.Request{
		{},
		{Target: "?card_id=p6"},
		{Target: "?card_id=p7"},
		{Target: "?card_id=p1&outer_str=a"},
		{Target: "?card_id=p1&openid=" + "o" + strings.Repeat("A", 27)},
		{Target: "?card_id=p1,p2,p3,p4,p5,p6,p1"},
		{Target: "?cardId=p1"},
		{Target: "?card_id=p2&code=" + url.QueryEscape(code)},
		{Target: "?url=https%3A%2F%2Fshop.example%2Fa%3Fb"},
		{Target: "?url=https%3A%2F%2Fother.example%2F"},
		{Target: "?card_id=p1&encrypt_code=" + url.QueryEscape(code) + "&activate_ticket=unknown"},
		{Target: "?card_id=p7&code=1&activate_ticket=unknown"},
		{Body: `{"card_id":"p1","outer_str":"x"}`},
		{Body: `{"cards":[{"card_id":"p1","code":"` + code + `"}]}`},
		{Body: "card_id=p1", Type: "application/x-www-form-urlencoded"},
		{Body: "x", Type: "text/plain"},
		{Method: http.MethodHead},
		{Method: http.MethodOptions},
		{Method: http.MethodPut},
	}
	for _, segment := range []string{"addCard", "openCard", "memberCard", "activation", "jsConfig"} {
		claimed := false
		for _, q := range requests {
			ask := func(prefix string) (*httptest.ResponseRecorder, string) {
				q := q
				q.Target = prefix + segment + q.Target
				w := s.Do(q)
				return w, varying.ReplaceAllString(strings.ReplaceAll(w.Body.String(), prefix, "/"), "$1$2")
			}
			short, got := ask("/short/")
			long, want := ask("/long/")
			what := fmt.Sprintf("%s %s%s %s", q.Method, segment, q.Target, q.Body)
			ridless := regexp.MustCompile(`"(rid|errmsg)":"[^"]*"`)
			if short.Code != long.Code || ridless.ReplaceAllString(got, "") != ridless.ReplaceAllString(want, "") {
				t.Errorf("%s: got %d %s\nwant %d %s", what, short.Code, got, long.Code, want)
			}
			for _, name := range []string{"Allow", "Content-Type", "Cache-Control"} {
				if short.Header().Get(name) != long.Header().Get(name) {
					t.Errorf("%s: got %v, want %v", what, short.Header(), long.Header())
				}
			}
			claimed = claimed || !strings.Contains(want, "next got")
		}
		if !claimed {
			t.Errorf("%s: nothing was claimed", segment)
		}
	}
}

// TestEverythingElse goes on as it came.
func TestEverythingElse(t *testing.T) {
	s := sitetest.New(t, `
	wechat_card cards p1 {
		account {http.request.header.X-Account}
	}
	respond "next got {method} {uri}"`)
	for _, path := range []string{
		"/", "/shop", "/wechat/addCard/", "/wechat/addcard", "/wechat/ADDCARD", "/wechat/addCard/x", "/wechat/addCards", "/wechat/xaddCard",
		"/wechat/add_card", "/wechat/activation", "/wechat/jsConfig", "/wechat/chooseCard", "/wechat/addCard;x", "/addCard/..",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodOptions} {
			if w := s.Do(sitetest.Request{Method: method, Target: path}); w.Code != http.StatusOK || w.Body.String() != "next got "+method+" "+path {
				t.Errorf("%s %s: got %d %s", method, path, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/addCard", "/wechat/addCard", "/a/b/addCard", "/wechat/%61ddCard", "//addCard"} {
		w := s.Do(sitetest.Request{Target: path, Header: map[string]string{"X-Account": "default"}})
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"cardList"`) {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
		problemtest.Want(t, s.Do(sitetest.Request{Target: path}), 403, "value_missing", "account")
	}
}

// TestKnownByTheActionsNames looks at what the rest of the gateway learns of the cards.
func TestKnownByTheActionsNames(t *testing.T) {
	s := sitetest.New(t, `
	wechat_card /c/* cards p1 p2 {
		activation {
			card pOnlyThis
		}
	}
	wechat_card /mine add_card p1 {
		card p3 {
			code {query.c}
		}
	}`)
	var got []string
	for _, use := range s.App.CardUses("default") {
		got = append(got, use.Action+" "+use.CardID)
	}
	slices.Sort(got)
	want := []string{
		"activation pOnlyThis", "add_card p1", "add_card p1", "add_card p2", "add_card p3", "member_card_component p1", "member_card_component p2", "open_card p1", "open_card p2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if needs := s.App.Needs("default"); !slices.Contains(needs, credential.APITicket) || !slices.Contains(needs, credential.AccessToken) || slices.Contains(needs, credential.JSAPITicket) {
		t.Errorf("got %v", needs)
	}
	const counter = "answers_total{account=default,action=add_card,reason=ok}"
	before := sitetest.GatheredBy(t, observe.Metrics())[counter]
	if w := s.Get("/c/addCard"); w.Code != http.StatusOK || strings.Count(w.Body.String(), "cardId") != 2 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if after := sitetest.GatheredBy(t, observe.Metrics())[counter]; after != before+1 {
		t.Errorf("counted %v and %v", before, after)
	}
}

// TestRefuses goes through what JSON must not say.
func TestRefuses(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	for action, want := range map[string]string{
		`{"name":"cards"}`:                                                                           "no card is listed",
		`{"name":"cards","cards":[{}]}`:                                                              "card_id is missing",
		`{"name":"cards","cards":[{"card_id":["*"]}]}`:                                               "not *",
		`{"name":"cards","cards":[{"card_id":["p1"]},{"card_id":["p1"]}]}`:                           "twice",
		`{"name":"cards","cards":[{"card_id":["p1"]}],"max_cards":9}`:                                "max_cards",
		`{"name":"cards","cards":[{"card_id":["p1"]}],"activation":{"activete":true}}`:               "activete",
		`{"name":"cards","cards":[{"card_id":["p1"]}],"activation":[]}`:                              "activation",
		`{"name":"cards","cards":[{"card_id":["p1"]}],"js_config":{}}`:                               "no origin",
		`{"name":"cards","cards":[{"card_id":["p1"]}],"activation":null,"js_config":null}`:           "",
		`{"name":"cards","cards":[{"card_id":["p1"]},{"card_id":["p2"]}],"activation":{"cards":[]}}`: "",
	} {
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"off"},"accounts":{"default":{"app_id":"` + sitetest.AppID + `","app_secret":"{env.TEST_APP_SECRET}"}}},` +
			`"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card","action":` + action + `}]}]}}}}}`)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v", action, err)
		}
	}
}
