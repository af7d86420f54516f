package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/events"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// events asks what happened.
func (r *rig) events(since int64) (v events.View) {
	r.t.Helper()
	w := r.browse("GET", fmt.Sprint("/_sandbox/events?since=", since), "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		r.t.Fatalf("got %d %s: %v", w.Code, w.Body, err)
	}
	return v
}

func TestEvents(t *testing.T) {
	r := newRig(t, Config{})
	ticket := r.ticket("wx1", accounts.CardTicket)
	code := r.plain(r.added(r.addCard("", "pCoupon", ext(ticket, "pCoupon", map[string]string{"nonce_str": "n1"}))))
	r.classic()
	r.do("POST", "/_sandbox/faults", `[{"path":"/card/get","times":2,"errcode":45009},{"path":"*","delay":"2s"}]`)

	v := r.events(0)
	var ways []string
	for _, x := range v.Exchanges {
		ways = append(ways, x.From+">"+x.To+" "+x.Method)
		if !x.Done || x.Status != 200 || x.Response == "" {
			t.Errorf("got %+v", x)
		}
	}
	if got := strings.Join(ways, ", "); !strings.HasPrefix(got, "gateway>wechat POST, gateway>wechat GET, phone>phone wx.addCard, gateway>wechat POST") {
		t.Errorf("got %s", got)
	}
	if len(v.Credentials) != 3 || v.Credentials[0].Until-v.Credentials[0].Made != 7200_000 {
		t.Errorf("got %+v", v.Credentials)
	}
	if len(v.Faults) != 2 || v.Faults[0].Left != 2 || v.Faults[0].ErrCode != 45009 || v.Faults[1].Delay != 2000 {
		t.Errorf("got %+v", v.Faults)
	}
	if len(v.Wallet) != 1 || v.Wallet[0].Code != code || v.Wallet[0].CardID != "pCoupon" || !v.Wallet[0].Sprung || v.Wallet[0].Color != "#63b359" {
		t.Errorf("got %+v", v.Wallet)
	}

	if again := r.events(v.Next); len(again.Exchanges) != 0 || again.Epoch != v.Epoch {
		t.Errorf("got %+v, want nothing new", again.Exchanges)
	}
	r.pass(time.Hour)
	r.do("POST", "/_sandbox/revoke", `{"kind":"api_ticket"}`)
	for _, c := range r.events(v.Next).Credentials {
		if ended := c.Until < c.Expires && c.Until-c.Made == 3600_000; ended != (c.Kind == "api_ticket") {
			t.Errorf("got %+v", c)
		}
	}
	r.do("POST", "/_sandbox/reset", "")
	if after := r.events(v.Next); after.Epoch == v.Epoch || len(after.Wallet)+len(after.Faults)+len(after.Exchanges) != 0 || len(after.Credentials) != 3 {
		t.Errorf("after a reset: got %+v", after)
	}
}

// TestEventsHoldNoSecret makes every call that carries one, and looks for it in what the page is told.
func TestEventsHoldNoSecret(t *testing.T) {
	r := newRig(t, Config{})
	const secret = "5b9d2e7c1f4a68035b9d2e7c1f4a6803"
	r.do("POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1","secret":"`+secret+`"}`)
	tok := r.token("wx1")
	r.do("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret="+secret, "")
	session := r.do("GET", "/sns/jscode2session?appid=wx2&secret="+secret+"&js_code=demo&grant_type=authorization_code", "").text("session_key")
	ticket := r.ticket("wx1", accounts.CardTicket)
	r.do("POST", "/no/such/call?a=1&access_token="+tok, "a text with "+ticket+" in it")
	withHeader := httptest.NewRequest("GET", "/no/such/call", nil)
	withHeader.Header = http.Header{"Authorization": {"Bearer " + secret}, "Cookie": {"a=" + secret + "; b=2"}, "X-Api-Key": {secret}, "X-Odd": {tok}}
	r.s.ServeHTTP(httptest.NewRecorder(), withHeader)
	told, _ := json.Marshal(r.events(0))
	for name, text := range map[string]string{"secret": secret, "access_token": tok, "ticket": ticket, "session_key": session} {
		if text == "" || strings.Contains(string(told), text) {
			t.Errorf("the page is told the %s %q", name, text)
		}
	}
	for _, want := range []string{`secret=…`, ticket[:6] + "…" + ticket[len(ticket)-4:], `\"session_key\":\"…`, `["Authorization","Bearer …"]`, `?a=1\u0026access_token='\"${ACCESS_TOKEN:?}\"''`} {
		if !strings.Contains(string(told), want) {
			t.Errorf("%s is missing in %s", want, told)
		}
	}
}

func TestEventsAreBounded(t *testing.T) {
	r := newRig(t, Config{})
	long := strings.Repeat("x", wire.MaxBody-100)
	for range exchanges.MaxExchanges + 50 {
		r.do("POST", "/cgi-bin/token", "")
	}
	r.do("POST", "/cgi-bin/"+long[:exchanges.MaxAddress], long)
	v := r.events(0)
	if n := len(v.Exchanges); n < exchanges.MaxExchanges/2 || n > exchanges.MaxExchanges {
		t.Errorf("got %d exchanges", n)
	}
	if x := v.Exchanges[len(v.Exchanges)-1]; len(x.Request) > exchanges.MaxLogged || len(x.Address) > exchanges.MaxAddress {
		t.Errorf("got a request of %d and an address of %d bytes", len(x.Request), len(x.Address))
	}
	tok := r.token("wx1")
	ticket := r.ticket("wx1", accounts.CardTicket)
	for i := range events.MaxCards + 5 {
		r.added(r.addCard("", "p1", ext(ticket, "p1", map[string]string{"nonce_str": fmt.Sprint("n", i)})))
	}
	for range 10 {
		r.do("GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token="+tok, "")
	}
	if v := r.events(0); len(v.Wallet) != events.MaxCards || len(v.Credentials) != 1+1+events.MaxTickets {
		t.Errorf("got %d cards, %d credentials", len(v.Wallet), len(v.Credentials))
	}
	if w := r.browse("GET", "/_sandbox/events", "", map[string]string{"Host": "evil.example", "Sec-Fetch-Site": ""}); w.Code != 403 {
		t.Errorf("a name that leads here: got %d", w.Code)
	}
}

// TestExchangeOfHangUp sees that a call that was hung up on is noted, too.
func TestExchangeOfHangUp(t *testing.T) {
	s := New(Config{})
	srv := httptest.NewServer(s)
	defer srv.Close()
	if err := s.Fail(Fault{Path: "*", Drop: true}); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.Post(srv.URL+"/card/get", "application/json", nil); err == nil {
		resp.Body.Close()
		t.Errorf("got %s", resp.Status)
	}
	for range 100 { // the client may be told first
		if list, _ := s.world.Log.Since(0); len(list) == 1 && list[0].Done {
			if list[0].Status != 0 || !list[0].Fault {
				t.Errorf("got %+v", list[0])
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the exchange is not noted")
}
