package oauth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestCardOfAVisitor goes from a page to a card: one site has the visitor log in, another one, with the same store, binds a card to
// him that no other user's phone takes.
func TestCardOfAVisitor(t *testing.T) {
	store := t.TempDir()
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	if err := wechat.PutCard(sitetest.AppID, "pBound", `{"card_type":"CASH","cash":{"base_info":{"sku":{"quantity":9},"bind_openid":true}}}`); err != nil {
		t.Fatal(err)
	}
	site := strings.Replace(baseSite, "origin", "require\norigin", 1) + `
		wechat_card /card add_card {
			card pBound {
				openid {http.wechat_card.openid}
			}
		}
`
	first, second := newWebOf(t, wechat, api.URL, store, site), newWebOf(t, wechat, api.URL, store, site)
	b := first.browser()
	b.wantProblem(b.get(shop+"/card?card_id=pBound", "Accept", "application/json"), 401, "login_required")
	callback := b.authorize(shop + "/page")
	if err := wechat.SetMood(sandbox.Mood{User: "bob"}); err != nil {
		t.Fatal(err)
	}
	b.get(callback)
	elsewhere := second.browser()
	elsewhere.client.Jar = b.client.Jar
	if got := elsewhere.to(elsewhere.get(callback)); got != shop+"/page" { // the second of two calls came to another process
		t.Errorf("got %s", got)
	}
	first.wantExchanges("both sites", 1)
	a := elsewhere.get(shop+"/card?card_id=pBound", "Accept", "application/json")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", a.StatusCode, a.body)
	}
	take := func(openid string) string {
		t.Helper()
		resp, err := http.Post(first.api+"/_sandbox/phone/addCard?openid="+openid, "application/json", strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			ErrMsg string `json:"errMsg"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		return answer.ErrMsg
	}
	if got := take(wechat.OpenID(sitetest.AppID, "bob")); !strings.HasPrefix(got, "addCard:fail") {
		t.Errorf("bob's phone says %s", got)
	}
	if got := take(wechat.OpenID(sitetest.AppID, "demo")); got != "addCard:ok" {
		t.Errorf("the visitor's phone says %s", got)
	}
}
