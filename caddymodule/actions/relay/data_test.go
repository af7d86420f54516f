package relay_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// TestDataWantTheirOwnKey: nobody relays with the token of an account that is data but by the key of its data.
func TestDataWantTheirOwnKey(t *testing.T) {
	const keyed, keyless, key = "wx00000000000000d1", "wx00000000000000d2", "the-key-of-the-data,d1"
	folder := t.TempDir()
	for appID, more := range map[string]string{keyed: `,"key":"` + key + `"`, keyless: ""} {
		text := `{"app_id":"` + appID + `","app_secret":"` + sitetest.Secret + `"` + more + `}`
		if err := os.WriteFile(filepath.Join(folder, appID+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := sitetest.NewWith(t, "accounts file "+folder, `
	@any header X-Account *
	wechat_card @any relay {
		account {header.X-Account}
		allow /card/* /sns/userinfo
		key the-routes-own-key
	}
	wechat_card relay {
		account {query.account}
		allow /card/*
	}
`)
	get := func(account, query string) int {
		return s.Do(sitetest.Request{Target: "/card/get?" + query, From: "127.0.0.1", Header: map[string]string{"X-Account": account}}).Code
	}
	for _, tc := range []struct {
		account, query string
		want           int
	}{
		{keyed, "access_token=the-key-of-the-data,d1", http.StatusOK},
		{keyed, "access_token=the-routes-own-key", http.StatusForbidden},
		{keyed, "", http.StatusForbidden},
		{keyless, "access_token=the-routes-own-key", http.StatusForbidden},
		{keyless, "access_token=", http.StatusForbidden},
		{keyless, "", http.StatusForbidden},
		{"default", "access_token=the-routes-own-key", http.StatusOK},
		{"default", "access_token=the-key-of-the-data,d1", http.StatusForbidden},
	} {
		if got := get(tc.account, tc.query); got != tc.want {
			t.Errorf("%s with %q: got %d", tc.account, tc.query, got)
		}
	}
	for target, mention := range map[string]string{
		"/card/get?account=" + keyed:   "the access_token is not the key",
		"/card/get?account=" + keyless: "the account's data have no key",
	} {
		problemtest.Want(t, s.Do(sitetest.Request{Target: target, From: "127.0.0.1"}), http.StatusForbidden, "client_not_allowed", mention)
	}
}

// TestDataWithMiniProgram: the mini program of an account that is data has a token of its own.
func TestDataWithMiniProgram(t *testing.T) {
	const appID, mini, key = "wx00000000000000d1", "wx00000000000000e1", "the-key-of-the-data,d1"
	folder := t.TempDir()
	text := `{"app_id":"` + appID + `","app_secret":"` + sitetest.Secret + `","key":"` + key + `",
		"mini_program":[{"app_id":"` + mini + `","app_secret":"` + sitetest.Secret + `"}]}`
	if err := os.WriteFile(filepath.Join(folder, appID+".json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sitetest.NewWith(t, "accounts file "+folder, `wechat_card relay {
		account `+appID+`
		mini_program `+mini+`
		allow /wxa/*
	}`)
	for query, want := range map[string]int{"access_token=" + key: http.StatusOK, "access_token=x": http.StatusForbidden} {
		if w := s.Do(sitetest.Request{Target: "/wxa/getuserriskrank?" + query, Body: "{}", From: "127.0.0.1"}); w.Code != want {
			t.Errorf("%s: got %d %s", query, w.Code, w.Body)
		}
	}
	account, _, err := s.App.Find(t.Context(), appID, "")
	if err != nil {
		t.Fatal(err)
	}
	program, err := account.MiniProgram("")
	if err != nil || program.AppID() != mini || program.Status(credential.AccessToken).Fetched != 1 || account.Status(credential.AccessToken).Fetched != 0 {
		t.Errorf("got %v, %v", program, err)
	}
}
