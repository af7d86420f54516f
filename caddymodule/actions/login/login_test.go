package login_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

const formType = "application/x-www-form-urlencoded"

const loginSite = `
	wechat_card /login login {
		account shop
		header X-Mini-Openid mini_openid
		header X-Unionid     unionid
	}
	wechat_card /second login {
		account shop
		mini_program ` + sitetest.SecondMini + `
		header X-Mini-Openid mini_openid
	}
	wechat_card /field login {
		account shop
		field code
		header X-Mini-Openid mini_openid
	}
	wechat_card /configured login {
		account shop
		js_code {header.X-Js-Code}
		header X-Mini-Openid mini_openid
	}
`

func TestLogin(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	large := `{"a":"` + strings.Repeat("x", bodies.Max) + `"}`
	const first, second = sitetest.ShopMini, sitetest.SecondMini
	for _, tc := range []struct {
		name string
		sitetest.Request
		mini  string
		uri   string
		body  string
		chunk bool
	}{
		{"query", sitetest.Request{Target: "/login?js_code=alice.1"}, first, "/login", "", false},
		{"among others", sitetest.Request{Target: "/login?a=%7e&&js_code=alice.2&b;c=+%zz"}, first, "/login?a=%7e&&b;c=+%zz", "", false},
		{"escaped name", sitetest.Request{Target: "/login?js%5Fcode=alice.3&x"}, first, "/login?x", "", false},
		{"names like it", sitetest.Request{Target: "/login?JS_CODE=1&js.code=2&js_code=alice.4&js_code[]=3"}, first, "/login?JS_CODE=1&js.code=2&js_code[]=3", "", false},
		{"another mini program", sitetest.Request{Target: "/second?js_code=alice.5"}, second, "/second", "", false},
		{"configured", sitetest.Request{Target: "/configured?js_code=left&js_code", Body: `{"js_code":"alone"}`, Header: map[string]string{"X-Js-Code": "alice.6"}}, first, "/configured?js_code=left&js_code", `{"js_code":"alone"}`, false},
		{"JSON", sitetest.Request{Target: "/login?a", Body: `{"js_code":"alice.7"}`}, first, "/login?a", `{}`, false},
		{"JSON, first", sitetest.Request{Target: "/login", Body: ` { "js_code" : "alice.8" , "a" : 1e0, "b":"\u00e9" } `}, first, "/login", ` { "a" : 1e0, "b":"\u00e9" } `, false},
		{"JSON, last", sitetest.Request{Target: "/login", Body: "{\"a\":[{\"js_code\":1}],\t\"js_code\":\"alice.9\"\n}\n"}, first, "/login", "{\"a\":[{\"js_code\":1}]\n}\n", false},
		{"JSON, middle", sitetest.Request{Method: http.MethodPatch, Target: "/login", Body: `{"a":1,"js\u005fcode":"\u0061lice.10","b":2}`}, first, "/login", `{"a":1,"b":2}`, false},
		{"JSON of unknown length", sitetest.Request{Target: "/login", Body: `{"js_code":"alice.11","b":"` + strings.Repeat("b", 5000) + `"}`}, first, "/login", `{"b":"` + strings.Repeat("b", 5000) + `"}`, true},
		{"query, and JSON without", sitetest.Request{Target: "/login?js_code=alice.12", Body: `{"a":1} `}, first, "/login", `{"a":1} `, false},
		{"query, and JSON with an empty one", sitetest.Request{Target: "/login?js_code=alice.13", Body: `{"js_code":"","a":1}`}, first, "/login", `{"a":1}`, false},
		{"query, and broken JSON", sitetest.Request{Target: "/login?js_code=alice.14", Body: `{"js_code":`}, first, "/login", `{"js_code":`, false},
		{"query, and a JSON array", sitetest.Request{Target: "/login?js_code=alice.15", Body: `["js_code"]`}, first, "/login", `["js_code"]`, false},
		{"query, and large JSON", sitetest.Request{Target: "/login?js_code=alice.16", Body: large}, first, "/login", large, false},
		{"form", sitetest.Request{Target: "/login?a", Body: "js_code=alice.20", Type: formType}, first, "/login?a", "", false},
		{"form, among others", sitetest.Request{Target: "/login", Body: "a=%7e&&js%5Fcode=%61lice.21&b;c=+%zz&js_code[]=x", Type: formType + "; charset=UTF-8"}, first, "/login", "a=%7e&&b;c=+%zz&js_code[]=x", false},
		{"form of unknown length", sitetest.Request{Target: "/login", Body: "js_code=alice.22&b=" + strings.Repeat("b", 5000), Type: formType}, first, "/login", "b=" + strings.Repeat("b", 5000), true},
		{"form, another method", sitetest.Request{Method: http.MethodPut, Target: "/login", Body: "x&js_code=alice.23", Type: formType}, first, "/login", "x", false},
		{"form that is JSON", sitetest.Request{Target: "/login", Body: ` {"js_code":"alice.24","a":1}`, Type: formType}, first, "/login", ` {"a":1}`, false},
		{"form with an empty one, and query", sitetest.Request{Target: "/login?js_code=alice.25", Body: "js_code=&a", Type: formType}, first, "/login", "a", false},
		{"form without, and query", sitetest.Request{Target: "/login?js_code=alice.26", Body: "a=%zz&b", Type: formType}, first, "/login", "a=%zz&b", false},
		{"large form, and query", sitetest.Request{Target: "/login?js_code=alice.27", Body: "js_code=x&" + large, Type: formType}, first, "/login", "js_code=x&" + large, false},
		{"field of a form", sitetest.Request{Target: "/field", Body: "js_code=left&code=alice.28", Type: formType}, first, "/field", "js_code=left", false},
		{"field of JSON", sitetest.Request{Target: "/field?code=left", Body: `{"js_code":1,"code":"alice.29"}`}, first, "/field?code=left", `{"js_code":1}`, false},
		{"query, with a field configured", sitetest.Request{Target: "/field?js_code=alice.30&code=left"}, first, "/field?code=left", "", false},
		{"query, and large JSON of unknown length", sitetest.Request{Target: "/login?js_code=alice.17", Body: large}, first, "/login", large, true},
		{"query, and a body of another type", sitetest.Request{Target: "/login?js_code=alice.18", Body: "js_code=x", Type: "text/plain"}, first, "/login", "js_code=x", false},
		{"empty in the query, and JSON", sitetest.Request{Target: "/login?js_code=", Body: `{"js_code":"alice.19"}`}, first, "/login", `{}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.Header == nil {
				tc.Header = make(map[string]string)
			}
			tc.Header["X-Mini-Openid"] = "forged"
			tc.Header["x_unionid"] = "forged"
			tc.Header["X-Unionid"] = "forged"
			var w *httptest.ResponseRecorder
			if tc.chunk {
				r := httptest.NewRequest(http.MethodPost, "http://localhost:9080"+tc.Target, io.MultiReader(strings.NewReader(tc.Request.Body)))
				r.Header.Set("Content-Type", "application/json; charset=utf-8")
				if tc.Type != "" {
					r.Header.Set("Content-Type", tc.Type)
				}
				r.TransferEncoding = []string{"chunked"}
				w = httptest.NewRecorder()
				s.Server.ServeHTTP(w, r)
			} else {
				w = s.Do(tc.Request)
			}
			got := s.One(w)
			if id := got.Header.Get("X-Mini-Openid"); id != s.WeChat.OpenID(tc.mini, "alice") {
				t.Errorf("the backend got the openid %q", id)
			}
			if id := got.Header.Get("X-Unionid"); strings.HasPrefix(tc.Target, "/login") && (len(id) != 28 || id == got.Header.Get("X-Mini-Openid")) {
				t.Errorf("the backend got the unionid %q", id)
			}
			if got.RequestURI != tc.uri || got.Body != tc.body {
				t.Errorf("the backend got %s with %q", got.RequestURI, got.Body)
			}
			if cl := got.Header.Get("Content-Length"); cl != "" && cl != strconv.Itoa(len(got.Body)) {
				t.Errorf("the backend got the Content-Length %s for %d bytes", cl, len(got.Body))
			}
		})
	}
}

func TestLoginRefuses(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	if w := s.Get("/login?js_code=bob.1"); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	s.Requests()
	for _, tc := range []struct {
		name string
		sitetest.Request
		status  int
		reason  string
		mention string
	}{
		{"none", sitetest.Request{Target: "/login"}, 400, "invalid_request", "js_code is missing"},
		{"empty", sitetest.Request{Target: "/login?js_code="}, 400, "invalid_request", "js_code is missing"},
		{"none, and a form of another charset", sitetest.Request{Target: "/login", Body: "js_code=x", Type: formType + "; charset=gbk"}, 400, "invalid_request", "js_code is missing"},
		{"none, and plain text", sitetest.Request{Target: "/login", Body: "js_code=x", Type: "text/plain"}, 400, "invalid_request", "js_code is missing"},
		{"none in a form", sitetest.Request{Target: "/login", Body: "js_codes=x&Js_code=y", Type: formType}, 400, "invalid_request", "js_code is missing"},
		{"none under the configured name", sitetest.Request{Target: "/field?code=x", Body: "js_code=x", Type: formType}, 400, "invalid_request", "code is missing"},
		{"twice in a form", sitetest.Request{Target: "/login", Body: "js_code=x&js%5fcode=", Type: formType}, 400, "invalid_request", "js_code is given twice"},
		{"in a form and the query", sitetest.Request{Target: "/login?js_code=x", Body: "js_code=x", Type: formType}, 400, "invalid_request", "js_code is given twice"},
		{"under the configured name and in the query", sitetest.Request{Target: "/field?js_code=x", Body: `{"code":"x"}`}, 400, "invalid_request", "js_code is given twice"},
		{"escape in a form", sitetest.Request{Target: "/login", Body: "js_code=%2", Type: formType}, 400, "invalid_request", "js_code is not valid percent-encoding"},
		{"array under a form's type", sitetest.Request{Target: "/login", Body: `["js_code"]`, Type: formType}, 400, "invalid_request", "JSON object"},
		{"large form", sitetest.Request{Target: "/login", Body: "js_code=x&a=" + strings.Repeat("x", bodies.Max), Type: formType}, 413, "body_too_large", "65536"},
		{"blank", sitetest.Request{Target: "/login?js_code=a%20b"}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"blank at the end", sitetest.Request{Target: "/login", Body: `{"js_code":"a "}`}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"blank in a form", sitetest.Request{Target: "/login", Body: "js_code=a+b", Type: formType}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"no-break space", sitetest.Request{Target: "/login?js_code=a%C2%A0b"}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"Chinese", sitetest.Request{Target: "/login", Body: `{"js_code":"代码"}`}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"Chinese, configured", sitetest.Request{Target: "/configured", Header: map[string]string{"X-Js-Code": "代码"}}, 400, "invalid_request", "js_code is not printable ASCII"},
		{"DEL", sitetest.Request{Target: "/login?js_code=a%7f"}, 400, "invalid_request", "js_code holds a control character"},
		{"none, and compressed JSON", sitetest.Request{Target: "/login", Body: "{}", Header: map[string]string{"Content-Encoding": "gzip"}}, 400, "invalid_request", "js_code is missing"},
		{"empty configured", sitetest.Request{Target: "/configured?js_code=x"}, 403, "value_missing", "js_code"},
		{"twice", sitetest.Request{Target: "/login?js_code=x&js_code=x"}, 400, "invalid_request", "js_code is given twice"},
		{"twice in JSON", sitetest.Request{Target: "/login", Body: `{"js_code":"x","js_code":""}`}, 400, "invalid_request", "js_code is given twice"},
		{"in both places", sitetest.Request{Target: "/login?js_code=x", Body: `{"js_code":"x"}`}, 400, "invalid_request", "js_code is given twice"},
		{"number", sitetest.Request{Target: "/login", Body: `{"js_code":1}`}, 400, "invalid_request", "js_code is not a string"},
		{"null", sitetest.Request{Target: "/login", Body: `{"js_code":null}`}, 400, "invalid_request", "js_code"},
		{"escape", sitetest.Request{Target: "/login?js_code=%2"}, 400, "invalid_request", "js_code is not valid percent-encoding"},
		{"control", sitetest.Request{Target: "/login?js_code=a%00"}, 400, "invalid_request", "js_code holds a control character"},
		{"UTF-8", sitetest.Request{Target: "/login?js_code=%ff"}, 400, "invalid_request", "js_code is not valid UTF-8"},
		{"long", sitetest.Request{Target: "/login?js_code=" + strings.Repeat("a", login.MaxJSCode+1)}, 400, "invalid_request", "js_code is longer"},
		{"long configured", sitetest.Request{Target: "/configured", Header: map[string]string{"X-Js-Code": strings.Repeat("a", login.MaxJSCode+1)}}, 400, "invalid_request", "js_code is longer"},
		{"broken JSON", sitetest.Request{Target: "/login", Body: `{"js_code":"x"`}, 400, "invalid_request", "JSON"},
		{"broken text", sitetest.Request{Target: "/login", Body: "{\"js_code\":\"\xff\"}"}, 400, "invalid_request", "js_code"},
		{"JSON array", sitetest.Request{Target: "/login", Body: `["js_code"]`}, 400, "invalid_request", "JSON object"},
		{"large JSON", sitetest.Request{Target: "/login", Body: `{"js_code":"x","a":"` + strings.Repeat("x", bodies.Max) + `"}`}, 413, "body_too_large", "65536"},
		{"invalid at WeChat", sitetest.Request{Target: "/login?js_code=bad-1"}, 422, "wechat_rejected", ""},
		{"used", sitetest.Request{Target: "/login?js_code=bob.1"}, 422, "wechat_rejected", ""},
		{"of a user at risk", sitetest.Request{Target: "/login?js_code=risk-1"}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			problemtest.Want(t, s.Do(tc.Request), tc.status, tc.reason, tc.mention)
			s.None()
		})
	}
	for target, code := range map[string]string{
		"/login?js_code=bad-1": `"errcode":40029`, "/login?js_code=bob.1": `"errcode":40163`, "/login?js_code=risk-1": `"errcode":40226`,
	} {
		if w := s.Get(target); !strings.Contains(w.Body.String(), code) || !strings.Contains(w.Body.String(), `"hint"`) {
			t.Errorf("%s: got %s", target, w.Body)
		}
	}
}

// What is no js_code costs WeChat no call, and what it refused costs no second one.
func TestLoginThatCostsNoCall(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	calls := func() int { return s.WeChat.Calls()["/sns/jscode2session"] }
	for _, code := range []string{"", "%20", "a+b", "%E4%BB%A3", "a%00", "%ff", strings.Repeat("a", login.MaxJSCode+1)} {
		problemtest.Want(t, s.Get("/login?js_code="+code), 400, "invalid_request", "js_code")
	}
	if n := calls(); n != 0 {
		t.Errorf("%d calls", n)
	}
	problemtest.Want(t, s.Get("/login?js_code="+strings.Repeat("~", login.MaxJSCode)), 422, "wechat_rejected", "") // this one may be
	for range 10 {
		problemtest.Want(t, s.Get("/login?js_code=bad-1"), 422, "wechat_rejected", "")
		problemtest.Want(t, s.Post("/field", `{"code":"bad-1"}`), 422, "wechat_rejected", "")
	}
	if n := calls(); n != 2 {
		t.Errorf("%d calls", n)
	}
	s.None()
}

// One network that guesses locks itself out, and nobody else.
func TestLoginOfAStrangersNetwork(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	calls := func() int { return s.WeChat.Calls()["/sns/jscode2session"] }
	for i := range 200 {
		w := s.Do(sitetest.Request{Target: "/login?js_code=bad-" + strconv.Itoa(i), From: "203.0.113." + strconv.Itoa(i)})
		if i < 150 {
			problemtest.Want(t, w, 422, "wechat_rejected", "")
			continue
		}
		problemtest.Want(t, w, 503, "busy", "this network")
		problemtest.WantRetryAfter(t, w, true, "")
	}
	if n := calls(); n != 150 {
		t.Errorf("%d calls, want a quarter of 600", n)
	}
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/login?js_code=alice.1", From: "203.0.113.9"}), 503, "busy", "this network")
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/login?js_code=bad-0", From: "203.0.113.9"}), 422, "wechat_rejected", "") // costs nothing
	for i, from := range []string{"203.0.114.9", "2001:db8::1", "127.0.0.1", "10.0.0.1"} {
		if w := s.Do(sitetest.Request{Target: "/login?js_code=bob." + strconv.Itoa(i), From: from}); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", from, w.Code, w.Body)
		}
	}
}

// A shared cache that knows no more than the address must not give one user's answer to the next.
func TestLoginAnswersAreNotStored(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	for i, tc := range []struct {
		said   string // of caching, by the backend
		status int
		want   string
	}{
		{"", 200, "no-store"},
		{"", 304, "no-store"},
		{"", 404, "no-store"},
		{"", 502, "no-store"},
		{"private, max-age=60", 200, "private, max-age=60"},
		{"public", 404, "public"},
	} {
		s.SetAnswer(func(w http.ResponseWriter, _ *http.Request) {
			if tc.said != "" {
				w.Header().Set("Cache-Control", tc.said)
			}
			w.Header().Set("Set-Cookie", "session=alice")
			w.WriteHeader(tc.status)
		})
		w := s.Get("/login?js_code=alice." + strconv.Itoa(i))
		if got := w.Header()["Cache-Control"]; w.Code != tc.status || len(got) != 1 || got[0] != tc.want {
			t.Errorf("%d with %q: got %d with %q", tc.status, tc.said, w.Code, got)
		}
	}
}

// WeChat's own troubles with the call that the request needs.
func TestLoginWhileWeChatFails(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	nonsense := `{"session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`
	forged := `{"openid":"o\r\nX-Admin: 1","session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`
	for _, tc := range []struct {
		name   string
		fault  sandbox.Fault
		status int
		reason string
	}{
		{"busy", sandbox.Fault{ErrCode: -1}, 503, "busy"},
		{"minute's quota", sandbox.Fault{ErrCode: 45011}, 503, "busy"},
		{"app_secret", sandbox.Fault{ErrCode: 40125}, 502, "wechat_error"},
		{"40001 is the secret here", sandbox.Fault{ErrCode: 40001}, 502, "wechat_error"},
		{"no openid", sandbox.Fault{Body: &nonsense}, 502, "wechat_error"},
		{"an openid that is none", sandbox.Fault{Body: &forged}, 502, "wechat_error"},
		{"down", sandbox.Fault{Status: 500}, 502, "wechat_error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.fault.Path, tc.fault.Times = "/sns/jscode2session", 1
			before := s.WeChat.Calls()["/sns/jscode2session"]
			if err := s.WeChat.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			w := s.Get("/login?js_code=carol." + strconv.Itoa(before))
			problemtest.Want(t, w, tc.status, tc.reason, "")
			if strings.Contains(w.Body.String(), "HyVFkGl5") {
				t.Errorf("got %s", w.Body)
			}
			if n := s.WeChat.Calls()["/sns/jscode2session"] - before; n != 1 {
				t.Errorf("a js_code, which works once, was sent %d times", n)
			}
			s.None()
		})
	}
}

func TestLoginWithoutUnionID(t *testing.T) {
	s := sitetest.NewShop(t, loginSite)
	answer := `{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","session_key":"k"}`
	if err := s.WeChat.Fail(sandbox.Fault{Path: "/sns/jscode2session", Times: 1, Body: &answer}); err != nil {
		t.Fatal(err)
	}
	w := s.Do(sitetest.Request{Target: "/login?js_code=x.1", Header: map[string]string{"X-Unionid": "forged"}})
	got := s.One(w)
	if got.Header.Get("X-Mini-Openid") != "oAAAAAAAAAAAAAAAAAAAAAAAAAAA" || got.Header["X-Unionid"] != nil {
		t.Errorf("the backend got %v", got.Header)
	}
}

// A card with bind_openid is for one user of the mini program: nobody else's phone takes it.
func TestLoginBindsACard(t *testing.T) {
	s := sitetest.NewShop(t, `
	route /bound {
		wechat_card login {
			account shop
		}
		wechat_card add_card {
			account shop
			card pBound {
				openid    {http.wechat_card.mini_openid}
				outer_str {http.wechat_card.unionid}
			}
		}
	}`)
	if err := s.WeChat.PutCard(sitetest.ShopAppID, "pBound", `{"card_type":"GROUPON","groupon":{"base_info":{"bind_openid":true}}}`); err != nil {
		t.Fatal(err)
	}
	alice, bob := s.WeChat.OpenID(sitetest.ShopMini, "alice"), s.WeChat.OpenID(sitetest.ShopMini, "bob")
	w := s.Get("/bound?js_code=alice.1")
	if card := s.Cards(w)[0]; card.Ext["openid"] != alice {
		t.Fatalf("got %v", card.Ext)
	}
	if got := s.Phone("addCard?appId="+sitetest.ShopMini+"&openid="+bob, w.Body.String()); strings.Contains(got, "addCard:ok") {
		t.Errorf("another one's phone takes the card: %s", got)
	}
	if got := s.Phone("addCard?appId="+sitetest.ShopMini+"&openid="+alice, w.Body.String()); !strings.Contains(got, `"addCard:ok"`) {
		t.Errorf("got %s", got)
	}
	// on POST add_card reads the body, which login has been at
	w = s.Post("/bound", `{"card_id":"pBound","js_code":"bob.1"}`)
	if card := s.Cards(w)[0]; card.Ext["openid"] != bob {
		t.Errorf("got %v", card.Ext)
	}
}

// What is behind login when it fails, or when what follows fails, sees neither the client's headers nor ours, nor a js_code.
func TestLoginErrors(t *testing.T) {
	s := sitetest.NewShop(t, `
	route /login {
		wechat_card login {
			account shop
			errors caddy
			header X-Mini-Openid mini_openid
		}
		error "teapot" 418
	}
	handle_errors {
		respond "{err.status_code} openid={header.X-Mini-Openid} query={query} {http.error.message}" 200
	}`)
	for target, want := range map[string]string{
		"/login?a=1&js_code=alice.1": `418 openid= query=a=1 teapot`,
		"/login?a=1&js_code=bad-1":   `422 openid= query=a=1 WeChat refused what was asked`,
		"/login?a=1":                 `400 openid= query=a=1 js_code is missing`,
	} {
		w := s.Do(sitetest.Request{Target: target, Header: map[string]string{"X-Mini-Openid": "forged"}})
		if got := w.Body.String(); got != want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %s with %v, want %s", target, got, w.Header(), want)
		}
	}
}

// Neither a js_code nor a session_key is in any answer or log line of ours.
func TestLoginKeepsSecrets(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.NewShop(t, loginSite)
	answers := []string{
		`{"errcode":40029,"errmsg":"invalid code 0a1B2c3D4e5F"}`, "0a1B2c3D4e5F", `{"openid":"o0a1B2c3D4e5F\u0000"}`,
	}
	for _, answer := range answers {
		if err := s.WeChat.Fail(sandbox.Fault{Path: "/sns/jscode2session", Times: 1, Body: &answer}); err != nil {
			t.Fatal(err)
		}
		w := s.Get("/login?js_code=0a1B2c3D4e5F")
		if w.Code < 400 || w.Body.Len() == 0 {
			t.Errorf("got %d and %s", w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "0a1B2c3D4e5F") {
			t.Errorf("got the answer %s", w.Body)
		}
	}
	s.None()
	lines := logs()
	for _, entry := range lines {
		line, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(line, []byte("0a1B2c3D4e5F")) || bytes.Contains(line, []byte(sitetest.Secret)) {
			t.Errorf("got the log line %s", line)
		}
	}
	if len(lines) != len(answers) {
		t.Errorf("got %d log lines", len(lines))
	}
}
