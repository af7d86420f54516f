package app_test

import (
	"encoding/pem"
	"io"
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

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

func TestValidateCallsNobody(t *testing.T) {
	sitetest.CheckPool(t)
	var calls atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer api.Close()
	err := sitetest.Validate(`{"admin":{"disabled":true},"storage":{"module":"file_system","root":"` + t.TempDir() + `"},"apps":{
		"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[
			{"handler":"wechat_card","action":{"name":"add_card","cards":[{"card_id":["*"]}]}}]}]}}},
		"wechat_card":{"api":["` + api.URL + `/"],"accounts":{
			"default":{"app_id":"wx0000000000000001","app_secret":"s"},
			"again":{"app_id":"wx0000000000000009","app_secret":"s"}}}}}`)
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
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[` + handler + `]}]}}},
			"wechat_card":{"api":["https://api.weixin.qq.com"],"timeout":"5s","proxy":"off","store":{"module":"off"},"accounts":{"default":{
				"app_id":"wx0000000000000001","app_secret":"s","token_source":"stable","force_refresh":"on",
				"mini_program":[{"app_id":"wx0000000000000002","app_secret":"s"}],
				"message_push":{"token":"t","encoding_aes_key":"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"},
				"limit":{"decrypt":600,"geturl":60,"login":600,"activation":600}}}}}}`)
		if err != nil {
			t.Errorf("%s: %v", handler, err)
		}
	}
}

// TestPoolIsBalanced lets a configuration fail after the accounts were made, beside one that is in use.
func TestPoolIsBalanced(t *testing.T) {
	sitetest.CheckPool(t)
	s := sitetest.New(t, sitetest.AddCardSite)
	before := app.PoolReferences()
	if len(before) != len(s.App.Names()) || slices.Max(slices.Collect(maps.Values(before))) != 1 {
		t.Fatalf("got the references %v", before)
	}
	api := s.App.API[0]
	config := func(card string) string {
		return `{"admin":{"disabled":true},"apps":{
			"wechat_card":{"api":["` + api + `"],"store":{"module":"off"},"accounts":{"default":{"app_id":"` + sitetest.AppID + `","app_secret":"s"}}},
			"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[
			{"handler":"wechat_card","action":{"name":"add_card","cards":[{"card_id":["` + card + `"]}]}}]}]}}}}}`
	}
	for range 3 {
		if err := sitetest.Validate(config("?")); err == nil {
			t.Fatal("got no error")
		}
		if err := sitetest.Validate(config("p1")); err != nil {
			t.Fatal(err)
		}
	}
	if after := app.PoolReferences(); !maps.Equal(before, after) {
		t.Errorf("got the references %v after other configurations, %v before", after, before)
	}
	if w := s.Get("/plain"); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestStartWarmsWhatIsNeeded(t *testing.T) {
	for _, tc := range []struct {
		name, directives string
		want             map[string]string // account: kinds
	}{
		{"nothing", ``, map[string]string{}},
		{"token", sitetest.OpenCardSite, map[string]string{"default": "access_token"}},
		{"ticket", sitetest.AddCardSite, map[string]string{"default": "access_token api_ticket"}}, // which is fetched with the token
		{"both", sitetest.AddCardSite + sitetest.OpenCardSite, map[string]string{"default": "access_token api_ticket"}},
		{
			"all accounts", "wechat_card /a add_card {\naccount {query.a}\ncard *\n}\nwechat_card /b open_card {\naccount other\ncard *\n}",
			map[string]string{"default": "access_token api_ticket", "other": "access_token api_ticket"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := sitetest.New(t, tc.directives)
			for _, account := range s.App.Names() {
				var kinds []string
				for _, kind := range s.App.Needs(account) {
					kinds = append(kinds, string(kind))
				}
				if got, want := strings.Join(kinds, " "), tc.want[account]; got != want {
					t.Errorf("%s: got %s, want %s", account, got, want)
				}
			}
			if err := s.App.Start(); err != nil {
				t.Error(err)
			}
			if err := s.App.Stop(); err != nil {
				t.Error(err)
			}
		})
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
	site := func(appID, ca string) *app.App {
		ctx := sitetest.Provision(t, `{
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
		loaded, err := ctx.App(app.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = loaded.(*app.App).Cleanup() })
		return loaded.(*app.App)
	}
	if _, err := site("wx0000000000000001", "").Account("default").Credential(t.Context(), credential.APITicket); err == nil {
		t.Error("an unknown authority was trusted")
	}
	before := connects.Load()
	if ticket, err := site("wx0000000000000002", "ca "+file).Account("default").Credential(t.Context(), credential.APITicket); err != nil || ticket == "" {
		t.Errorf("got %q, %v", ticket, err)
	}
	if connects.Load() == before {
		t.Error("the proxy was not used")
	}
}
