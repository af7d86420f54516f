package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddyserver/certmagic"
)

func TestCleanupOfNothing(t *testing.T) {
	if err := new(App).Cleanup(); err != nil {
		t.Error(err)
	}
}

func TestLiteralSecrets(t *testing.T) {
	a := Account{
		AppSecret:    "s",
		MiniPrograms: []MiniProgram{{"wx0000000000000001", "s"}, {"wx0000000000000002", "{env.S}"}},
		MessagePush:  &PushSettings{Token: "{file./t}", EncodingAESKey: "k"},
	}
	want := "app_secret, app_secret of mini_program wx0000000000000001, encoding_aes_key of message_push"
	if got := strings.Join(a.LiteralSecrets(), ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (&Account{AppSecret: "{env.S}"}).LiteralSecrets(); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestWarnings(t *testing.T) {
	shared := sharedStore{}
	files := stores.Files{FileStorage: &certmagic.FileStorage{Path: t.TempDir()}}
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
	cfg, _, err := (&App{API: []string{"{env.TEST_API}"}, Proxy: "off"}).clientConfig()
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
	cfg, _, err = (&App{Proxy: "socks5://127.0.0.1:1"}).clientConfig()
	if err != nil || len(cfg.BaseURLs) != 2 || cfg.BaseURLs[0] != "https://api.weixin.qq.com" || cfg.BaseURLs[1] != "https://api2.weixin.qq.com" {
		t.Errorf("got %+v, %v", cfg, err)
	}
	if u, err := cfg.Proxy(nil); err != nil || u.Host != "127.0.0.1:1" {
		t.Errorf("got %v, %v", u, err)
	}
}
