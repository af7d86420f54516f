package caddymodule

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddyserver/certmagic"

	"github.com/caddyserver/caddy/v2"
)

// sandboxDown is a fault that makes everything fail.
var sandboxDown = sandbox.Fault{Path: "*", Status: http.StatusInternalServerError}

// validateJSON does what `caddy validate` does.
func validateJSON(config string) error {
	var cfg *caddy.Config
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	return caddy.Validate(cfg)
}

// checkPool checks at the end of the test that it gave back what it acquired.
func checkPool(t testing.TB) {
	t.Helper()
	before := poolReferences()
	t.Cleanup(func() {
		if after := poolReferences(); !maps.Equal(before, after) {
			t.Errorf("the pool held %v, and now %v", before, after)
		}
	})
}

func TestValidateCallsNobody(t *testing.T) {
	checkPool(t)
	var calls atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer api.Close()
	err := validateJSON(`{"admin":{"disabled":true},"storage":{"module":"file_system","root":"` + t.TempDir() + `"},"apps":{
		"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[
			{"handler":"wechat_card","action":{"name":"add_card","cards":[{"card_id":["*"]}]}}]}]}}},
		"wechat_card":{"api":["` + api.URL + `/"],"accounts":{
			"default":{"app_id":"wx1","app_secret":"s"},
			"again":{"app_id":"wx1","app_secret":"s"}}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("got %d calls", n)
	}
}

// TestDocumentedJSON loads the JSON that the documentation shows for each action.
func TestDocumentedJSON(t *testing.T) {
	for _, handler := range []string{
		`{"handler":"wechat_card","account":"default","errors":"caddy","action":{"name":"add_card",
			"cards":[{"card_id":["p1","p2"],"outer_str":"shop-{query.shop}"},{"card_id":["*"]}],
			"accept":["outer_str"],"nonce_str":"off","timestamp":"number","max_cards":3}}`,
		`{"handler":"wechat_card","action":{"name":"open_card","cards":[{"card_id":["*"]}],"max_cards":5}}`,
		`{"handler":"wechat_card","action":{"name":"member_card_component","cards":[{"card_id":["p1"]}],"accept":["none"],"cache":"10m"}}`,
		`{"handler":"wechat_card","action":{"name":"inject","header":{"X-Wechat-Api-Ticket":"api_ticket"},"query":{"t":"jsapi_ticket"},
			"placeholder":["api_ticket"],"optional":true}}`,
	} {
		err := validateJSON(`{"admin":{"disabled":true},"apps":{
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[` + handler + `]}]}}},
			"wechat_card":{"api":["https://api.weixin.qq.com"],"timeout":"5s","proxy":"off","store":{"module":"off"},"accounts":{"default":{
				"app_id":"wx1","app_secret":"s","token_source":"stable","force_refresh":"on",
				"mini_program":[{"app_id":"wx2","app_secret":"s"}],
				"message_push":{"token":"t","encoding_aes_key":"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
				"limit":{"decrypt":600,"geturl":60}}}}}}`)
		if err != nil {
			t.Errorf("%s: %v", handler, err)
		}
	}
}

// TestPoolIsBalanced lets a configuration fail after the accounts were made, beside one that is in use.
func TestPoolIsBalanced(t *testing.T) {
	checkPool(t)
	s := newTestSite(t, addCardSite)
	before := poolReferences()
	if len(before) != len(s.app.Names()) || slices.Max(slices.Collect(maps.Values(before))) != 1 {
		t.Fatalf("got the references %v", before)
	}
	api := s.app.API[0]
	config := func(card string) string {
		return `{"admin":{"disabled":true},"apps":{
			"wechat_card":{"api":["` + api + `"],"store":{"module":"off"},"accounts":{"default":{"app_id":"` + testAppID + `","app_secret":"s"}}},
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[
			{"handler":"wechat_card","action":{"name":"add_card","cards":[{"card_id":["` + card + `"]}]}}]}]}}}}}`
	}
	for range 3 {
		if err := validateJSON(config("?")); err == nil {
			t.Fatal("got no error")
		}
		if err := validateJSON(config("p1")); err != nil {
			t.Fatal(err)
		}
	}
	if after := poolReferences(); !maps.Equal(before, after) {
		t.Errorf("got the references %v after other configurations, %v before", after, before)
	}
	if w := s.get("/plain"); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestCleanupOfNothing(t *testing.T) {
	if err := new(App).Cleanup(); err != nil {
		t.Error(err)
	}
}

func TestStartWarmsWhatIsNeeded(t *testing.T) {
	for _, tc := range []struct {
		name, directives string
		want             map[string]string // account: kinds
	}{
		{"nothing", ``, map[string]string{}},
		{"token", openCardSite, map[string]string{"default": "access_token"}},
		{"ticket", addCardSite, map[string]string{"default": "access_token api_ticket"}}, // which is fetched with the token
		{"both", addCardSite + openCardSite, map[string]string{"default": "access_token api_ticket"}},
		{
			"all accounts", "wechat_card /a add_card {\naccount {query.a}\ncard *\n}\nwechat_card /b open_card {\naccount other\ncard *\n}",
			map[string]string{"default": "access_token api_ticket", "other": "access_token api_ticket"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newTestSite(t, tc.directives)
			for _, account := range s.app.Names() {
				var kinds []string
				for _, kind := range s.app.Needs(account) {
					kinds = append(kinds, string(kind))
				}
				if got, want := strings.Join(kinds, " "), tc.want[account]; got != want {
					t.Errorf("%s: got %s, want %s", account, got, want)
				}
			}
			if err := s.app.Start(); err != nil {
				t.Error(err)
			}
			if err := s.app.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLiteralSecrets(t *testing.T) {
	a := Account{
		AppSecret:    "s",
		MiniPrograms: []MiniProgram{{"wx1", "s"}, {"wx2", "{env.S}"}},
		MessagePush:  &PushSettings{Token: "{file./t}", EncodingAESKey: "k"},
	}
	want := "app_secret, app_secret of mini_program wx1, encoding_aes_key of message_push"
	if got := strings.Join(a.literalSecrets(), ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (&Account{AppSecret: "{env.S}"}).literalSecrets(); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestWarnings(t *testing.T) {
	shared := sharedStore{}
	files := fileStore{&certmagic.FileStorage{Path: t.TempDir()}}
	for _, tc := range []struct {
		name    string
		account Account
		store   credential.Store
		want    int
	}{
		{"nothing", Account{AppSecret: "{env.S}"}, nil, 0},
		{"literal", Account{AppSecret: "s", MessagePush: &PushSettings{Token: "t"}}, files, 1},
		{"classic without a store", Account{AppSecret: "{env.S}", TokenSource: TokenSource{Source: "classic"}}, nil, 1},
		{"classic with files", Account{AppSecret: "{env.S}", TokenSource: TokenSource{Source: "classic"}}, files, 1},
		{"classic with a shared store", Account{AppSecret: "{env.S}", TokenSource: TokenSource{Source: "classic"}}, shared, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			a := App{Accounts: map[string]*Account{"shop": &tc.account}, logger: slog.New(slog.NewTextHandler(&log, nil))}
			a.warn("shop", tc.store)
			if got := strings.Count(log.String(), "\n"); got != tc.want {
				t.Errorf("got %d lines: %s", got, log.String())
			}
			if tc.want > 0 && !strings.Contains(log.String(), "account=shop") {
				t.Errorf("got %s", log.String())
			}
		})
	}
}

// sharedStore is a store that is not Caddy's files.
type sharedStore struct{ certmagic.Storage }

func TestClientConfig(t *testing.T) {
	t.Setenv("TEST_API", "http://127.0.0.1:1/base//")
	cfg, err := (&App{API: []string{"{env.TEST_API}"}, Proxy: "off"}).clientConfig()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.BaseURLs[0] != "http://127.0.0.1:1/base" || cfg.Timeout.Seconds() != 5 || cfg.RootCAs != nil {
		t.Errorf("got %+v", cfg)
	}
	// A client without a function for it would use the environment's proxy.
	if cfg.Proxy == nil {
		t.Error("proxy off leaves the choice to the client")
	} else if u, err := cfg.Proxy(httptest.NewRequest(http.MethodGet, "https://api.weixin.qq.com/", nil)); u != nil || err != nil {
		t.Errorf("proxy off: %v, %v", u, err)
	}
	cfg, err = (&App{Proxy: "socks5://127.0.0.1:1"}).clientConfig()
	if err != nil || len(cfg.BaseURLs) != 2 || cfg.BaseURLs[0] != "https://api.weixin.qq.com" || cfg.BaseURLs[1] != "https://api2.weixin.qq.com" {
		t.Errorf("got %+v, %v", cfg, err)
	}
	if u, err := cfg.Proxy(nil); err != nil || u.Host != "127.0.0.1:1" {
		t.Errorf("got %v, %v", u, err)
	}
}

// TestAuthorityAndProxy reaches a WeChat whose certificate nobody knows, through a proxy.
func TestAuthorityAndProxy(t *testing.T) {
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewTLSServer(wechat)
	defer api.Close()
	var connects atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connects.Add(1)
		out, err := net.Dial("tcp", strings.TrimPrefix(api.URL, "https://"))
		if err != nil {
			t.Error(err)
			return
		}
		in, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = in.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		go func() {
			_, _ = io.Copy(out, rw)
			_ = out.Close()
		}()
		_, _ = io.Copy(in, out)
		_ = in.Close()
	}))
	defer proxy.Close()

	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	site := func(appID, ca string) *App {
		ctx := provisionCaddyfile(t, `{
	admin off
	log {
		output discard
	}
	wechat_card {
		api https://example.com
		proxy `+proxy.URL+`
		`+ca+`
		store off
		account {
			app_id `+appID+`
			app_secret s
		}
	}
}`)
		app, err := ctx.App(appName)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = app.(*App).Cleanup() })
		return app.(*App)
	}
	if _, err := site("wx1", "").Account("default").Credential(t.Context(), credential.APITicket); err == nil {
		t.Error("an unknown authority was trusted")
	}
	before := connects.Load()
	if ticket, err := site("wx2", "ca "+file).Account("default").Credential(t.Context(), credential.APITicket); err != nil || ticket == "" {
		t.Errorf("got %q, %v", ticket, err)
	}
	if connects.Load() == before {
		t.Error("the proxy was not used")
	}
}
