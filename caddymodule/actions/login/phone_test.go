package login_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

const (
	phonePath = "/wxa/business/getuserphonenumber"
	phoneSite = `
	route /phone {
		wechat_card login {
			account shop
			phone
			header X-Mini-Openid   mini_openid
			header X-Phone         phone
			header X-Phone-Pure    phone_pure
			header X-Phone-Country phone_country
		}
		header X-Placeholders "{http.wechat_card.mini_openid} {http.wechat_card.phone} {http.wechat_card.phone_pure} {http.wechat_card.phone_country}"
	}
	wechat_card /configured login {
		account shop
		mini_program ` + sitetest.SecondMini + `
		js_code {header.X-Js-Code}
		phone   {header.X-Phone-Code}
		header X-Phone phone
	}
`
)

func TestLoginTellsPhoneNumbers(t *testing.T) {
	s := sitetest.NewShop(t, phoneSite)
	alice := func(n int) string { return fmt.Sprintf("phone-alice.%d", n) }
	for _, tc := range []struct {
		name string
		sitetest.Request
		openid    bool
		phone     bool
		uri, body string
	}{
		{"query", sitetest.Request{Target: "/phone?a=%7e&phone_code=" + alice(1) + "&b"}, false, true, "/phone?a=%7e&b", ""},
		{"both in the query", sitetest.Request{Target: "/phone?phone_code=" + alice(2) + "&js_code=alice.1"}, true, true, "/phone", ""},
		{"a js_code only", sitetest.Request{Target: "/phone?js_code=alice.2"}, true, false, "/phone", ""},
		{"a js_code, and an empty phone_code", sitetest.Request{Target: "/phone?phone_code=&js_code=alice.3"}, true, false, "/phone", ""},
		{"JSON", sitetest.Request{Target: "/phone", Body: `{"phone_code":"` + alice(3) + `","a":1}`}, false, true, "/phone", `{"a":1}`},
		{"both in JSON", sitetest.Request{Target: "/phone", Body: ` {"js_code":"alice.4", "a":1, "phone\u005fcode":"` + alice(4) + `"} `}, true, true, "/phone", ` {"a":1} `},
		{"form", sitetest.Request{Target: "/phone", Type: formType, Body: "x&phone%5fcode=" + alice(5) + "&y=1"}, false, true, "/phone", "x&y=1"},
		{"both in a form", sitetest.Request{Target: "/phone", Type: formType, Body: "js_code=alice.5&phone_code=" + alice(6)}, true, true, "/phone", ""},
		{"one each", sitetest.Request{Target: "/phone?js_code=alice.6", Body: `{"phone_code":"` + alice(7) + `"}`}, true, true, "/phone", "{}"},
		{"one each, the other way round", sitetest.Request{Target: "/phone?phone_code=" + alice(8), Body: `{"js_code":"alice.7"}`}, true, true, "/phone", "{}"},
		{"query, and a body that is none of ours", sitetest.Request{Target: "/phone?phone_code=" + alice(9), Body: `["phone_code"`}, false, true, "/phone", `["phone_code"`},
		{"configured", sitetest.Request{Target: "/configured?phone_code=left", Header: map[string]string{"X-Phone-Code": alice(10)}}, false, true, "/configured?phone_code=left", ""},
		{"both configured", sitetest.Request{Target: "/configured", Header: map[string]string{"X-Phone-Code": alice(11), "X-Js-Code": "alice.8"}}, false, true, "/configured", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.Header == nil {
				tc.Header = make(map[string]string)
			}
			for _, name := range []string{"X-Phone", "x-phone-pure", "X-PHONE-COUNTRY", "X-Mini-Openid", "X_Phone"} {
				tc.Header[name] = "forged"
			}
			w := s.Do(tc.Request)
			got := s.One(w)
			h := got.Header
			pure, configured := h.Get("X-Phone-Pure"), strings.HasPrefix(tc.Target, "/configured")
			if phone := h.Get("X-Phone"); tc.phone != (len(phone) == 11 && phone[0] == '1') || !tc.phone && phone != "" {
				t.Errorf("got the phone %q", phone)
			}
			if !configured && (pure != h.Get("X-Phone") || (h.Get("X-Phone-Country") == "86") != tc.phone || !tc.phone && h["X-Phone-Country"] != nil) {
				t.Errorf("got %v", h)
			}
			if id := h.Get("X-Mini-Openid"); !configured && (id != "") != tc.openid || id == "forged" && !configured {
				t.Errorf("got the openid %q", id)
			}
			if want := strings.Join([]string{h.Get("X-Mini-Openid"), h.Get("X-Phone"), pure, h.Get("X-Phone-Country")}, " "); !configured &&
				w.Header().Get("X-Placeholders") != want {
				t.Errorf("got the placeholders %q, want %q", w.Header().Get("X-Placeholders"), want)
			}
			if got.RequestURI != tc.uri || got.Body != tc.body {
				t.Errorf("the backend got %s with %q", got.RequestURI, got.Body)
			}
		})
	}
	if w := s.Get("/phone?phone_code=phone-foreign.1"); w.Code == http.StatusOK {
		h := s.One(w).Header
		if h.Get("X-Phone-Country") != "44" || h.Get("X-Phone") != "+44"+h.Get("X-Phone-Pure") {
			t.Errorf("got %v", h)
		}
	}
	if n := s.WeChat.Calls()["/cgi-bin/stable_token"]; n != 2 {
		t.Errorf("%d tokens were fetched, of two mini programs", n)
	}
}

// answerOf is what WeChat could answer.
func answerOf(number, pure, country, appID string, given any) string {
	raw, _ := json.Marshal(map[string]any{"errcode": 0, "errmsg": "ok", "phone_info": map[string]any{
		"phoneNumber": number, "purePhoneNumber": pure, "countryCode": json.RawMessage(country),
		"watermark": map[string]any{"timestamp": given, "appid": appID},
	}})
	return string(raw)
}

func TestLoginRefusesPhoneCodes(t *testing.T) {
	s := sitetest.NewShop(t, phoneSite)
	for _, tc := range []struct {
		name string
		sitetest.Request
		status          int
		reason, mention string
	}{
		{"neither", sitetest.Request{Target: "/phone"}, 400, "invalid_request", "js_code and phone_code are missing"},
		{"neither, empty", sitetest.Request{Target: "/phone?js_code=&phone_code=", Body: "{}"}, 400, "invalid_request", "phone_code"},
		{"neither, configured", sitetest.Request{Target: "/configured?phone_code=x&js_code=y"}, 403, "value_missing", "js_code"},
		{"twice", sitetest.Request{Target: "/phone?phone_code=phone-a&phone_code=phone-a"}, 400, "invalid_request", "phone_code is given twice"},
		{"in two places", sitetest.Request{Target: "/phone?phone_code=phone-a", Body: `{"phone_code":"phone-a"}`}, 400, "invalid_request", "phone_code is given twice"},
		{"number", sitetest.Request{Target: "/phone", Body: `{"phone_code":1}`}, 400, "invalid_request", "phone_code is not a string"},
		{"blank", sitetest.Request{Target: "/phone?js_code=alice.9&phone_code=a+b"}, 400, "invalid_request", "phone_code is not printable"},
		{"long", sitetest.Request{Target: "/phone?phone_code=" + strings.Repeat("a", 257)}, 400, "invalid_request", "phone_code is longer"},
		{"js_code in its place", sitetest.Request{Target: "/phone?phone_code=alice.1"}, 422, "wechat_rejected", ""},
		{"invalid", sitetest.Request{Target: "/phone?phone_code=phone-bad"}, 422, "wechat_rejected", ""},
		{"with a js_code that is refused", sitetest.Request{Target: "/phone?js_code=bad&phone_code=phone-kept.1"}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			problemtest.Want(t, s.Do(tc.Request), tc.status, tc.reason, tc.mention)
			s.None()
		})
	}
	calls := s.WeChat.Calls()
	if calls[phonePath] != 2 {
		t.Errorf("%d calls", calls[phonePath])
	}
	for range 5 {
		problemtest.Want(t, s.Get("/phone?phone_code=phone-bad"), 422, "wechat_rejected", "") // for a minute without a call
	}
	if w := s.Get("/phone?phone_code=phone-kept.1"); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	s.Requests()
	problemtest.Want(t, s.Get("/phone?phone_code=phone-kept.1"), 422, "wechat_rejected", "") // it works once
	if n := s.WeChat.Calls()[phonePath]; n != 4 {
		t.Errorf("%d calls", n)
	}
	now := time.Now().Unix()
	bob := answerOf("13800000000", "13800000000", `"86"`, sitetest.ShopMini, now)
	for i, tc := range []struct {
		name   string
		answer string
		code   int
		status int
		reason string
	}{
		{"another app_id", strings.Replace(bob, sitetest.ShopMini, sitetest.SecondMini, 1), 0, 502, "wechat_error"},
		{"old", answerOf("1", "1", `"86"`, sitetest.ShopMini, now-660), 0, 502, "wechat_error"},
		{"no watermark", answerOf("1", "1", `"86"`, "", nil), 0, 502, "wechat_error"},
		{"no number", answerOf("", "1", `"86"`, sitetest.ShopMini, now), 0, 502, "wechat_error"},
		{"no number but a header", answerOf("1\r\nX-Admin: 1", "1", `"86"`, sitetest.ShopMini, now), 0, 502, "wechat_error"},
		{"a country that is none", answerOf("1", "1", `{}`, sitetest.ShopMini, now), 0, 502, "wechat_error"},
		{"another mini program's code", "", 40013, 422, "wechat_rejected"},
		{"busy", "", -1, 503, "busy"},
		{"no right", "", 48001, 502, "wechat_error"},
		{"nonsense", "[]", 0, 502, "wechat_error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := sandbox.Fault{Path: phonePath, Times: 1, ErrCode: tc.code}
			if tc.answer != "" {
				f.Body = &tc.answer
			}
			before := s.WeChat.Calls()[phonePath]
			if err := s.WeChat.Fail(f); err != nil {
				t.Fatal(err)
			}
			w := s.Get(fmt.Sprintf("/phone?phone_code=phone-carol.%d", i))
			problemtest.Want(t, w, tc.status, tc.reason, "")
			if n := s.WeChat.Calls()[phonePath] - before; n != 1 || strings.Contains(w.Body.String(), "13800000000") {
				t.Errorf("%d calls: %s", n, w.Body)
			}
			s.None()
		})
	}
	for i, answer := range []string{bob, answerOf("13800000000", "13800000000", "86", sitetest.ShopMini, fmt.Sprint(now-500))} {
		if err := s.WeChat.Fail(sandbox.Fault{Path: phonePath, Times: 1, Body: &answer}); err != nil {
			t.Fatal(err)
		}
		if h := s.One(s.Get(fmt.Sprintf("/phone?phone_code=phone-dave.%d", i))).Header; h.Get("X-Phone") != "13800000000" || h.Get("X-Phone-Country") != "86" {
			t.Errorf("got %v", h)
		}
	}
}

// Without a token nobody is asked for a phone number, and nobody speaks of a js_code.
func TestPhoneNumberWithoutAToken(t *testing.T) {
	s := sitetest.NewShop(t, phoneSite)
	if err := s.WeChat.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", Times: 100, ErrCode: 40125}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		w := s.Get(fmt.Sprintf("/phone?phone_code=phone-demo.%d", i))
		problemtest.Want(t, w, 503, "credential_unavailable", "there is no usable access_token")
		if strings.Contains(w.Body.String(), "js") {
			t.Errorf("got %s", w.Body)
		}
	}
}

// A mini program that demands API 安全 for this call: what is to be done stands in the answer and in the log, and it is not what is to be
// done about a call of relay's.
func TestPhoneNumbersThatWeChatWantsSealed(t *testing.T) {
	lines := sitetest.Logs(t)
	s := sitetest.NewShop(t, phoneSite)
	codes := []int{934011, 40230, 40231, 40232, 40233}
	for i, code := range codes {
		if err := s.WeChat.Fail(sandbox.Fault{Path: phonePath, Times: 1, ErrCode: code, ErrMsg: "request_body is required"}); err != nil {
			t.Fatal(err)
		}
		w := s.Get(fmt.Sprintf("/phone?phone_code=phone-sealed.%d", i))
		problemtest.Want(t, w, 502, "wechat_error", "demands API 安全 for getuserphonenumber, and login does not seal its call")
		if want := fmt.Sprintf(`"errcode":%d`, code); !strings.Contains(w.Body.String(), want) {
			t.Errorf("got %s, want %s", w.Body, want)
		}
		w = s.Do(sitetest.Request{Target: fmt.Sprintf("/phone?phone_code=phone-plain.%d", i), Header: map[string]string{"Accept-Language": "zh-CN"}})
		if w.Code != http.StatusOK {
			t.Errorf("the next one: got %d %s", w.Code, w.Body)
		}
	}
	s.Requests()
	logged := 0
	for _, line := range lines() {
		if text := fmt.Sprint(line); strings.Contains(text, "wechat card request failed") {
			logged++
			if !strings.Contains(text, "login does not seal its call") || !strings.Contains(text, "through relay with secure") || strings.Contains(text, "does a proxy take it away") {
				t.Errorf("logged: %s", text)
			}
		}
	}
	if logged != len(codes) {
		t.Errorf("%d lines", logged)
	}
}

// Both calls count against the limit of logins.
func TestPhoneNumbersAreLimited(t *testing.T) {
	s := sitetest.NewWith(t, `account shop {
		app_id `+sitetest.ShopAppID+`
		app_secret {env.TEST_APP_SECRET}
		mini_program `+sitetest.ShopMini+` {env.TEST_APP_SECRET}
		limit login 4
	}`, "wechat_card login {\naccount shop\nphone\n}\nrespond {http.wechat_card.phone}")
	for i := range 4 {
		w := s.Do(sitetest.Request{Target: fmt.Sprintf("/?phone_code=phone-demo.%d&js_code=demo.%d", i, i), From: "127.0.0.1"})
		if i < 2 && (w.Code != http.StatusOK || w.Body.String() != "13800138000") || i >= 2 && w.Code != http.StatusServiceUnavailable {
			t.Errorf("request %d: got %d %s", i, w.Code, w.Body)
		}
	}
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/?phone_code=phone-demo.9", From: "127.0.0.1"}), 503, "busy", "getuserphonenumber")
	if calls := s.WeChat.Calls(); calls[phonePath] != 2 || calls["/sns/jscode2session"] != 2 {
		t.Errorf("got %v", calls)
	}
}

// The token of the mini program ends under traffic: the call was not carried out, and is made again.
func TestPhoneNumberWhileTheTokenEnds(t *testing.T) {
	s := sitetest.NewShop(t, phoneSite)
	for i := range 6 {
		if i%2 == 1 {
			if err := s.WeChat.Revoke(sandbox.Revocation{AppID: sitetest.ShopMini}); err != nil {
				t.Fatal(err)
			}
		}
		if w := s.Get(fmt.Sprintf("/phone?phone_code=phone-demo.%d", i)); s.One(w).Header.Get("X-Phone") != "13800138000" {
			t.Errorf("request %d: got %d %s", i, w.Code, w.Body)
		}
	}
}

// What is the user's own business is in no log line of ours.
func TestPhoneNumbersAreNotLogged(t *testing.T) {
	lines := sitetest.Logs(t)
	s := sitetest.NewShop(t, phoneSite)
	echo := answerOf("13800000001", "13800000001", `"86"`, sitetest.SecondMini, 0)
	if err := s.WeChat.Fail(sandbox.Fault{Path: phonePath, Times: 1, Body: &echo}); err != nil {
		t.Fatal(err)
	}
	problemtest.Want(t, s.Get("/phone?phone_code=phone-secret.1"), 502, "wechat_error", "")
	if err := s.WeChat.Fail(sandbox.Fault{Path: phonePath, Times: 1, ErrCode: 40029, ErrMsg: "invalid code phone-secret.2"}); err != nil {
		t.Fatal(err)
	}
	problemtest.Want(t, s.Get("/phone?phone_code=phone-secret.2"), 422, "wechat_rejected", "")
	if w := s.Get("/phone?phone_code=phone-demo.3"); w.Code != http.StatusOK {
		t.Errorf("got %d", w.Code)
	}
	logged := lines()
	if len(logged) == 0 {
		t.Error("nothing was logged")
	}
	for _, line := range logged {
		text := fmt.Sprint(line)
		for _, secret := range []string{"13800000001", "13800138000", "phone-secret", "phone-demo"} {
			if strings.Contains(text, secret) {
				t.Errorf("the log has %s: %s", secret, text)
			}
		}
	}
}
