package relay_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// programSite relays with the account's token below /account, and with those of its mini programs elsewhere.
const programSite = `
	handle_path /account/* {
		wechat_card relay {
			account shop
			allow /* /cgi-bin/ticket/getticket
		}
	}
	handle_path /first/* {
		wechat_card relay {
			account shop
			mini_program
			allow /* /cgi-bin/ticket/getticket
		}
	}
	handle_path /second/* {
		wechat_card relay {
			account shop
			mini_program ` + sitetest.SecondMini + `
			key k3y
			allow /* /cgi-bin/ticket/getticket
		}
	}
`

const phonePath = "/wxa/business/getuserphonenumber"

// local is a call of a backend on the same machine.
func local(target, body string) sitetest.Request {
	return sitetest.Request{Target: target, Body: body, From: "127.0.0.1"}
}

func TestRelayOfMiniPrograms(t *testing.T) {
	s := sitetest.NewShop(t, programSite)
	asked := func(path string) int { return s.WeChat.Calls()[path] }
	for _, target := range []string{"/first" + phonePath, "/second" + phonePath + "?access_token=k3y"} {
		w := s.Do(local(target, `{"code":"phone-demo.1"}`))
		if !strings.Contains(w.Body.String(), `"phoneNumber":"13800138000"`) {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
	// what belongs to both, and what calls itself by no token of ours
	for _, target := range []string{
		"/account/cgi-bin/menu/get", "/first/cgi-bin/menu/get", "/account/card/getcolors", "/account/wxaapi/newtmpl/gettemplate",
		"/first/wxaapi/newtmpl/gettemplate", "/first/sns/jscode2session", "/account/cgi-bin/ticket/getticket?type=jsapi",
	} {
		if w := s.Do(local(target, "")); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
	if n := asked("/cgi-bin/stable_token"); n != 3 {
		t.Errorf("%d tokens were fetched, of an account and two mini programs", n)
	}
	before := s.WeChat.Calls()
	for _, target := range []string{
		"/account" + phonePath, "/account/wxa/", "/account/WXA/getwxacodeunlimit", "/account/Wxa/x", "/first/card/get", "/first/CARD/get",
		"/first/card/code/decrypt", "/first/cgi-bin/ticket/getticket?type=wx_card", "/second/card/get?access_token=k3y",
	} {
		w := s.Do(local(target, "{}"))
		problemtest.Want(t, w, 403, "path_not_allowed", "")
		if target != "/account/wxa/" && !strings.Contains(w.Body.String(), `"errcode":48001`) {
			t.Errorf("%s: got %s", target, w.Body)
		}
	}
	after := s.WeChat.Calls()
	for path, n := range after {
		if n != before[path] {
			t.Errorf("%s was asked", path)
		}
	}
	problemtest.Want(t, s.Do(local("/second"+phonePath, "{}")), 403, "client_not_allowed", "")
	s.None()
}

// However a path is spelt, the one kind's token never goes where only the other's may.
func TestRelayNeverMixesTokens(t *testing.T) {
	s := sitetest.NewShop(t, programSite+`
	handle_path /exact/* {
		wechat_card relay {
			account shop
			allow `+phonePath+` /WXA/x /wxa/* /Card/get
		}
	}
	handle_path /dynamic/* {
		wechat_card relay {
			account {query.account}
			allow /*
		}
	}
`)
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := []string{
		"wxa", "WXA", "Wxa", "w%78a", "%77xa", "wxa.", ".", "..", "%2e%2e", "", "%2f", "card", "CARD", "c%61rd", "cgi-bin", "ticket", "getticket", "GetTicket",
		"business", "getuserphonenumber", "get", "code", "decrypt", "wxaapi", "%5c", ";a", "wxa;a", "wxa%00", "wxa%20", "sns", "x",
	}
	for range 3000 {
		site := []string{"/account", "/first", "/second", "/exact", "/dynamic"}[rng.IntN(5)]
		target := site
		for range 1 + rng.IntN(5) {
			target += "/" + pieces[rng.IntN(len(pieces))]
		}
		w := s.Do(local(target+"?access_token=k3y&account=shop&type=jsapi", "{}"))
		if body := w.Body.String(); strings.Contains(body, `"errcode":40001`) { // the sandbox would say so of the other kind's
			t.Fatalf("%s came to WeChat: %s", target, body)
		}
	}
	refused := 0
	for _, site := range []string{"/account", "/exact", "/dynamic"} {
		for _, path := range []string{phonePath, "/WXA/x", "/wxa/x"} {
			before := len(s.WeChat.Calls())
			if w := s.Do(local(site+path+"?account=shop", "{}")); w.Code == http.StatusForbidden && len(s.WeChat.Calls()) == before {
				refused++
			}
		}
	}
	if refused != 9 {
		t.Errorf("%d are refused, want 9", refused)
	}
}

// A mini program's secret is rotated, or its token ended by somebody else, under traffic.
func TestRelayWhileAMiniProgramsTokenEnds(t *testing.T) {
	s := sitetest.NewShop(t, programSite)
	for i := range 20 {
		if i%5 == 4 {
			if err := s.WeChat.Revoke(sandbox.Revocation{AppID: sitetest.ShopMini}); err != nil {
				t.Fatal(err)
			}
		}
		if w := s.Do(local("/first/cgi-bin/menu/get", "")); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "40001") {
			t.Errorf("call %d: got %d %s", i, w.Code, w.Body)
		}
	}
	if n := s.WeChat.Calls()["/cgi-bin/stable_token"]; n != 5 {
		t.Errorf("%d tokens were fetched, want one, and one more for each that ended", n)
	}
}
