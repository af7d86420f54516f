package sitetest

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
)

// NewComponent provisions a site with the component "shop" of package thirdpartytest, whose merchants have accounts, before a WeChat at api.
// Its WeChat is nil: that is no sandbox.
func NewComponent(t testing.TB, api, directives string) *Site {
	t.Helper()
	return siteOf(t, Provision(t, `{
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
}`))
}
