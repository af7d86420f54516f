package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/redis/go-redis/v9"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestTokenSourceJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"token_source":"classic"}`:           "",
		`{"token_source":{"source":"stable"}}`: `{"token_source":"stable"}`,
		`{}`:                                   "",
		`{"token_source":{"source":"remote","url":"u","header":{"a":"b"},"field":"f","expires_field":"e"}}`: "",
		`{"token_source":{"source":"redis","url":"u","key":"k"}}`:                                           "",
		`{"token_source":"none","ticket_source":{"source":"remote","url":"u"}}`:                             "",
	} {
		var a Account
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want == "" {
			want = text
		}
		if got, err := json.Marshal(a); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, text := range []string{`{"source":"remote","uri":"u"}`, `7`, `["stable"]`, `{"source":7}`} {
		if err := new(TokenSource).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

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
		`"token_source":{"source":"redis","url":"h:1"}`:                                         "needs a key",
		`"token_source":{"source":"redis","url":"h:1","key":"{env.TEST_EMPTY}"}`:                "token_source: key",
		`"token_source":{"source":"redis","url":"redis://hidden@h:1","key":"k"}`:                "user without a password",
		`"token_source":{"source":"remote","url":"{env.TEST_EMPTY}"}`:                           "token_source: url",
		`"token_source":{"source":"remote","url":"{env.TEST_URL}"}`:                             "no http or https URL",
		`"token_source":{"source":"remote","url":"http://h","header":{"A":"{env.TEST_EMPTY}"}}`: "header A",
		`"token_source":{"source":"remote","url":"http://h","header":{"A b":"hidden"}}`:         "no valid field name",
		`"token_source":"none","ticket_source":{"source":"redis","url":"http://h"}`:             "ticket_source is remote",
		`"token_source":"none","ticket_source":{"source":"remote"}`:                             "needs a url",
		`"token_source":"none","ticket_source":{"source":"remote","url":"{env.TEST_URL}"}`:      "ticket_source: the url",
	} {
		checkPool(t)
		err := validateJSON(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"off"},"accounts":{"shop":{"app_id":"wx1",` + account + `}}}}}`)
		if err == nil || !strings.Contains(err.Error(), mention) || !strings.Contains(err.Error(), `account "shop"`) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v, want it to mention %s", account, err, mention)
		}
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
		err := validateJSON(`{"admin":{"disabled":true},"apps":{
			"wechat_card":{"store":{"module":"off"},"accounts":{"default":{"app_id":"wx1",` + tc.account + `}}},
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card","action":` + tc.action + `}]}]}}}}}`)
		if (err == nil) != (tc.mention == "") || err != nil && !strings.Contains(err.Error(), tc.mention) {
			t.Errorf("%s with %s: got %v", tc.action, tc.account, err)
		}
	}
}

func TestTokenSourceLiteralSecrets(t *testing.T) {
	a := Account{
		TokenSource: TokenSource{Source: "remote", RemoteSource: RemoteSource{
			URL: "http://user:p@h/", Header: map[string]string{"X-B": "s", "X-A": "{env.A}", "X-C": "s"},
		}},
		TicketSource: &TicketSource{Source: "remote", RemoteSource: RemoteSource{URL: "http://u:{env.P}@h/", Header: map[string]string{"X-D": "s"}}},
	}
	want := "password in the url of token_source, header X-B of token_source, header X-C of token_source, header X-D of ticket_source"
	if got := strings.Join(a.literalSecrets(), ", "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestNeedsOfTokenSources(t *testing.T) {
	n := newNeeds()
	n.account("stable", false, false)
	n.account("none", true, true)
	n.account("tickets", false, true)
	ask := func(account string) string {
		var kinds []string
		for _, kind := range n.of(account) {
			kinds = append(kinds, string(kind))
		}
		return strings.Join(kinds, " ")
	}
	check := func(stable, none, tickets string) {
		t.Helper()
		for account, want := range map[string]string{"stable": stable, "none": none, "tickets": tickets} {
			if got := ask(account); got != want {
				t.Errorf("%s: got %q, want %q", account, got, want)
			}
		}
	}
	check("", "", "")
	n.add([]credential.Kind{credential.APITicket}, "")
	check("access_token api_ticket", "api_ticket", "api_ticket")
	n.add([]credential.Kind{credential.AccessToken}, "")
	check("access_token api_ticket", "api_ticket", "access_token api_ticket")
}

// tokenSourceSite is a site whose account gets its credentials in another way; its log goes to a file.
func tokenSourceSite(t *testing.T, api, account string) (site *testSite, log func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	ctx := provisionCaddyfile(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output file `+file+`
		level DEBUG
	}
	wechat_card {
		api `+api+`
		account {
			app_id `+testAppID+`
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
	app, err := ctx.App(appName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.(*App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return &testSite{t: t, server: httpApp.(*caddyhttp.App).Servers["srv0"], app: app.(*App)}, func() string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// refresh ends the back-off after a failure.
func refresh(t *testing.T, s *testSite, kind credential.Kind) {
	t.Helper()
	if err := s.app.Account(defaultAccount).Refresh(t.Context(), kind, true); err != nil {
		t.Fatal(err)
	}
}

// TestTokenInRedis reads the token that an old system keeps in its Redis, across a rotation and the loss of the key.
func TestTokenInRedis(t *testing.T) {
	const password = "p@ss/of:redis"
	server := redistest.StartAuth(t, redis.Options{Password: password}, "--requirepass", password)
	wechat := sandbox.New(sandbox.Config{Apps: map[string]string{testAppID: testSecret}})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	old := oldSystem(t, api.URL)
	t.Setenv("TEST_REDIS", "p%40ss%2Fof%3Aredis@"+server.Addr)
	s, log := tokenSourceSite(t, api.URL, "token_source redis redis://:{env.TEST_REDIS} wx:token")
	s.wechat = wechat

	open := func(code string) *httptest.ResponseRecorder {
		return s.post("/open", fmt.Sprintf(`{"card_id":"p1","code":%q}`, wechat.EncryptCode(testAppID, code)))
	}
	wantProblem(t, open("100000000000"), http.StatusServiceUnavailable, "credential_unavailable", "access_token")

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
	if answer := s.phone("addCard", s.get("/add").Body.String()); !strings.Contains(answer, "addCard:ok") {
		t.Errorf("the phone says %s", answer)
	}
	if err := wechat.Revoke(sandbox.Revocation{}); err != nil {
		t.Fatal(err)
	}
	second := keep()
	if w := open("300000000000"); w.Code != http.StatusOK || first == second {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	status := statusOf(s.app, time.Now()).Accounts["default"]
	if token := status.Credentials[credential.AccessToken]; status.TokenSource != plugin.Redis || token.Source != "redis" || token.Fetched != 2 || token.Refused != 1 {
		t.Errorf("got %+v, %+v", status, token)
	}
	if err := s.app.Stop(); err != nil {
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
	ctx := provisionCaddyfile(t, `{
	admin off
	log {
		output discard
	}
	wechat_card {
		api `+api+`
		store off
		account {
			app_id `+testAppID+`
			app_secret `+testSecret+`
		}
	}
}`)
	app, err := ctx.App(appName)
	if err != nil {
		t.Fatal(err)
	}
	account := app.(*App).Account(defaultAccount)
	t.Cleanup(func() { _ = app.(*App).Cleanup() })
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
	wechat := sandbox.New(sandbox.Config{Apps: map[string]string{testAppID: testSecret}})
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
	s.wechat = wechat

	down.Store(true)
	wantProblem(t, s.get("/add"), http.StatusServiceUnavailable, "credential_unavailable", "api_ticket")
	status := statusOf(s.app, time.Now()).Accounts["default"]
	ticket := status.Credentials[credential.APITicket]
	if ticket.LastError == nil || !strings.Contains(ticket.LastError.ErrMsg, "remote_ticket: HTTP status 403") ||
		!strings.Contains(ticket.LastError.Hint, "ticket_source") || status.TicketSource != "remote" {
		t.Errorf("got %+v, %+v", ticket.LastError, status)
	}
	down.Store(false)
	refresh(t, s, credential.APITicket)
	if answer := s.phone("addCard", s.get("/add").Body.String()); !strings.Contains(answer, "addCard:ok") {
		t.Errorf("the phone says %s", answer)
	}
	w := s.post("/open", fmt.Sprintf(`{"card_id":"p1","code":%q}`, wechat.EncryptCode(testAppID, "100000000000")))
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if err := s.app.Stop(); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"hidden-key", "hidden-query", old(credential.APITicket)} {
		if strings.Contains(log(), secret) {
			t.Errorf("the log holds %s: %s", secret, log())
		}
	}
}

func TestStatusTableWithoutToken(t *testing.T) {
	answer := statusAnswer{Accounts: map[string]accountStatus{"cloud": {AppID: "wx1", TokenSource: plugin.None}}}
	got := statusTable(answer, time.Now(), false)
	if !strings.Contains(got, "access_token  none needed") || strings.Contains(got, "not used") {
		t.Errorf("got\n%s", got)
	}
}
