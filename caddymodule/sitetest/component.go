package sitetest

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// NewComponent provisions a site with the component "shop" of package thirdpartytest, whose merchants have accounts, before a WeChat at api.
// Its Sandbox is nil.
func NewComponent(t testing.TB, api, directives string) *Site {
	t.Helper()
	ctx := Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output discard
	}
	wechat_card {
		api `+api+`
		component shop {
			app_id `+thirdpartytest.Component+`
			app_secret `+thirdpartytest.Secret+`
			message_push `+thirdpartytest.Token+` `+thirdpartytest.Key+`
			seal_key "`+thirdpartytest.SealKey+`"
		}
		accounts platform shop
	}
}
http://localhost:9080 {
`+directives+`
}`)
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
