// Package sitetest runs sites in tests: a provisioned Caddy with the plugin in it, and a WeChat of its own.
package sitetest

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/sandboxtest"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Validate does what `caddy validate` does.
func Validate(config string) error {
	var cfg *caddy.Config
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	return caddy.Validate(cfg)
}

// The account of the tests' sites, and what it could be called by mistake.
const (
	AppID  = "wx0000000000000001"
	Secret = "0123456789abcdef0123456789abcdef"
)

// Site is a site inside a provisioned Caddy that does not listen, with a WeChat of its own.
type Site struct {
	T      testing.TB
	Server *caddyhttp.Server
	App    *app.App
	WeChat *sandbox.Sandbox
}

// New provisions a site with these directives.
func New(t testing.TB, directives string) *Site {
	t.Helper()
	return NewWith(t, "", directives)
}

// NewWith is newTestSite with more lines in the global option. Without a store among them there is none.
func NewWith(t testing.TB, options, directives string) *Site {
	t.Helper()
	wechat := sandbox.New(sandbox.Config{
		CustomCodeCards: []string{"pCustom"}, Tickets: sandboxtest.Rule(), MiniPrograms: map[string]string{ShopMini: Secret, SecondMini: Secret},
	})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	t.Setenv("TEST_APP_SECRET", Secret)

	if !strings.Contains(options, "store ") {
		options += "\n\t\tstore off"
	}
	ctx := Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		`+siteLog+`
	}
	wechat_card {
		api `+api.URL+`
		open `+api.URL+`
		`+options+`
		account {
			app_id `+AppID+`
			app_secret {env.TEST_APP_SECRET}
		}
		account other {
			app_id wx0000000000000002
			app_secret {env.TEST_APP_SECRET}
		}
	}
}
http://localhost:9080 {
`+directives+`
}`)
	s := siteOf(t, ctx)
	s.WeChat = wechat
	return s
}

// siteOf is the site of a configuration that has been provisioned, which ends with the test.
func siteOf(t testing.TB, ctx caddy.Context) *Site {
	t.Helper()
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	a := loaded.(*app.App)
	t.Cleanup(func() {
		if err := a.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return &Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"], App: a}
}

// Provision provisions without listening.
func Provision(t testing.TB, input string) caddy.Context {
	t.Helper()
	ctx, err := TryProvision(input)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// TryProvision is Provision for a configuration that may be refused.
func TryProvision(input string) (caddy.Context, error) {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), nil)
	if err != nil {
		return caddy.Context{}, err
	}
	var cfg *caddy.Config
	if err := json.Unmarshal(out, &cfg); err != nil {
		return caddy.Context{}, err
	}
	return caddy.ProvisionContext(cfg)
}
