package caddymodule

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// The account of the tests' shop, with its mini programs.
const (
	shopAppID  = "wx00000000000000a1"
	shopMini   = "wx00000000000000b1"
	secondMini = "wx00000000000000b2"
)

// shopSite is a site with a backend that keeps what it got.
type shopSite struct {
	*testSite

	mu     sync.Mutex
	got    []backendRequest
	answer http.HandlerFunc // what the backend answers; nil: "backend"
}

type backendRequest struct {
	*http.Request
	body string
}

// newShopSite makes a site of these directives; those of the plugin use the account shop. A proxy to the backend follows.
func newShopSite(t testing.TB, directives string) *shopSite {
	t.Helper()
	s := new(shopSite)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.got = append(s.got, backendRequest{r, string(body)})
		answer := s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		_, _ = io.WriteString(w, "backend")
	}))
	t.Cleanup(backend.Close)
	s.testSite = newTestSiteWith(t, `account shop {
		app_id `+shopAppID+`
		app_secret {env.TEST_APP_SECRET}
		mini_program `+shopMini+` {env.TEST_APP_SECRET}
		mini_program `+secondMini+` {env.TEST_APP_SECRET}
	}`, directives+`
	reverse_proxy `+backend.Listener.Addr().String())
	return s
}

// requests gives what the backend got since the last time.
func (s *shopSite) requests() []backendRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// one gives the one request that the backend got for w.
func (s *shopSite) one(w *httptest.ResponseRecorder) backendRequest {
	s.t.Helper()
	got := s.requests()
	if len(got) != 1 {
		s.t.Fatalf("the backend got %d requests; the answer is %d %s", len(got), w.Code, w.Body)
	}
	return got[0]
}

// none checks that the backend got nothing.
func (s *shopSite) none() {
	s.t.Helper()
	if got := s.requests(); len(got) != 0 {
		s.t.Errorf("the backend got %d requests", len(got))
	}
}

func (s *shopSite) setAnswer(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

const loginSite = `
	wechat_card /login login {
		account shop
		header X-Mini-Openid mini_openid
		header X-Unionid     unionid
	}
	wechat_card /second login {
		account shop
		mini_program ` + secondMini + `
		header X-Mini-Openid mini_openid
	}
	wechat_card /configured login {
		account shop
		js_code {header.X-Js-Code}
		header X-Mini-Openid mini_openid
	}
`

func TestLogin(t *testing.T) {
	s := newShopSite(t, loginSite)
	large := `{"a":"` + strings.Repeat("x", maxBody) + `"}`
	const first, second = shopMini, secondMini
	for _, tc := range []struct {
		name string
		testRequest
		mini  string
		uri   string
		body  string
		chunk bool
	}{
		{"query", testRequest{target: "/login?js_code=alice.1"}, first, "/login", "", false},
		{"among others", testRequest{target: "/login?a=%7e&&js_code=alice.2&b;c=+%zz"}, first, "/login?a=%7e&&b;c=+%zz", "", false},
		{"escaped name", testRequest{target: "/login?js%5Fcode=alice.3&x"}, first, "/login?x", "", false},
		{"names like it", testRequest{target: "/login?JS_CODE=1&js.code=2&js_code=alice.4&js_code[]=3"}, first, "/login?JS_CODE=1&js.code=2&js_code[]=3", "", false},
		{"another mini program", testRequest{target: "/second?js_code=alice.5"}, second, "/second", "", false},
		{"configured", testRequest{target: "/configured?js_code=left&js_code", body: `{"js_code":"alone"}`, header: map[string]string{"X-Js-Code": "alice.6"}}, first, "/configured?js_code=left&js_code", `{"js_code":"alone"}`, false},
		{"JSON", testRequest{target: "/login?a", body: `{"js_code":"alice.7"}`}, first, "/login?a", `{}`, false},
		{"JSON, first", testRequest{target: "/login", body: ` { "js_code" : "alice.8" , "a" : 1e0, "b":"\u00e9" } `}, first, "/login", ` { "a" : 1e0, "b":"\u00e9" } `, false},
		{"JSON, last", testRequest{target: "/login", body: "{\"a\":[{\"js_code\":1}],\t\"js_code\":\"alice.9\"\n}\n"}, first, "/login", "{\"a\":[{\"js_code\":1}]\n}\n", false},
		{"JSON, middle", testRequest{method: http.MethodPatch, target: "/login", body: `{"a":1,"js\u005fcode":"\u0061lice.10","b":2}`}, first, "/login", `{"a":1,"b":2}`, false},
		{"JSON of unknown length", testRequest{target: "/login", body: `{"js_code":"alice.11","b":"` + strings.Repeat("b", 5000) + `"}`}, first, "/login", `{"b":"` + strings.Repeat("b", 5000) + `"}`, true},
		{"query, and JSON without", testRequest{target: "/login?js_code=alice.12", body: `{"a":1} `}, first, "/login", `{"a":1} `, false},
		{"query, and JSON with an empty one", testRequest{target: "/login?js_code=alice.13", body: `{"js_code":"","a":1}`}, first, "/login", `{"a":1}`, false},
		{"query, and broken JSON", testRequest{target: "/login?js_code=alice.14", body: `{"js_code":`}, first, "/login", `{"js_code":`, false},
		{"query, and a JSON array", testRequest{target: "/login?js_code=alice.15", body: `["js_code"]`}, first, "/login", `["js_code"]`, false},
		{"query, and large JSON", testRequest{target: "/login?js_code=alice.16", body: large}, first, "/login", large, false},
		{"query, and large JSON of unknown length", testRequest{target: "/login?js_code=alice.17", body: large}, first, "/login", large, true},
		{"query, and a form", testRequest{target: "/login?js_code=alice.18", body: "js_code=x", typ: "application/x-www-form-urlencoded"}, first, "/login", "js_code=x", false},
		{"empty in the query, and JSON", testRequest{target: "/login?js_code=", body: `{"js_code":"alice.19"}`}, first, "/login", `{}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.header == nil {
				tc.header = make(map[string]string)
			}
			tc.header["X-Mini-Openid"] = "forged"
			tc.header["x_unionid"] = "forged"
			tc.header["X-Unionid"] = "forged"
			var w *httptest.ResponseRecorder
			if tc.chunk {
				r := httptest.NewRequest(http.MethodPost, "http://localhost:9080"+tc.target, io.MultiReader(strings.NewReader(tc.testRequest.body)))
				r.Header.Set("Content-Type", "application/json; charset=utf-8")
				r.TransferEncoding = []string{"chunked"}
				w = httptest.NewRecorder()
				s.server.ServeHTTP(w, r)
			} else {
				w = s.do(tc.testRequest)
			}
			got := s.one(w)
			if id := got.Header.Get("X-Mini-Openid"); id != s.wechat.OpenID(tc.mini, "alice") {
				t.Errorf("the backend got the openid %q", id)
			}
			if id := got.Header.Get("X-Unionid"); strings.HasPrefix(tc.target, "/login") && (len(id) != 28 || id == got.Header.Get("X-Mini-Openid")) {
				t.Errorf("the backend got the unionid %q", id)
			}
			if got.RequestURI != tc.uri || got.body != tc.body {
				t.Errorf("the backend got %s with %q", got.RequestURI, got.body)
			}
			if cl := got.Header.Get("Content-Length"); cl != "" && cl != strconv.Itoa(len(got.body)) {
				t.Errorf("the backend got the Content-Length %s for %d bytes", cl, len(got.body))
			}
		})
	}
}

func TestLoginRefuses(t *testing.T) {
	s := newShopSite(t, loginSite)
	if w := s.get("/login?js_code=bob.1"); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	s.requests()
	for _, tc := range []struct {
		name string
		testRequest
		status  int
		reason  string
		mention string
	}{
		{"none", testRequest{target: "/login"}, 400, "invalid_request", "js_code is missing"},
		{"empty", testRequest{target: "/login?js_code="}, 400, "invalid_request", "js_code is missing"},
		{"none, and a form", testRequest{target: "/login", body: "js_code=x", typ: "application/x-www-form-urlencoded"}, 400, "invalid_request", "js_code is missing"},
		{"none, and compressed JSON", testRequest{target: "/login", body: "{}", header: map[string]string{"Content-Encoding": "gzip"}}, 400, "invalid_request", "js_code is missing"},
		{"empty configured", testRequest{target: "/configured?js_code=x"}, 403, "value_missing", "js_code"},
		{"twice", testRequest{target: "/login?js_code=x&js_code=x"}, 400, "invalid_request", "js_code is given twice"},
		{"twice in JSON", testRequest{target: "/login", body: `{"js_code":"x","js_code":""}`}, 400, "invalid_request", "js_code is given twice"},
		{"in both places", testRequest{target: "/login?js_code=x", body: `{"js_code":"x"}`}, 400, "invalid_request", "js_code is given twice"},
		{"number", testRequest{target: "/login", body: `{"js_code":1}`}, 400, "invalid_request", "js_code is not a string"},
		{"null", testRequest{target: "/login", body: `{"js_code":null}`}, 400, "invalid_request", "js_code"},
		{"escape", testRequest{target: "/login?js_code=%2"}, 400, "invalid_request", "js_code is not valid percent-encoding"},
		{"control", testRequest{target: "/login?js_code=a%00"}, 400, "invalid_request", "js_code holds a control character"},
		{"UTF-8", testRequest{target: "/login?js_code=%ff"}, 400, "invalid_request", "js_code is not valid UTF-8"},
		{"long", testRequest{target: "/login?js_code=" + strings.Repeat("a", maxJSCode+1)}, 400, "invalid_request", "js_code is longer"},
		{"long configured", testRequest{target: "/configured", header: map[string]string{"X-Js-Code": strings.Repeat("a", maxJSCode+1)}}, 400, "invalid_request", "js_code is longer"},
		{"broken JSON", testRequest{target: "/login", body: `{"js_code":"x"`}, 400, "invalid_request", "JSON"},
		{"broken text", testRequest{target: "/login", body: "{\"js_code\":\"\xff\"}"}, 400, "invalid_request", "js_code"},
		{"JSON array", testRequest{target: "/login", body: `["js_code"]`}, 400, "invalid_request", "JSON object"},
		{"large JSON", testRequest{target: "/login", body: `{"js_code":"x","a":"` + strings.Repeat("x", maxBody) + `"}`}, 413, "body_too_large", "65536"},
		{"invalid at WeChat", testRequest{target: "/login?js_code=bad-1"}, 422, "wechat_rejected", ""},
		{"used", testRequest{target: "/login?js_code=bob.1"}, 422, "wechat_rejected", ""},
		{"of a user at risk", testRequest{target: "/login?js_code=risk-1"}, 422, "wechat_rejected", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantProblem(t, s.do(tc.testRequest), tc.status, tc.reason, tc.mention)
			s.none()
		})
	}
	for target, code := range map[string]string{
		"/login?js_code=bad-1": `"errcode":40029`, "/login?js_code=bob.1": `"errcode":40163`, "/login?js_code=risk-1": `"errcode":40226`,
	} {
		if w := s.get(target); !strings.Contains(w.Body.String(), code) || !strings.Contains(w.Body.String(), `"hint"`) {
			t.Errorf("%s: got %s", target, w.Body)
		}
	}
}

// WeChat's own troubles with the call that the request needs.
func TestLoginWhileWeChatFails(t *testing.T) {
	s := newShopSite(t, loginSite)
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
			before := s.wechat.Calls()["/sns/jscode2session"]
			if err := s.wechat.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			w := s.get("/login?js_code=carol." + strconv.Itoa(before))
			wantProblem(t, w, tc.status, tc.reason, "")
			if strings.Contains(w.Body.String(), "HyVFkGl5") {
				t.Errorf("got %s", w.Body)
			}
			if n := s.wechat.Calls()["/sns/jscode2session"] - before; n != 1 {
				t.Errorf("a js_code, which works once, was sent %d times", n)
			}
			s.none()
		})
	}
}

func TestLoginWithoutUnionID(t *testing.T) {
	s := newShopSite(t, loginSite)
	answer := `{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","session_key":"k"}`
	if err := s.wechat.Fail(sandbox.Fault{Path: "/sns/jscode2session", Times: 1, Body: &answer}); err != nil {
		t.Fatal(err)
	}
	w := s.do(testRequest{target: "/login?js_code=x.1", header: map[string]string{"X-Unionid": "forged"}})
	got := s.one(w)
	if got.Header.Get("X-Mini-Openid") != "oAAAAAAAAAAAAAAAAAAAAAAAAAAA" || got.Header["X-Unionid"] != nil {
		t.Errorf("the backend got %v", got.Header)
	}
}

// A card with bind_openid is for one user of the mini program: nobody else's phone takes it.
func TestLoginBindsACard(t *testing.T) {
	s := newShopSite(t, `
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
	if err := s.wechat.PutCard(shopAppID, "pBound", `{"card_type":"GROUPON","groupon":{"base_info":{"bind_openid":true}}}`); err != nil {
		t.Fatal(err)
	}
	alice, bob := s.wechat.OpenID(shopMini, "alice"), s.wechat.OpenID(shopMini, "bob")
	w := s.get("/bound?js_code=alice.1")
	if card := s.cards(w)[0]; card.Ext["openid"] != alice {
		t.Fatalf("got %v", card.Ext)
	}
	if got := s.phone("addCard?appId="+shopMini+"&openid="+bob, w.Body.String()); strings.Contains(got, "addCard:ok") {
		t.Errorf("another one's phone takes the card: %s", got)
	}
	if got := s.phone("addCard?appId="+shopMini+"&openid="+alice, w.Body.String()); !strings.Contains(got, `"addCard:ok"`) {
		t.Errorf("got %s", got)
	}
	// on POST add_card reads the body, which login has been at
	w = s.post("/bound", `{"card_id":"pBound","js_code":"bob.1"}`)
	if card := s.cards(w)[0]; card.Ext["openid"] != bob {
		t.Errorf("got %v", card.Ext)
	}
}

// What is behind login when it fails, or when what follows fails, sees neither the client's headers nor ours, nor a js_code.
func TestLoginErrors(t *testing.T) {
	s := newShopSite(t, `
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
		w := s.do(testRequest{target: target, header: map[string]string{"X-Mini-Openid": "forged"}})
		if got := w.Body.String(); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
}

// Neither a js_code nor a session_key is in any answer or log line of ours.
func TestLoginKeepsSecrets(t *testing.T) {
	logs := testLogs(t)
	s := newShopSite(t, loginSite)
	answers := []string{
		`{"errcode":40029,"errmsg":"invalid code 0a1B2c3D4e5F"}`, "0a1B2c3D4e5F", `{"openid":"o0a1B2c3D4e5F\u0000"}`,
	}
	for _, answer := range answers {
		if err := s.wechat.Fail(sandbox.Fault{Path: "/sns/jscode2session", Times: 1, Body: &answer}); err != nil {
			t.Fatal(err)
		}
		w := s.get("/login?js_code=0a1B2c3D4e5F")
		if w.Code < 400 || w.Body.Len() == 0 {
			t.Errorf("got %d and %s", w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), "0a1B2c3D4e5F") {
			t.Errorf("got the answer %s", w.Body)
		}
	}
	s.none()
	lines := logs()
	for _, entry := range lines {
		line, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(line, []byte("0a1B2c3D4e5F")) || bytes.Contains(line, []byte(testSecret)) {
			t.Errorf("got the log line %s", line)
		}
	}
	if len(lines) != len(answers) {
		t.Errorf("got %d log lines", len(lines))
	}
}
