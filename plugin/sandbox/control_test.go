package sandbox

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
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
			req.RemoteAddr, req.Host = addr, "localhost:8081"
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
