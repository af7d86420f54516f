package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
)

// TestMerchant: who authorises a component has an account at once, and none when that is taken back.
func TestMerchant(t *testing.T) {
	sitetest.CheckPool(t)
	wechat := thirdpartytest.New(t)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cgi-bin/ticket/getticket" {
			_, _ = fmt.Fprintf(w, `{"errcode":0,"ticket":"ticket-with-%s","expires_in":7200}`, r.URL.Query().Get("access_token"))
			return
		}
		wechat.ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	s := sitetest.NewComponent(t, api.URL, `
	wechat_card /events/* message_push {
		component shop
	}
	wechat_card add_card {
		account {query.a}
		card *
	}`)
	const appID = thirdpartytest.Account
	status := func() int { return s.Do(sitetest.Request{Target: "/?card_id=p1&a=" + appID, From: "127.0.0.1"}).Code }
	if got := status(); got != http.StatusForbidden {
		t.Errorf("before it has authorised: got %d", got)
	}

	c := s.App.Component("shop")
	if err := c.TakeTicket(t.Context(), "ticket@@@1", time.Now()); err != nil {
		t.Fatal(err)
	}
	wechat.Set(func() { wechat.Codes["code@@@1"] = appID })
	if _, err := c.Authorise(t.Context(), "code@@@1"); err != nil {
		t.Fatal(err)
	}
	within(t, "a card of the merchant's", func() bool { return status() == http.StatusOK })
	account, entry, err := s.App.Find(t.Context(), appID, "")
	if err != nil || entry.Platform != "shop" {
		t.Fatalf("got %+v, %v", entry, err)
	}
	if ticket, err := account.Credential(t.Context(), credential.APITicket); err != nil || ticket != "ticket-with-token-of-"+appID {
		t.Errorf("got %q, %v", ticket, err)
	}
	if got := account.AuthorizeURL("https://shop.example.com/", oauth.Base, "x"); !strings.Contains(got, "&component_appid="+thirdpartytest.Component+"#") {
		t.Errorf("got %s", got)
	}
	if err := account.CheckOAuth(); err != nil {
		t.Error(err)
	}
	if err := s.App.Directory().Put(t.Context(), "platform shop", appID, []byte(`{"alias":"noodles"}`)); err != nil {
		t.Fatal(err)
	}
	within(t, "its alias", func() bool {
		_, entry, err := s.App.Find(t.Context(), "noodles", "")
		return err == nil && entry.AppID == appID
	})

	ended := platform.Event{Kind: platform.Ended, AppID: appID, Created: time.Now().Add(time.Second)}
	if err := c.Happened(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	within(t, "nothing of who has taken it back", func() bool { return status() == http.StatusForbidden && len(s.App.DataInUse()) == 0 })
}
