package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/faults"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func TestControlIsLocal(t *testing.T) {
	s := New(Config{})
	for addr, want := range map[string]int{
		"127.0.0.1:1": 200, "127.8.9.1:1": 200, "[::1]:1": 200, "[::ffff:127.0.0.1]:1": 200,
		"192.0.2.1:1": 403, "[2001:db8::1]:1": 403, "[::ffff:192.0.2.1]:1": 403, "": 403, "@": 403, "localhost:1": 403, "127.0.0.1": 403,
	} {
		for method, path := range map[string]string{"GET": "/_sandbox/calls", "POST": "/_sandbox/phone/addCard"} {
			req := httptest.NewRequest(method, path, strings.NewReader(""))
			req.RemoteAddr = addr
			w := httptest.NewRecorder()
			s.ServeHTTP(w, req)
			if w.Code != want {
				t.Errorf("%q %s: got %d, want %d", addr, path, w.Code, want)
			}
		}
	}
}

func TestControlRefusals(t *testing.T) {
	r := newRig(t, Config{})
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "faults", "", 405},
		{"POST", "calls", "", 405},
		{"GET", "phone/addCard", "", 405},
		{"POST", "phone/chooseCard", "", 404},
		{"POST", "phone/addCard", strings.Repeat(" ", wire.MaxBody+1), 413},
		{"POST", "nothing", "", 404},
		{"POST", "", "", 404},
		{"POST", "faults", "", 400},
		{"POST", "faults", "{", 400},
		{"POST", "faults", `{"path":"/x"} {}`, 400},
		{"POST", "faults", `{"path":"/x","time":1}`, 400},
		{"POST", "faults", `{"path":"x"}`, 400},
		{"POST", "faults", `{"path":"/x","times":-1}`, 400},
		{"POST", "faults", `{"path":"/x","delay":"10"}`, 400},
		{"POST", "faults", `{"path":"/x","delay":"-1s"}`, 400},
		{"POST", "faults", `{"path":"/x","status":99}`, 400},
		{"POST", "faults", `[{"path":"/x"},{"path":"x"}]`, 400},
		{"POST", "faults", strings.Repeat(" ", wire.MaxBody+1), 400},
		{"POST", "revoke", `{"kind":"secret"}`, 400},
		{"POST", "revoke", `{"app":"x"}`, 400},
		{"POST", "cards", `{"card_id":"p 1","card":{}}`, 400},
		{"POST", "cards", `{"card_id":"p1","card":{}}`, 400},
		{"POST", "cards", `{"card_id":"p1"}`, 400},
		{"POST", "review", `{"pass":1}`, 400},
		{"POST", "faults", `[]`, 200},
		{"POST", "reset", "", 200},
		{"POST", "revoke", "", 200},
	} {
		w := r.raw(tc.method, "/_sandbox/"+tc.path, tc.body)
		if w.Code != tc.want || (w.Code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s %s %.40s: got %d %s, want %d", tc.method, tc.path, tc.body, w.Code, w.Body, tc.want)
		}
	}
	if len(r.s.world.Faults.All()) != 0 {
		t.Error("a refused list left a fault behind")
	}
}

func TestCallsAndReset(t *testing.T) {
	r := newRig(t, Config{})
	tok := r.token("wx1")
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.do("GET", "/x", "")
	r.do("POST", "/_sandbox/faults", `{"path":"/card/*","errcode":-1}`)
	r.wantCode("a fault", r.post("/card/get", tok, `{"card_id":"p1"}`), -1)
	if got := fmt.Sprint(r.do("GET", "/_sandbox/calls", "")); got != "map[/card/get:1 /cgi-bin/stable_token:2 /cgi-bin/ticket/getticket:1 /x:1]" {
		t.Errorf("got %s", got)
	}
	nonce := map[string]string{"nonce_str": "n"}
	r.added(r.addCard("", "p1", ext(ticket, "p1", nonce)))
	r.do("POST", "/_sandbox/reset", "")
	if got := r.do("GET", "/_sandbox/calls", ""); len(got) != 0 {
		t.Errorf("got %v after the reset", got)
	}
	if got := r.check(tok); got != 0 {
		t.Errorf("the reset ended a token: %d", got)
	}
	r.added(r.addCard("", "p1", ext(ticket, "p1", nonce))) // the ticket lives, the nonce is forgotten
	if got := len(r.s.world.Codes.All()); got != 1 {
		t.Errorf("got %d codes after the reset, want 1", got)
	}
}

func TestControlCards(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/cards", `{"app_id":"wx1","card_id":"p1","card":{"card_type":"GIFT","gift":{"base_info":{"bind_openid":true,"sku":{"quantity":1}}}}}`)
	a := r.addCard("", "p1", ext(r.ticket("wx1", accounts.CardTicket), "p1", nil))
	r.wantRefused("a bind_openid card", a, phone.TextParameter, "openid")
}

// served gives a client of a sandbox that listens.
func served(t *testing.T, s *Sandbox) (*http.Client, string) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.Client(), srv.URL
}

func TestFaults(t *testing.T) {
	s := New(Config{})
	client, base := served(t, s)
	const path = "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1"
	for _, tc := range []struct {
		name  string
		fault Fault
		code  int
		kind  string
		body  string // what the body begins with
		fails bool   // reading the body does
	}{
		{name: "errcode", fault: Fault{ErrCode: 40164, ErrMsg: "invalid ip 1.2.3.4"}, code: 200, kind: wire.ContentType, body: `{"errcode":40164,"errmsg":"invalid ip 1.2.3.4 rid: `},
		{name: "errcode and status", fault: Fault{ErrCode: -1, Status: 503}, code: 503, kind: wire.ContentType, body: `{"errcode":-1,`},
		{name: "status", fault: Fault{Status: 502}, code: 502, kind: "text/html", body: "<html>"},
		{name: "garbage", fault: Fault{Body: new("<garbage>")}, code: 200, kind: wire.ContentType, body: "<garbage>"},
		{name: "empty", fault: Fault{Body: new("")}, code: 200, kind: wire.ContentType},
		{name: "half a body", fault: Fault{Body: new(`{"access_token":"x"}`), Drop: true}, code: 200, kind: wire.ContentType, body: `{"access_token":"x"`, fails: true},
		{name: "nothing but its path", fault: Fault{}, code: 200, kind: wire.ContentType, body: `{"access_token":"90_`},
		{name: "short delay", fault: Fault{Delay: time.Millisecond}, code: 200, kind: wire.ContentType, body: `{"access_token":"90_`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.fault.Path, tc.fault.Times = "/cgi-bin/token", 1
			if err := s.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			resp, err := client.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if (err != nil) != tc.fails || resp.StatusCode != tc.code || resp.Header.Get("Content-Type") != tc.kind || !strings.HasPrefix(string(body), tc.body) {
				t.Errorf("got %d %s %q, %v", resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
			}
		})
	}

	t.Run("drop", func(t *testing.T) {
		if err := s.Fail(Fault{Path: "/cgi-bin/stable_token", Drop: true}); err != nil {
			t.Fatal(err)
		}
		resp, err := client.Post(base+"/cgi-bin/stable_token", "application/json", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
			t.Errorf("got %d, want no answer", resp.StatusCode)
		}
	})
}

func TestFaultsThatCannotHangUp(t *testing.T) {
	s := New(Config{})
	if err := s.Fail(Fault{Path: "*", Drop: true}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("got %v, want http.ErrAbortHandler", r)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestWhichFault(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/faults", `[{"path":"/a","times":2,"errcode":1},{"path":"/a*","times":1,"errcode":2},{"path":"/a","errcode":3}]`)
	for i, want := range []int{1, 1, 2, 3, 3} {
		if got := r.do("GET", "/a", "").code(); got != want {
			t.Errorf("call %d: got %d, want %d", i, got, want)
		}
	}
	if got := r.do("GET", "/ab", "").code(); got != 40066 {
		t.Errorf("got %d for a path that no fault names", got)
	}
	r.do("POST", "/_sandbox/reset", "")
	if got := r.do("GET", "/a", "").code(); got != 40066 {
		t.Errorf("got %d after the reset", got)
	}
	if err := r.s.Fail(slices.Repeat([]Fault{{Path: "/a"}}, faults.MaxFaults+1)...); err == nil {
		t.Error("got no error for too many faults")
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		r := &rig{t: t, s: s}
		if err := s.Fail(Fault{Path: "/cgi-bin/token", Delay: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if a := r.classic(); a.code() != 0 || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v", a, time.Since(start))
		}

		// A client that goes away ends the wait, and the call is not carried out.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := httptest.NewRequest("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=s", nil).WithContext(ctx)
		w := httptest.NewRecorder()
		start = time.Now()
		s.ServeHTTP(w, req)
		if time.Since(start) != time.Second || w.Body.Len() != 0 || slices.ContainsFunc(s.world.Accounts.All(), func(a *accounts.App) bool { return a.ID == "wx2" }) {
			t.Errorf("after %v: got %q", time.Since(start), w.Body)
		}
	})
}

func TestDelayEndsOnTheWire(t *testing.T) {
	s := New(Config{})
	gone := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		s.ServeHTTP(w, r)
	}))
	defer srv.Close()
	if err := s.Fail(Fault{Path: "*", Delay: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	// A POST: the server sees the client go only once the body is read.
	req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/cgi-bin/stable_token", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := srv.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("got an answer")
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the delay goes on without a client")
	}
}

// TestExecute loses the answer of a call that was carried out.
func TestExecute(t *testing.T) {
	r := newRig(t, Config{})
	r.card("pCoupon", "GROUPON", nil, nil)
	code := r.plain(r.added(r.addCard("", "pCoupon", ext(r.ticket("wx1", accounts.CardTicket), "pCoupon", nil))))
	r.do("POST", "/_sandbox/faults", `{"path":"/card/code/consume","times":1,"status":504,"execute":true}`)
	tok := r.token("wx1")
	if w := r.raw("POST", "/card/code/consume?access_token="+tok, `{"code":"`+code+`"}`); w.Code != 504 {
		t.Errorf("got %d", w.Code)
	}
	r.wantCode("again", r.post("/card/code/consume", tok, map[string]any{"code": code}), 40099)

	r.do("POST", "/_sandbox/faults", `{"path":"/card/batchget","times":1,"delay":"1ms","execute":true}`)
	if got := r.check(tok); got != 0 {
		t.Errorf("late, but right: got %d", got)
	}
}

func TestHeal(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/faults", `[{"path":"/a","errcode":1},{"path":"/b","errcode":2}]`)
	id := r.events(0).Faults[0].ID
	if a := r.do("POST", "/_sandbox/heal", fmt.Sprintf(`{"id":%d}`, id)); a["ok"] != true {
		t.Errorf("got %v", a)
	}
	r.wantCode("healed", r.do("GET", "/a", ""), 40066)
	r.wantCode("not healed", r.do("GET", "/b", ""), 2)
	if w := r.raw("POST", "/_sandbox/heal", `{"id":99}`); w.Code != 400 {
		t.Errorf("no such fault: got %d", w.Code)
	}
	r.do("POST", "/_sandbox/heal", "")
	r.wantCode("all healed", r.do("GET", "/b", ""), 40066)
}

func TestVerify(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.card("pBound", "GROUPON", map[string]any{"bind_openid": true}, nil)
	ask := func(card string, cardExt any) answer {
		return r.do("POST", "/_sandbox/verify", string(wire.Encode(map[string]any{"value": map[string]any{"cardList": []any{map[string]any{"cardId": card, "cardExt": cardExt}}}})))
	}
	now := fmt.Sprint(r.now.Unix())
	signed := func(card string) string {
		return string(wire.Encode(map[string]any{"timestamp": now, "nonce_str": "n1", "signature": phone.Signature(ticket, card, now, "n1")}))
	}
	for _, tc := range []struct {
		name, card   string
		ext          any
		verdict      string
		phone, inAll string
	}{
		{"good", "p1", signed("p1"), "fine", "addCard:ok", `"api_ticket"`},
		{"an object", "p1", map[string]any{"timestamp": now}, "refused", "addCard:fail 签名错误", "card_ext_object"},
		{"the phone knows more", "pBound", signed("pBound"), "fine", "addCard:fail 参数错误", "needs the user's openid"},
	} {
		a := ask(tc.card, tc.ext)
		all := string(wire.Encode(a))
		phone, _ := a["phone"].(map[string]any)
		if a.text("verdict") != tc.verdict || phone["errMsg"] != tc.phone || !strings.Contains(all, tc.inAll) || strings.Contains(all, ticket) {
			t.Errorf("%s: got %s", tc.name, all)
		}
	}
	if v := r.events(0); len(v.Wallet) != 0 || r.s.world.Cards.Contains("p1") {
		t.Error("looking at a card made one")
	}
	r.added(r.phone("addCard", map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "cardExt": signed("p1")}}}))
	if a := ask("p1", signed("p1")); !strings.Contains(string(wire.Encode(a)), "nonce_reused") {
		t.Errorf("used: got %v", a)
	}
	if a := r.do("POST", "/_sandbox/verify", `{"value":{"appId":"wx1"}}`); a["phone"] != nil || a.text("verdict") == "fine" {
		t.Errorf("not of wx.addCard: got %v", a)
	}
}
