package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"

	"github.com/caddyserver/caddy/v2"
)

// TestAuthorisedAccount: what a merchant has authorised is shown, is given an alias, and can be forgotten.
func TestAuthorisedAccount(t *testing.T) {
	wechat := thirdpartytest.New(t)
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	sitetest.Run(t, api.URL, "component shop {\napp_id "+thirdpartytest.Component+"\napp_secret "+thirdpartytest.Secret+"\n}\naccounts platform shop\n", "respond ok")
	loaded, err := caddy.ActiveContext().App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	shop := loaded.(*app.App).Component("shop")
	if err := shop.TakeTicket(t.Context(), "ticket@@@1", time.Now()); err != nil {
		t.Fatal(err)
	}
	wechat.Set(func() { wechat.Codes["code@@@1"] = thirdpartytest.Account })
	// What failed before there was a ticket is not tried again at the same moment.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := shop.Authorise(t.Context(), "code@@@1"); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}

	const path = admin.AccountsPath + "/" + thirdpartytest.Account
	var shown admin.ShownAccount
	if code := sitetest.Admin(t, path, http.MethodGet, "", &shown); code != http.StatusOK || shown.Component != "shop" || shown.Source != "platform shop" ||
		len(shown.Secrets) != 0 || shown.Authorisation == nil || shown.Authorisation.Since.IsZero() {
		t.Errorf("got %d %+v", code, shown)
	}
	if code := sitetest.Admin(t, path, http.MethodPut, `{"app_id":"`+thirdpartytest.Account+`","app_secret":"x"}`, nil); code != http.StatusBadRequest {
		t.Errorf("a secret of its own: got %d", code)
	}
	shown = admin.ShownAccount{}
	if code := sitetest.Admin(t, path, http.MethodPut, `{"alias":"noodles","key":"0123456789abcdef"}`, &shown); code != http.StatusOK || shown.Alias != "noodles" || len(shown.Secrets) != 1 {
		t.Errorf("got %d %+v", code, shown)
	}
	if code := sitetest.Admin(t, admin.AccountsPath+"/wx00000000000000ee", http.MethodPut, `{"alias":"other"}`, nil); code != http.StatusConflict {
		t.Errorf("who has not authorised: got %d", code)
	}
	var list admin.DataAccounts
	if code := sitetest.Admin(t, admin.AccountsPath, http.MethodGet, "", &list); code != http.StatusOK || len(list.Accounts) != 1 || list.Accounts[0].Alias != "noodles" {
		t.Errorf("got %d %+v", code, list)
	}
	var removed admin.RemovedAccount
	if code := sitetest.Admin(t, path, http.MethodDelete, "", &removed); code != http.StatusOK {
		t.Errorf("got %d", code)
	}
	if code := sitetest.Admin(t, path, http.MethodGet, "", nil); code != http.StatusNotFound {
		t.Errorf("got %d", code)
	}
}
