package credentials_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// An app_id alone proves nothing: what is shown with it must be its own.
func TestCredentialsOfMiniPrograms(t *testing.T) {
	t.Setenv("ACCOUNT_KEY", "account-key")
	t.Setenv("MINI_KEY", "mini-key")
	t.Setenv("BLOCK_KEY", "block-key")
	s := sitetest.NewWith(t, `account shop {
		app_id `+sitetest.ShopAppID+`
		app_secret account-secret
		mini_program `+sitetest.ShopMini+` `+sitetest.Secret+`
		mini_program `+sitetest.SecondMini+` {env.TEST_APP_SECRET}
	}`, `
	handle_path /account/* {
		wechat_card credentials {
			account shop
			key {env.ACCOUNT_KEY}
		}
	}
	handle_path /both/* {
		wechat_card credentials {
			account shop
			key {env.ACCOUNT_KEY}
			mini_program `+sitetest.ShopMini+` {
				key {env.MINI_KEY}
			}
		}
	}
	handle_path /mini/* {
		wechat_card credentials {
			account shop
			key {env.BLOCK_KEY}
			mini_program `+sitetest.ShopMini+`
		}
	}
	handle_path /nokey/* {
		wechat_card credentials {
			account shop
			mini_program `+sitetest.ShopMini+`
		}
	}
`)
	tokens := make(map[string]string)
	for name, appID := range map[string]string{"shop": sitetest.ShopAppID, sitetest.ShopMini: sitetest.ShopMini} {
		token, err := s.App.Identity(name).Credential(t.Context(), credential.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		tokens[appID] = token
	}
	good := map[string]bool{}
	for _, block := range []string{"/account", "/both", "/mini", "/nokey"} {
		good[block+" "+sitetest.ShopAppID+" account-secret"] = true
	}
	for _, block := range []string{"/both", "/mini", "/nokey"} {
		good[block+" "+sitetest.ShopMini+" "+sitetest.Secret] = true
	}
	good["/account "+sitetest.ShopAppID+" account-key"] = true
	good["/both "+sitetest.ShopAppID+" account-key"] = true
	good["/both "+sitetest.ShopMini+" mini-key"] = true
	good["/mini "+sitetest.ShopMini+" block-key"] = true
	for _, block := range []string{"/account", "/both", "/mini", "/nokey"} {
		for _, appID := range []string{sitetest.ShopAppID, sitetest.ShopMini, sitetest.SecondMini, sitetest.AppID} {
			for _, proof := range []string{"account-secret", sitetest.Secret, "account-key", "mini-key", "block-key", "", "x"} {
				want := ""
				if good[block+" "+appID+" "+proof] {
					want = tokens[appID]
				}
				q := "grant_type=client_credential&appid=" + appID + "&secret=" + url.QueryEscape(proof)
				body := fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q}`, appID, proof)
				one := backend(s, sitetest.Request{Target: block + "/cgi-bin/token?" + q})
				two := backend(s, sitetest.Request{Target: block + "/cgi-bin/stable_token", Body: body})
				if one.AccessToken != want || two.AccessToken != want || (want == "") == (one.ErrCode == 0) {
					t.Errorf("%s, %s with %q: got %+v and %+v", block, appID, proof, one, two)
				}
			}
		}
	}
	before := s.WeChat.Calls()["/cgi-bin/ticket/getticket"]
	for _, block := range []string{"/account", "/both", "/mini"} {
		w := s.Do(sitetest.Request{Target: block + "/cgi-bin/ticket/getticket?type=wx_card&access_token=" + tokens[sitetest.ShopMini], From: "127.0.0.1"})
		problemtest.Want(t, w, 403, "path_not_allowed", "mini program")
		if !strings.Contains(w.Body.String(), `"errcode":48001`) {
			t.Errorf("got %s", w.Body)
		}
	}
	if n := s.WeChat.Calls()["/cgi-bin/ticket/getticket"]; n != before {
		t.Error("WeChat was asked")
	}
	if a := backend(s, sitetest.Request{Target: "/both/cgi-bin/ticket/getticket?type=wx_card&access_token=" + tokens[sitetest.ShopAppID]}); a.Ticket == "" {
		t.Errorf("got %+v", a)
	}
}

// TestOneKeyOpensOneThing refuses a key that is the account's and a mini program's, or two mini programs'.
func TestOneKeyOpensOneThing(t *testing.T) {
	t.Setenv("KEY", "the-key")
	for lines, refused := range map[string]bool{
		"key {env.KEY}\nmini_program " + sitetest.ShopMini + " {\nkey {env.KEY}\n}":                                                              true,
		"mini_program " + sitetest.ShopMini + " {\nkey {env.KEY}\n}\nmini_program " + sitetest.SecondMini + " {\nkey {env.KEY}\n}":               true,
		"key {env.KEY}\nmini_program " + sitetest.ShopMini + "\nmini_program " + sitetest.SecondMini + " {\nkey other-key\n}":                    false,
		"mini_program " + sitetest.ShopMini + " {\nkey {env.KEY}\n}\nmini_program " + sitetest.SecondMini + " {\nkey {env.KEY}2\n}\nkey own-key": false,
	} {
		_, err := sitetest.TryProvision(`{
	admin off
	storage file_system ` + t.TempDir() + `
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id ` + sitetest.ShopAppID + `
			app_secret {env.KEY}
			mini_program ` + sitetest.ShopMini + ` {env.KEY}
			mini_program ` + sitetest.SecondMini + ` {env.KEY}
		}
	}
}
http://localhost:9080 {
	wechat_card credentials {
		` + lines + `
	}
}`)
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "a key opens one thing") {
			t.Errorf("%s: got %v", lines, err)
		}
	}
}
