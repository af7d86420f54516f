package opencard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestOpenCard(t *testing.T) {
	s := sitetest.New(t, sitetest.OpenCardSite)
	one, two := s.WeChat.EncryptCode(sitetest.AppID, "111111"), s.WeChat.EncryptCode(sitetest.AppID, "222222")
	quoted := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, tc := range []struct {
		name string
		sitetest.Request
		want string
	}{
		{"GET", sitetest.Request{Target: "/open?card_id=p1&code=" + url.QueryEscape(one)}, `p1 111111`},
		{"GET with + as it is", sitetest.Request{Target: "/open?card_id=p1&code=" + one}, `p1 111111`},
		{"form", sitetest.Request{Target: "/open", Body: "card_id=p2&code=" + one, Type: "application/x-www-form-urlencoded"}, `p2 111111`},
		{"object", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","code":` + quoted(one) + `,"outer_str":1,"card":0}`}, `p1 111111`},
		{"blanks for +", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","code":` + quoted(strings.ReplaceAll(one, "+", " ")) + `}`}, `p1 111111`},
		{"percent-encoded code", sitetest.Request{Target: "/open?card_id=p1&code=" + url.QueryEscape(url.QueryEscape(one))}, `p1 111111`},
		{"code percent-encoded thrice", sitetest.Request{Target: "/open?card_id=p1&code=" + url.QueryEscape(url.QueryEscape(url.QueryEscape(one)))}, `p1 111111`},
		{"percent-encoded code in JSON", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","code":` + quoted(url.QueryEscape(one)) + `}`}, `p1 111111`},
		{"encrypt_code", sitetest.Request{Target: "/open?card_id=p1&encrypt_code=" + url.QueryEscape(one)}, `p1 111111`},
		{"encrypt_code in JSON", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","encrypt_code":` + quoted(one) + `}`}, `p1 111111`},
		{"encrypt_code in cards", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p1","encrypt_code":` + quoted(url.QueryEscape(one)) + `}]}`}, `p1 111111`},
		{"numbered cards", sitetest.Request{Target: "/open?cards[0][card_id]=p1&cards[0][code]=" + url.QueryEscape(one)}, `p1 111111`},
		{"JSON as a form", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","code":` + quoted(one) + `}`, Type: "application/x-www-form-urlencoded"}, `p1 111111`},
		{"cards", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p2","code":` + quoted(two) + `},{"code":` + quoted(one) + `,"card_id":"p1"}]}`}, `p2 222222 p1 111111`},
		{"the same twice", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p2","code":` + quoted(two) + `},{"code":` + quoted(two) + `,"card_id":"p2"}]}`}, `p2 222222 p2 222222`},
		{"result of wx.addCard", sitetest.Request{Target: "/open", Body: `{"errMsg":"addCard:ok","cardList":[
			{"code":` + quoted(one) + `,"cardId":"p1","cardExt":"{\"code\":\"x\"}","isSuccess":true},
			{"code":"","cardId":"p9","isSuccess":true},
			{"code":null,"cardId":null},
			{"cardId":"p9","cardExt":{}},
			{"code":"!","cardId":"p9","isSuccess":false},
			{"isSuccess":true,"cardId":"p2","code":` + quoted(two) + `}]}`}, `p1 111111 p2 222222`},
		{"result of wx.chooseCard", sitetest.Request{Target: "/any", Body: `{"errMsg":"chooseCard:ok","cardList":` +
			quoted(`[{"card_id":"p7","encrypt_code":`+quoted(one)+`,"app_id":"wx"}] `) + `}`}, `p7 111111`},
		{"result of wx.chooseCard in a form", sitetest.Request{Target: "/any", Body: "x=1&cardList=" +
			url.QueryEscape(`[{"card_id":"p7","encrypt_code":`+quoted(one)+`}]`), Type: "application/x-www-form-urlencoded"}, `p7 111111`},
		{"plain code", sitetest.Request{Target: "/open?card_id=p1&code=12345678901234567890"}, `p1 12345678901234567890`},
		{"max_cards counts what is left", sitetest.Request{Target: "/any", Body: `{"cardList":[{"cardId":"p1"},{"cardId":"p1","code":"1"},{"cardId":"p1"},{"cardId":"p2","code":"2"}]}`}, `p1 1 p2 2`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			if w.Code != http.StatusOK {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			want := `{"cardList":[`
			for i, word := range strings.Fields(tc.want) {
				want += []string{`{"cardId":"`, `","code":"`}[i%2] + word
				if i%2 == 1 {
					want += `"},`
				}
			}
			if want = strings.TrimSuffix(want, ",") + `]}`; w.Body.String() != want {
				t.Errorf("got %s, want %s", w.Body, want)
			}
		})
	}
	if calls := s.WeChat.Calls()["/card/code/decrypt"]; calls != 2 {
		t.Errorf("two codes were decrypted by %d calls", calls)
	}
}

func TestOpenCardOfWhatThePhoneGot(t *testing.T) {
	s := sitetest.New(t, sitetest.OpenCardSite+sitetest.AddCardSite)
	result := s.Phone("addCard", s.Get("/plain").Body.String())
	w := s.Post("/open", result)
	if w.Code != http.StatusOK {
		t.Fatalf("got %d %s for %s", w.Code, w.Body, result)
	}
	if got := s.Phone("openCard", w.Body.String()); !strings.Contains(got, `"openCard:ok"`) {
		t.Errorf("got %s for %s", got, w.Body)
	}
}

func TestOpenCardRefuses(t *testing.T) {
	s := sitetest.New(t, sitetest.OpenCardSite)
	foreign := s.WeChat.EncryptCode("wx0000000000000009", "111111")
	for _, tc := range []struct {
		name string
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{"nothing", sitetest.Request{Target: "/open"}, 400, "invalid_request", "card_id"},
		{"no card_id", sitetest.Request{Target: "/open?code=1"}, 400, "invalid_request", "card_id"},
		{"no code", sitetest.Request{Target: "/open?card_id=p1"}, 400, "invalid_request", "code"},
		{"empty code", sitetest.Request{Target: "/open?card_id=p1&code="}, 400, "invalid_request", "code"},
		{"two codes", sitetest.Request{Target: "/open?card_id=p1&code=1&code=2"}, 400, "invalid_request", "code"},
		{"two cards", sitetest.Request{Target: "/open?card_id=p1&card_id=p1&code=1"}, 400, "invalid_request", "card_id"},
		{"cards by comma", sitetest.Request{Target: "/open?card_id=p1,p2&code=1"}, 400, "invalid_request", "card_id"},
		{"empty card_id", sitetest.Request{Target: "/open?card_id=&code=1"}, 400, "invalid_request", "card_id"},
		{"cardId", sitetest.Request{Target: "/open?cardId=p1&code=1"}, 400, "invalid_request", "write card_id"},
		{"the query of a POST", sitetest.Request{Target: "/open?card_id=p1", Body: `{"code":"1"}`}, 400, "invalid_request", "card_id"},
		{"code and encrypt_code", sitetest.Request{Target: "/open?card_id=p1&code=1&encrypt_code=1"}, 400, "invalid_request", "code"},
		{"broken percent-encoding in a code", sitetest.Request{Target: "/open?card_id=p1&code=" + strings.Repeat("A", 40) + "%25Z"}, 400, "invalid_request", "code"},
		{"array of ids", sitetest.Request{Target: "/open", Body: `{"card_id":["p1"],"code":"1"}`}, 400, "invalid_request", "card_id"},
		{"not listed", sitetest.Request{Target: "/open?card_id=p3&code=1"}, 403, "card_not_allowed", "p3"},
		{"short and not plain", sitetest.Request{Target: "/open?card_id=p1&code=a%2F1"}, 400, "invalid_request", "code"},
		{"long and not base64", sitetest.Request{Target: "/open?card_id=p1&code=123456789012345678901-"}, 400, "invalid_request", "code"},
		{"padding inside", sitetest.Request{Target: "/open?card_id=p1&code=1234567890=12345678901=="}, 400, "invalid_request", "code"},
		{"only padding", sitetest.Request{Target: "/open?card_id=p1&code==="}, 400, "invalid_request", "code"},
		{"too long", sitetest.Request{Target: "/open?card_id=p1&code=" + strings.Repeat("A", 513)}, 400, "invalid_request", "code"},
		{"code number", sitetest.Request{Target: "/open", Body: `{"card_id":"p1","code":1}`}, 400, "invalid_request", "code"},
		{"unknown field", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p1","code":"1","isSuccess":true}]}`}, 400, "invalid_request", "isSuccess"},
		{"both lists", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p1","code":"1"}],"cardList":[{"cardId":"p1","code":"1"}]}`}, 400, "invalid_request", "cardList"},
		{"code beside a list", sitetest.Request{Target: "/open", Body: `{"cardList":[{"cardId":"p1","code":"1"}],"code":"2"}`}, 400, "invalid_request", "code"},
		{"empty list", sitetest.Request{Target: "/open", Body: `{"cardList":[]}`}, 400, "invalid_request", "cardList"},
		{"none left", sitetest.Request{Target: "/open", Body: `{"cardList":[{"cardId":"p1","code":"1","isSuccess":false}]}`}, 400, "invalid_request", "cardList"},
		{"list twice", sitetest.Request{Target: "/open", Body: `{"cardList":[{"cardId":"p1","code":"1"}],"cardList":[]}`}, 400, "invalid_request", "cardList"},
		{"list of strings", sitetest.Request{Target: "/open", Body: `{"cardList":["p1"]}`}, 400, "invalid_request", "cardList"},
		{"list null", sitetest.Request{Target: "/open", Body: `{"cardList":null}`}, 400, "invalid_request", "cardList"},
		{"list object", sitetest.Request{Target: "/open", Body: `{"cardList":{}}`}, 400, "invalid_request", "cardList"},
		{"list empty string", sitetest.Request{Target: "/open", Body: `{"cardList":""}`}, 400, "invalid_request", "cardList"},
		{"list no JSON", sitetest.Request{Target: "/open", Body: `{"cardList":"[}"}`}, 400, "invalid_request", "cardList"},
		{"list string in a string", sitetest.Request{Target: "/open", Body: `{"cardList":"\"[]\""}`}, 400, "invalid_request", "cardList"},
		{"isSuccess string", sitetest.Request{Target: "/open", Body: `{"cardList":[{"cardId":"p1","code":"1","isSuccess":"true"}]}`}, 400, "invalid_request", "isSuccess"},
		{"no cardId", sitetest.Request{Target: "/open", Body: `{"cardList":[{"code":"1"}]}`}, 400, "invalid_request", "cardId"},
		{"cardId number", sitetest.Request{Target: "/open", Body: `{"cardList":[{"code":"1","cardId":2}]}`}, 400, "invalid_request", "cardId"},
		{"cardId twice", sitetest.Request{Target: "/open", Body: `{"cardList":[{"code":"1","cardId":"p1","card_id":"p1"}]}`}, 400, "invalid_request", "card_id"},
		{"code twice", sitetest.Request{Target: "/open", Body: `{"cardList":[{"code":"1","encrypt_code":"1","card_id":"p1"}]}`}, 400, "invalid_request", "code"},
		{"too many", sitetest.Request{Target: "/any", Body: `{"cardList":[{"cardId":"p1","code":"1"},{"cardId":"p1","code":"1"},{"cardId":"p1","code":"1"}]}`}, 400, "invalid_request", "2"},
		{"form list escape", sitetest.Request{Target: "/any", Body: `cardList=%Z`, Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "cardList"},
		{"form list UTF-8", sitetest.Request{Target: "/any", Body: `cardList=%ff`, Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "cardList"},
		{"form list twice", sitetest.Request{Target: "/any", Body: `cardList=[{"cardId":"p1","code":"1"}]&cardList=[]`, Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "cardList"},
		{"form list and card_id", sitetest.Request{Target: "/any", Body: `cardList=[{"cardId":"p1","code":"1"}]&card_id=p1`, Type: "application/x-www-form-urlencoded"}, 400, "invalid_request", "card_id"},
		{"list in a query", sitetest.Request{Target: `/any?cardList=[{"cardId":"p1","code":"1"}]`}, 400, "invalid_request", "card_id"},
		{"foreign code", sitetest.Request{Target: "/open?card_id=p1&code=" + foreign}, 422, "wechat_rejected", "refused"},
		{"one refused code fails all", sitetest.Request{Target: "/open", Body: `{"cards":[{"card_id":"p1","code":"1"},{"card_id":"p2","code":"` + foreign + `"}]}`}, 422, "wechat_rejected", "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			problemtest.Want(t, w, tc.status, tc.reason, tc.mention)
			if tc.status == 422 && (!strings.Contains(w.Body.String(), `"errcode":40`) || !strings.Contains(w.Body.String(), `"errmsg":"`)) {
				t.Errorf("got %s", w.Body)
			}
		})
	}
	if calls := s.WeChat.Calls()["/card/code/decrypt"]; calls != 1 {
		t.Errorf("one refused code caused %d calls", calls)
	}
}

// TestWechatProblems goes through the reasons that lie with WeChat.
func TestWechatProblems(t *testing.T) {
	const decrypt = "/card/code/decrypt"
	html := "<html>"
	for _, tc := range []struct {
		name       string
		fault      sandbox.Fault
		status     int
		reason     string
		has, lacks string
		retryAfter string
	}{
		{"refused", sandbox.Fault{Path: decrypt, ErrCode: 40056, ErrMsg: "invalid serial code rid: 1-2-3"}, 422, "wechat_rejected", `"errcode":40056,"errmsg":"invalid serial code`, `rid":`, ""},
		{"set-up", sandbox.Fault{Path: decrypt, ErrCode: 48001, ErrMsg: "api unauthorized rid: 1-2-3"}, 502, "wechat_error", `"errcode":48001,"rid":"`, "unauthorized", ""},
		{"unknown code", sandbox.Fault{Path: decrypt, ErrCode: 99999, ErrMsg: "new"}, 502, "wechat_error", `"errcode":99999`, "new", ""},
		{"nonsense", sandbox.Fault{Path: decrypt, Body: &html}, 502, "wechat_error", "", "errcode", ""},
		{"500", sandbox.Fault{Path: decrypt, Status: 500}, 502, "wechat_error", "", "errcode", ""},
		{"system busy", sandbox.Fault{Path: decrypt, ErrCode: -1, ErrMsg: "system error"}, 503, "busy", `"errcode":-1`, "system error", "1"},
		{"minute quota", sandbox.Fault{Path: decrypt, ErrCode: 45011, ErrMsg: "api minute-quota reach limit"}, 503, "busy", `"errcode":45011`, "limit", "60"},
		{"day quota", sandbox.Fault{Path: decrypt, ErrCode: 45009, ErrMsg: "reach max api daily quota limit"}, 503, "busy", `"errcode":45009`, "daily", ""},
		{"token refused for good", sandbox.Fault{Path: decrypt, ErrCode: 40001, ErrMsg: "invalid credential"}, 503, "credential_unavailable", "", "invalid", ""},
		{"no token", sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 40164, ErrMsg: "invalid ip 1.2.3.4, not in whitelist rid: 1-2-3"}, 503, "credential_unavailable", `"errcode":40164,"rid":"`, "1.2.3.4", ""},
		{"token busy", sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: -1}, 503, "credential_unavailable", `"errcode":-1`, "errmsg", ""},
		{"token nonsense", sandbox.Fault{Path: "/cgi-bin/stable_token", Body: &html}, 503, "credential_unavailable", "", "errcode", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := sitetest.New(t, sitetest.OpenCardSite)
			code := s.WeChat.EncryptCode(sitetest.AppID, "1")
			if err := s.WeChat.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			w := s.Get("/open?card_id=p1&code=" + code)
			problemtest.Want(t, w, tc.status, tc.reason, "")
			body := w.Body.String()
			if !strings.Contains(body, tc.has) || tc.lacks != "" && strings.Contains(body, tc.lacks) {
				t.Errorf("got %s, want it to hold %s and not %s", body, tc.has, tc.lacks)
			}
			problemtest.WantRetryAfter(t, w, tc.status == 503, tc.retryAfter)
		})
	}
}

func TestTimeout(t *testing.T) {
	s := sitetest.NewWith(t, "timeout 50ms", sitetest.OpenCardSite)
	code := s.WeChat.EncryptCode(sitetest.AppID, "1")
	if w := s.Get("/open?card_id=p1&code=" + s.WeChat.EncryptCode(sitetest.AppID, "2")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if err := s.WeChat.Fail(sandbox.Fault{Path: "/card/code/decrypt", Delay: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	w := s.Get("/open?card_id=p1&code=" + code)
	problemtest.Want(t, w, 504, "wechat_timeout", "in time")
	problemtest.WantRetryAfter(t, w, false, "")
}

func TestDecryptLimit(t *testing.T) {
	s := sitetest.NewWith(t, "account limited {\napp_id wx0000000000000003\napp_secret {env.TEST_APP_SECRET}\nlimit decrypt 5\n}", `
	wechat_card open_card {
		card p1
		account limited
	}`)
	get := func() *httptest.ResponseRecorder {
		return s.Get("/?card_id=p1&code=" + s.WeChat.EncryptCode("wx0000000000000003", "1"))
	}
	for range 5 {
		if w := get(); w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
	w := get()
	problemtest.Want(t, w, 503, "busy", "decrypt")
	problemtest.WantRetryAfter(t, w, true, "12")
	if w := s.Get("/?card_id=p1&code=1"); w.Code != http.StatusOK {
		t.Errorf("a plain code costs no call, but got %d %s", w.Code, w.Body)
	}
}

// One network that guesses codes locks itself out, and nobody else.
func TestOpenCardOfAStrangersNetwork(t *testing.T) {
	s := sitetest.New(t, sitetest.OpenCardSite)
	guess := func(i int, from string) *httptest.ResponseRecorder {
		return s.Do(sitetest.Request{Target: fmt.Sprintf("/open?card_id=p1&code=%040d", i), From: from})
	}
	for i := range 200 {
		if w := guess(i, "198.51.100.7"); (w.Code == 503) != (i >= 150) {
			t.Fatalf("guess %d: got %d %s", i, w.Code, w.Body)
		}
	}
	problemtest.Want(t, guess(999, "198.51.100.8"), 503, "busy", "this network")
	problemtest.Want(t, guess(0, "198.51.100.8"), 422, "wechat_rejected", "") // costs nothing
	if n := s.WeChat.Calls()["/card/code/decrypt"]; n != 150 {
		t.Errorf("%d calls, want a quarter of 600", n)
	}
	one := s.WeChat.EncryptCode(sitetest.AppID, "111111")
	for _, from := range []string{"198.51.101.7", "2001:db8::1", "127.0.0.1"} {
		if w := s.Do(sitetest.Request{Target: "/open?card_id=p1&code=" + url.QueryEscape(one), From: from}); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", from, w.Code, w.Body)
		}
	}
}
