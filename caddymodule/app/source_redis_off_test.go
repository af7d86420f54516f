//go:build nowechatredis

package app_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestTokenSourceRedisLeftOut configures what a build without Redis does not have.
func TestTokenSourceRedisLeftOut(t *testing.T) {
	const why = "this build has no Redis: it was made with nowechatredis"
	refusesSource(t, `"token_source":{"source":"redis","url":"h:1","key":"k"}`, why)
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
