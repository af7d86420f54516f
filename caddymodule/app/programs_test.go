package app_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

const (
	miniOne = "wx00000000000000b1"
	miniTwo = "wx00000000000000b2"
)

// Only what a route uses is fetched, and a mini program and an account of one app_id are one.
func TestMiniProgramsHaveCredentials(t *testing.T) {
	standIn, api := sitetest.NewAPI(t)
	accounts := sitetest.AccountOption("shop", "wx00000000000000a1\n\t\tmini_program "+miniOne+" {env.TEST_APP_SECRET}\n\t\tmini_program "+miniTwo+" {env.TEST_APP_SECRET}") +
		sitetest.AccountOption("mini", miniTwo)
	site := sitetest.Run(t, api, accounts, `
	wechat_card /login login {
		account shop
	}
	wechat_card /one inject {
		account shop
		header X-Token access_token of mini_program
	}
	respond /one {header.X-Token}
	wechat_card /two inject {
		account shop
		header X-Token access_token of mini_program `+miniTwo+`
	}
	respond /two {header.X-Token}
	wechat_card /account inject {
		account mini
		header X-Token access_token
	}
	respond /account {header.X-Token}`)
	body := func(path string) string {
		t.Helper()
		resp, err := http.Get(site + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("%s: got %d %s, %v", path, resp.StatusCode, body, err)
		}
		return string(body)
	}
	one, two, account := body("/one"), body("/two"), body("/account")
	if one == two || two != account {
		t.Errorf("got %q, %q and %q", one, two, account)
	}
	var state admin.Status
	sitetest.Admin(t, admin.StatusPath, http.MethodGet, "", &state)
	for name, appID := range map[string]string{miniOne: miniOne, "mini": miniTwo} {
		s := state.Accounts[name]
		token := s.Credentials[credential.AccessToken]
		if s.AppID != appID || !s.MiniProgram || token == nil || token.State != credential.Fresh || !token.Needed || token.Fetched != 1 || len(s.Credentials) != 1 {
			t.Errorf("%s: got %+v", name, s)
		}
	}
	if shop := state.Accounts["shop"]; shop.Credentials[credential.AccessToken].Needed || shop.Credentials[credential.AccessToken].Fetched != 0 || len(state.Accounts) != 3 {
		t.Errorf("got %+v", state.Accounts)
	}
	if n := standIn.Calls()["/cgi-bin/stable_token"]; n != 2 {
		t.Errorf("%d tokens were fetched", n)
	}
	if got := sitetest.Gathered(t)[`api_requests_total{account=`+miniOne+`,api=stable_token,errcode=0}`]; got != 1 {
		t.Errorf("got %v calls in the metrics: %v", got, sitetest.Gathered(t))
	}

	var refreshed admin.Refreshed
	for name, answers := range map[string]string{miniOne: miniOne, miniTwo: "mini", "mini": "mini"} {
		refreshed = admin.Refreshed{}
		code := sitetest.Admin(t, admin.RefreshPath, http.MethodPost, `{"account":"`+name+`"}`, &refreshed)
		if c := refreshed.Accounts[answers][credential.AccessToken]; code != http.StatusOK || c == nil || !c.Refreshed || len(refreshed.Accounts) != 1 {
			t.Errorf("%s: got %d %+v", name, code, refreshed)
		}
	}

	// a secret is rotated: the token lives on
	site = sitetest.Run(t, api, "account shop {\napp_id wx00000000000000a1\napp_secret s\nmini_program "+miniOne+" another\n}",
		"wechat_card inject {\naccount shop\nheader X-Token access_token of mini_program\n}\nrespond {header.X-Token}")
	calls := standIn.Calls()["/cgi-bin/stable_token"]
	if body("/") == "" || standIn.Calls()["/cgi-bin/stable_token"] > calls+1 {
		t.Error("there is no token")
	}
	refreshed = admin.Refreshed{}
	if code := sitetest.Admin(t, admin.RefreshPath, http.MethodPost, `{"credential":"access_token"}`, &refreshed); code != http.StatusOK || len(refreshed.Accounts) != 2 {
		t.Errorf("got %d %+v", code, refreshed)
	}
}

// Who only logs in needs no token.
func TestLoginAloneFetchesNoToken(t *testing.T) {
	standIn, api := sitetest.NewAPI(t)
	site := sitetest.Run(t, api, sitetest.AccountOption("shop", "wx00000000000000a1\n\t\tmini_program "+miniOne+" {env.TEST_APP_SECRET}"),
		"wechat_card login {\naccount shop\n}\nrespond {http.wechat_card.mini_openid}")
	if code := sitetest.Get(t, site+"/?js_code=alice.1"); code != http.StatusOK {
		t.Errorf("got %d", code)
	}
	if n := standIn.Calls()["/cgi-bin/stable_token"]; n != 0 {
		t.Errorf("%d tokens were fetched", n)
	}
}
