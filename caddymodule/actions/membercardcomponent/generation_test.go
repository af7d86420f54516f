package membercardcomponent_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

const upgradedSite = `
	wechat_card /normal member_card_component {
		account shop
		card pMember pOther
		generation 2
	}
	wechat_card /jump member_card_component {
		account shop
		card pMember {
			outer_str door-{http.request.uri.query.door}
		}
		generation 2 {
			create_card_appid ` + sitetest.ShopAppID + `
			activate_type     jump
			jump_url          https://shop.example.com/join?a=1&b="2"
		}
	}
	wechat_card /foreign member_card_component {
		account shop
		card pMember
		generation 2 {
			create_card_appid wx0000000000000000
		}
	}
	wechat_card /back activation {
		account shop
		card pMember
		generation 2
	}
`

// TestGeneration2 opens upgraded member cards on the phone, and sends what comes back to the backend: without any call.
func TestGeneration2(t *testing.T) {
	s := sitetest.NewShop(t, upgradedSite)
	w := s.Get("/jump?card_id=pMember&door=%E4%B8%AD&outer_str=x")
	const want = `{"appId":"wxeb490c6f9b154ef9","path":"pages/card_open/card_open","extraData":{"create_card_appid":"` + sitetest.ShopAppID +
		`","card_id":"pMember","outer_str":"door-中","activate_type":"ACTIVATE_TYPE_JUMP","jump_url":"https://shop.example.com/join?a=1&b=\"2\""}}`
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	back := s.Phone("openComponent", w.Body.String())
	_, extra, _ := strings.Cut(back, `"extraData":`)
	extra = strings.TrimSuffix(strings.TrimSpace(extra), "}}")
	for _, key := range []string{`"activate_ticket":"`, `"card_id":"pMember"`, `"code":"`} {
		if !strings.Contains(extra, key) {
			t.Fatalf("the phone brings back %s", back)
		}
	}
	w = s.Do(sitetest.Request{Target: "/back", Body: strings.TrimSuffix(extra, "}") + `,"user_info":{"x":1}}`})
	if got := s.One(w); got.Method != http.MethodPost || got.Header.Get("Content-Type") != "application/json" || got.Body != extra {
		t.Errorf("the backend got %+v, want\n%s", got, extra)
	}
	if w := s.Get("/foreign"); w.Code != http.StatusOK || !strings.Contains(s.Phone("openComponent", w.Body.String()), `"reason":"card_id"`) {
		t.Errorf("got %d %s, which the phone takes for another account's card", w.Code, w.Body)
	}
	for body, status := range map[string]int{
		`{"activate_ticket":"t","card_id":"pOther","code":"1"}`: http.StatusForbidden,
		`{"card_id":"pMember","code":"1"}`:                      http.StatusBadRequest,
		`{"activate_ticket":"t","card_id":"pMember"}`:           http.StatusBadRequest,
	} {
		if w := s.Do(sitetest.Request{Target: "/back", Body: body}); w.Code != status {
			t.Errorf("%s: got %d %s", body, w.Code, w.Body)
		}
	}

	if w = s.Get("/normal"); w.Code != http.StatusBadRequest {
		t.Errorf("no card_id, and two cards: got %d %s", w.Code, w.Body)
	}
	w = s.Get("/normal?card_id=pOther&outer_str=x")
	if !strings.HasSuffix(w.Body.String(), `,"card_id":"pOther","outer_str":"x","activate_type":"ACTIVATE_TYPE_NORMAL","jump_url":""}}`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if back := s.Phone("openComponent", w.Body.String()); !strings.Contains(back, `navigateToMiniProgram:ok`) || strings.Contains(back, "activate_ticket") {
		t.Errorf("the phone says %s", back)
	}
	if back := s.Phone("openComponent", strings.Replace(w.Body.String(), "card_open/card_open", "index", 1)); !strings.Contains(back, `"reason":"path"`) {
		t.Errorf("the phone says %s", back)
	}
	if calls := s.WeChat.Calls(); len(calls) != 0 {
		t.Errorf("WeChat was called: %v", calls)
	}
}

// TestGenerationRefuses configures what does not go together.
func TestGenerationRefuses(t *testing.T) {
	for action, want := range map[string]string{
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":3}`:                                                                         "1 or 2",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"upgraded":{}}`:                                                                          "generation 2",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"cache":"1m"}`:                                                            "cache",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"create_card_appid":"gh_0123456789ab"}}`:                      "create_card_appid",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"activate_type":"ACTIVATE_TYPE_JUMP"}}`:                       "normal or jump",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"activate_type":"jump"}}`:                                     "jump_url",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"jump_url":"/pages/join"}}`:                                   "activate_type jump",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"activate_type":"jump","jump_url":"javascript:alert(1)"}}`:    "jump_url",
		`{"name":"member_card_component","cards":[{"card_id":["p1"]}],"generation":2,"upgraded":{"activate_type":"jump","jump_url":"{env.GENERATION_UNSET}"}}`: "GENERATION_UNSET",
		`{"name":"activation","generation":2,"activate":true}`:                                                                                                 "merchant's key",
		`{"name":"activation","generation":-1}`: "1 or 2",
	} {
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"off"},"accounts":{"default":{"app_id":"wx0123456789abcdef","app_secret":"s"}}},
			"http":{"servers":{"srv0":{"routes":[{"handle":[{"handler":"wechat_card","action":` + action + `}]}]}}}}}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", action, err)
		}
	}
}
