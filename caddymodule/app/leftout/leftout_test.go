//go:build nowechatredis

// Package leftout_test asks a build with the tag nowechatredis for what it has not. It lies apart from the tests of app, which link
// all of the plugin: under another tag all of it would be compiled anew.
package leftout_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// TestRedisLeftOut configures what a build without Redis does not have.
func TestRedisLeftOut(t *testing.T) {
	caddy.RegisterModule(app.App{})
	caddy.RegisterModule(stores.Caddy{})
	caddy.RegisterModule(stores.Off{})
	httpcaddyfile.RegisterGlobalOption("wechat_card", app.ParseGlobalOption)
	const why = "this build has no Redis: it was made with nowechatredis"
	err := caddy.Validate(&caddy.Config{
		Admin: &caddy.AdminConfig{Disabled: true},
		AppsRaw: caddy.ModuleMap{"wechat_card": json.RawMessage(
			`{"store":{"module":"off"},"accounts":{"shop":{"app_id":"wx0000000000000001","token_source":{"source":"redis","url":"h:1","key":"k"}}}}`)},
	})
	if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), `account "shop"`) {
		t.Errorf("got %v", err)
	}
	for options, mention := range map[string]string{
		"account {\napp_id wx0000000000000001\ntoken_source redis h:1 k\n}":       why,
		"account {\napp_id wx0000000000000001\ntoken_source redis {env.URL} k\n}": why,
		"store redis h:1\naccount {\napp_id wx0000000000000001\napp_secret s\n}":  "unknown store 'redis': there are caddy, off",
	} {
		_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\nwechat_card {\n"+options+"\n}\n}"), nil)
		if err == nil || !strings.Contains(err.Error(), mention) {
			t.Errorf("%s: got %v", options, err)
		}
	}
}
