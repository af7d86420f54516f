package inject_test

import (
	"net/http"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

func TestInjectOfMiniPrograms(t *testing.T) {
	s := sitetest.NewShop(t, `
	route /all {
	wechat_card inject {
		account shop
		header X-Token  access_token
		header X-Mini   access_token of mini_program
		header X-Second access_token of mini_program `+sitetest.SecondMini+`
		query  t        access_token of mini_program
		placeholder access_token of mini_program `+sitetest.SecondMini+`
	}
	header X-Placeholder "{http.wechat_card.access_token of mini_program `+sitetest.SecondMini+`}"
	}
	wechat_card /mini inject {
		account shop
		header X-Mini access_token of mini_program
	}
`)
	tokens := make(map[string]string)
	for _, name := range []string{"shop", sitetest.ShopMini, sitetest.SecondMini} {
		token, err := s.App.Identity(name).Credential(t.Context(), credential.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = token
	}
	w := s.Do(sitetest.Request{Target: "/all?t=forged&a=1", Header: map[string]string{"X-Mini": "forged", "x-second": "forged"}})
	got := s.One(w)
	for field, name := range map[string]string{"X-Token": "shop", "X-Mini": sitetest.ShopMini, "X-Second": sitetest.SecondMini} {
		if v := got.Header.Values(field); len(v) != 1 || v[0] != tokens[name] {
			t.Errorf("%s: got %q", field, v)
		}
	}
	if q := got.URL.Query(); len(q["t"]) != 1 || q.Get("t") != tokens[sitetest.ShopMini] || q.Get("a") != "1" {
		t.Errorf("got %v", q)
	}
	if got := w.Header().Get("X-Placeholder"); got != tokens[sitetest.SecondMini] {
		t.Errorf("the placeholder is %q", got)
	}
	if len(tokens) != 3 || tokens["shop"] == tokens[sitetest.ShopMini] || tokens[sitetest.ShopMini] == tokens[sitetest.SecondMini] {
		t.Error("two have one token")
	}
	if w := s.Get("/mini"); w.Code != http.StatusOK || s.One(w).Header.Get("X-Mini") != tokens[sitetest.ShopMini] {
		t.Errorf("got %d", w.Code)
	}
}
