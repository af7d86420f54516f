package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/redis/go-redis/v9"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestTokenSourceProvision checks what Provision refuses, and that no error shows a secret.
func TestTokenSourceProvision(t *testing.T) {
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_URL", "hidden.example")
	for account, mention := range map[string]string{
		`"token_source":"cloud"`:                                                                `not "cloud"`,
		`"token_source":"stable"`:                                                               "app_secret is missing",
		`"token_source":{"source":"stable","url":"http://h"}`:                                   "takes no url",
		`"token_source":{"source":"none","field":"f"}`:                                          "takes no header",
		`"token_source":{"source":"none","key":"f"}`:                                            "takes no key",
		`"token_source":"remote"`:                                                               "needs a url",
		`"token_source":{"source":"redis","url":"h:1","key":"k","header":{"A":"b"}}`:            "takes no header",
		`"token_source":{"source":"redis","url":"h:1"}`:                                         "needs a key",
		`"token_source":{"source":"remote","url":"{env.TEST_EMPTY}"}`:                           "token_source: url",
		`"token_source":{"source":"remote","url":"{env.TEST_URL}"}`:                             "no http or https URL",
		`"token_source":{"source":"remote","url":"http://h","header":{"A":"{env.TEST_EMPTY}"}}`: "header A",
		`"token_source":{"source":"remote","url":"http://h","header":{"A b":"hidden"}}`:         "no valid field name",
		`"token_source":"none","ticket_source":{"source":"redis","url":"http://h"}`:             "ticket_source is remote",
		`"token_source":"none","ticket_source":{"source":"remote"}`:                             "needs a url",
		`"token_source":"none","ticket_source":{"source":"remote","url":"{env.TEST_URL}"}`:      "ticket_source: the url",
	} {
		refusesSource(t, account, mention)
	}
}

// refusesSource fails the test unless Provision refuses the account, mentioning what is wrong and no secret.
func refusesSource(t *testing.T, account, mention string) {
	t.Helper()
	sitetest.CheckPool(t)
	err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"off"},"accounts":{"shop":{"app_id":"wx0000000000000001",` + account + `}}}}}`)
	if err == nil || !strings.Contains(err.Error(), mention) || !strings.Contains(err.Error(), `account "shop"`) || strings.Contains(err.Error(), "hidden") {
		t.Errorf("%s: got %v, want it to mention %s", account, err, mention)
	}
}

// TestWithoutTokenOrTicket configures actions on an account that can never have what they need.
func TestWithoutTokenOrTicket(t *testing.T) {
	for _, tc := range []struct {
		account, action string
		mention         string // "": it will do
	}{
		{`"token_source":"none"`, `{"name":"open_card","cards":[{"card_id":["*"]}]}`, ""},
		{`"token_source":"none"`, `{"name":"add_card","cards":[{"card_id":["p"]}]}`, "configure a ticket_source"},
		{`"token_source":"none"`, `{"name":"inject","header":{"X-T":"access_token"}}`, "no access_token"},
		{`"token_source":"none"`, `{"name":"inject","placeholder":["jsapi_ticket"]}`, "no jsapi_ticket"},
		{`"token_source":"none","ticket_source":{"source":"remote","url":"http://h"}`, `{"name":"add_card","cards":[{"card_id":["p"]}]}`, ""},
		{`"token_source":{"source":"remote","url":"http://h"}`, `{"name":"inject","header":{"X-T":"access_token","X-A":"api_ticket"}}`, ""},
	} {
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{
			"wechat_card":{"store":{"module":"off"},"accounts":{"default":{"app_id":"wx0000000000000001",` + tc.account + `}}},
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card","action":` + tc.action + `}]}]}}}}}`)
		if (err == nil) != (tc.mention == "") || err != nil && !strings.Contains(err.Error(), tc.mention) {
			t.Errorf("%s with %s: got %v", tc.action, tc.account, err)
		}
	}
}

// tokenSourceSite is a site whose account gets its credentials in another way; its log goes to a file.
func tokenSourceSite(t *testing.T, api, account string) (site *sitetest.Site, log func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output file `+file+`
		level DEBUG
	}
	wechat_card {
		api `+api+`
		account {
			app_id `+sitetest.AppID+`
			`+account+`
		}
	}
}
http://localhost:9080 {
	wechat_card /add add_card {
		card p1
	}
	wechat_card /open open_card {
		card *
	}
}`)
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return &sitetest.Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"], App: loaded.(*app.App)}, func() string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// refresh ends the back-off after a failure.
func refresh(t *testing.T, s *sitetest.Site, kind credential.Kind) {
	t.Helper()
	if err := s.App.Account(app.DefaultAccount).Refresh(t.Context(), kind, true); err != nil {
		t.Fatal(err)
	}
}

// TestTokenInRedis reads the token that an old system keeps in its Redis, across a rotation and the loss of the key.
func TestTokenInRedis(t *testing.T) {
	const password = "p@ss/of:redis"
	server := redistest.StartAuth(t, redis.Options{Password: password}, "--requirepass", password)
	wechat := sandbox.New(sandbox.Config{Apps: map[string]string{sitetest.AppID: sitetest.Secret}})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	old := oldSystem(t, api.URL)
	t.Setenv("TEST_REDIS", "p%40ss%2Fof%3Aredis@"+server.Addr)
	s, log := tokenSourceSite(t, api.URL, "token_source redis redis://:{env.TEST_REDIS} wx:token")
	s.WeChat = wechat

	open := func(code string) *httptest.ResponseRecorder {
		return s.Post("/open", fmt.Sprintf(`{"card_id":"p1","code":%q}`, wechat.EncryptCode(sitetest.AppID, code)))
	}
	problemtest.Want(t, open("100000000000"), http.StatusServiceUnavailable, "credential_unavailable", "access_token")

	keep := func() string {
		t.Helper()
		token := old(credential.AccessToken)
		if got := server.Do("set", "wx:token", token, "ex", "7000"); got != "OK" {
			t.Fatalf("got %v", got)
		}
		return token
	}
	first := keep()
	refresh(t, s, credential.AccessToken)
	if w := open("200000000000"); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if answer := s.Phone("addCard", s.Get("/add").Body.String()); !strings.Contains(answer, "addCard:ok") {
		t.Errorf("the phone says %s", answer)
	}
	if err := wechat.Revoke(sandbox.Revocation{}); err != nil {
		t.Fatal(err)
	}
	second := keep()
	if w := open("300000000000"); w.Code != http.StatusOK || first == second {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	status := admin.StatusOf(s.App, time.Now()).Accounts["default"]
	if token := status.Credentials[credential.AccessToken]; status.TokenSource != plugin.Redis || token.Source != "redis" || token.Fetched != 2 || token.Refused != 1 {
		t.Errorf("got %+v, %+v", status, token)
	}
	if err := s.App.Stop(); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{password, "p%40ss", first, second} {
		if strings.Contains(log(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	if !strings.Contains(log(), "no app_secret to seal them with") {
		t.Error("the log does not say that nothing is shared")
	}
}

// oldSystem is another program that fetches credentials of the account.
func oldSystem(t *testing.T, api string) func(credential.Kind) string {
	t.Helper()
	ctx := sitetest.Provision(t, `{
	admin off
	log {
		output discard
	}
	wechat_card {
		api `+api+`
		store off
		account {
			app_id `+sitetest.AppID+`
			app_secret `+sitetest.Secret+`
		}
	}
}`)
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	account := loaded.(*app.App).Account(app.DefaultAccount)
	t.Cleanup(func() { _ = loaded.(*app.App).Cleanup() })
	return func(kind credential.Kind) string {
		if err := account.Refresh(t.Context(), kind, false); err != nil {
			t.Fatal(err)
		}
		text, err := account.Credential(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// TestRemoteSources signs with a ticket, and opens with a token, that another server hands out.
func TestRemoteSources(t *testing.T) {
	wechat := sandbox.New(sandbox.Config{Apps: map[string]string{sitetest.AppID: sitetest.Secret}})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	old := oldSystem(t, api.URL)
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() || r.Header.Get("X-Key") != "hidden-key" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.URL.Query().Get("type") == "wx_card" {
			fmt.Fprintf(w, `{"errcode":0,"ticket":%q,"expires_in":7000}`, old(credential.APITicket))
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":7000}`, old(credential.AccessToken))
	}))
	t.Cleanup(server.Close)
	t.Setenv("TEST_KEY", "hidden-key")
	s, log := tokenSourceSite(t, api.URL, `token_source remote `+server.URL+`/?hidden-query {
				header X-Key {env.TEST_KEY}
			}
			ticket_source remote `+server.URL+`/ {
				header X-Key {env.TEST_KEY}
			}`)
	s.WeChat = wechat

	down.Store(true)
	problemtest.Want(t, s.Get("/add"), http.StatusServiceUnavailable, "credential_unavailable", "api_ticket")
	status := admin.StatusOf(s.App, time.Now()).Accounts["default"]
	ticket := status.Credentials[credential.APITicket]
	if ticket.LastError == nil || !strings.Contains(ticket.LastError.ErrMsg, "remote_ticket: HTTP status 403") ||
		!strings.Contains(ticket.LastError.Hint, "ticket_source") || status.TicketSource != "remote" {
		t.Errorf("got %+v, %+v", ticket.LastError, status)
	}
	down.Store(false)
	refresh(t, s, credential.APITicket)
	if answer := s.Phone("addCard", s.Get("/add").Body.String()); !strings.Contains(answer, "addCard:ok") {
		t.Errorf("the phone says %s", answer)
	}
	w := s.Post("/open", fmt.Sprintf(`{"card_id":"p1","code":%q}`, wechat.EncryptCode(sitetest.AppID, "100000000000")))
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if err := s.App.Stop(); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"hidden-key", "hidden-query", old(credential.APITicket)} {
		if strings.Contains(log(), secret) {
			t.Errorf("the log holds %s: %s", secret, log())
		}
	}
}
