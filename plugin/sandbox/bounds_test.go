package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/api"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/exchanges"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/phone"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func TestMemoryIsBounded(t *testing.T) {
	r := newRig(t, Config{})
	for i := range exchanges.MaxPaths + 50 {
		r.do("GET", fmt.Sprint("/", i), "")
	}
	r.do("GET", "/"+strings.Repeat("x", wire.MaxText), "")
	if got := len(r.s.Calls()); got != exchanges.MaxPaths {
		t.Errorf("counts %d paths, want %d", got, exchanges.MaxPaths)
	}
	for i := range accounts.MaxApps + 50 {
		r.do("GET", fmt.Sprintf("/cgi-bin/token?grant_type=client_credential&appid=wx%d&secret=s", i), "")
	}
	if got := len(r.s.world.Accounts.All()); got != accounts.MaxApps {
		t.Errorf("knows %d apps, want %d", got, accounts.MaxApps)
	}
	r.wantCode("a long app id", r.do("GET", "/cgi-bin/token?grant_type=client_credential&secret=s&appid="+strings.Repeat("x", wire.MaxText+1), ""), 40013)
	tok := r.token("wx1")
	for range accounts.MaxTickets + 50 {
		r.do("GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token="+tok, "")
	}
	if got := len(r.s.world.Accounts.App("wx1").Tickets[accounts.JSAPITicket]); got != accounts.MaxTickets {
		t.Errorf("keeps %d tickets, want %d", got, accounts.MaxTickets)
	}
}

// TestConcurrentUse lets everything run at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	s := New(Config{})
	r := &rig{t: t, s: s}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			app := fmt.Sprint("wx", i%3)
			card := fmt.Sprint("p", i%3)
			for j := range 20 {
				ticket := r.ticket(app, accounts.CardTicket)
				r.addCard("", card, ext(ticket, card, map[string]string{"nonce_str": fmt.Sprint(i, "n", j)}))
				r.post("/card/get", r.token(app), map[string]any{"card_id": card})
				s.Calls()
				switch j {
				case 5:
					_ = s.Fail(Fault{Path: "/card/get", Times: 3, ErrCode: -1})
				case 10:
					_ = s.Revoke(Revocation{AppID: app})
				case 15:
					s.Reset()
				}
			}
		})
	}
	wg.Wait()
}

// FuzzJSON throws bodies at every entry point that reads JSON.
func FuzzJSON(f *testing.F) {
	s := New(Config{Components: map[string]Component{componentID: {Secret: "s"}}})
	r := &rig{t: f, s: s}
	tok, ticket := r.token("wx1"), r.ticket("wx1", accounts.CardTicket)
	var paths []string
	for path, method := range api.Methods() {
		if method == "POST" {
			paths = append(paths, path+"?access_token="+tok)
		}
	}
	for _, name := range []string{"phone/addCard", "phone/openCard", "phone/openComponent", "phone/showComponent", "revoke", "cards", "review", "heal", "verify", "component/scan", "component/merchant", "component/refuse", "component/message"} {
		paths = append(paths, "/_sandbox/"+name)
	}
	for _, seed := range []string{
		`{"app_id":"wx1","sets":[8]}`, `{"component_appid":"` + componentID + `","authorizer_appid":"wx1"}`, `{}`, `[]`, `null`, `{"card_id":"p1"}`, `{"card_id":"p1","code":"1","member_card":{"base_info":{"sku":null}}}`,
		`{"card":{"card_type":"GIFT","gift":{"base_info":{"color":"Color010"}}}}`, `{"card":null}`, `{"openid":"` + DemoOpenID + `"}`,
		string(wire.Encode(map[string]any{"cardList": []any{map[string]any{"cardId": "p1", "cardExt": string(wire.Encode(ext(ticket, "p1", nil)))}}})),
		`{"appId":"` + phone.ComponentAppID + `","extraData":{"encrypt_card_id":"` + s.world.Seal.EncryptCardID(s.world.Cards.Spring("wx1", "p1").ID) + `","biz":"` + accounts.Biz("wx1") + `"},"form":{"a":["b",1]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range paths {
			req := httptest.NewRequest("POST", path, strings.NewReader(body))
			req.RemoteAddr = "127.0.0.1:1"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, req)
			if !json.Valid(w.Body.Bytes()) || w.Code >= 500 {
				t.Errorf("%s: got %d %q", path, w.Code, w.Body)
			}
		}
	})
}
