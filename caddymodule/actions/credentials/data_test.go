package credentials_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestDataWantTheirOwnKey: nobody borrows from an account that is data but by the key of its data.
func TestDataWantTheirOwnKey(t *testing.T) {
	const keyed, keyless, key = "wx00000000000000d1", "wx00000000000000d2", "the-key-of-the-data"
	folder := t.TempDir()
	for appID, more := range map[string]string{keyed: `,"key":"` + key + `"`, keyless: ""} {
		text := `{"app_id":"` + appID + `","app_secret":"` + sitetest.Secret + `"` + more + `}`
		if err := os.WriteFile(filepath.Join(folder, appID+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TEST_KEY", testKey)
	s := sitetest.NewWith(t, "accounts file "+folder, `
	wechat_card /cgi-bin/* credentials {
		account {query.appid}
		key {env.TEST_KEY}
	}
	wechat_card /fixed/cgi-bin/* credentials {
		account wx00000000000000d3
	}
`)
	ask := func(appID, secret string) sitetest.Request {
		return sitetest.Request{
			Target: "/cgi-bin/token?grant_type=client_credential&appid=" + appID + "&secret=" + url.QueryEscape(secret), From: "127.0.0.1",
		}
	}
	got := backend(s, ask(keyed, key))
	if got.AccessToken == "" {
		t.Errorf("with its key: %+v", got)
	}
	ticket := backend(s, sitetest.Request{Target: "/cgi-bin/ticket/getticket?type=wx_card&appid=" + keyed + "&access_token=" + got.AccessToken})
	if ticket.Ticket == "" {
		t.Errorf("its ticket: %+v", ticket)
	}
	for _, secret := range []string{sitetest.Secret, testKey, "x"} {
		if got := backend(s, ask(keyed, secret)); got.ErrCode != 40125 {
			t.Errorf("with another secret: %+v", got)
		}
		problemtest.Want(t, s.Do(ask(keyless, secret)), http.StatusForbidden, "client_not_allowed", "the account's data have no key")
	}
	problemtest.Want(t, s.Do(sitetest.Request{Target: "/cgi-bin/ticket/getticket?type=wx_card&appid=" + keyless + "&access_token=x", From: "127.0.0.1"}),
		http.StatusForbidden, "client_not_allowed", "the account's data have no key")
	if got := backend(s, sitetest.Request{
		Target: "/cgi-bin/token?grant_type=client_credential&appid=" + sitetest.AppID + "&secret=" + url.QueryEscape(testKey),
	}); got.AccessToken == "" {
		t.Errorf("a configured account with the route's key: %+v", got)
	}
}
