package stores_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// BenchmarkStores signs a card with each kind of store. None is touched on the way of a request.
func BenchmarkStores(b *testing.B) {
	for _, tc := range []struct {
		name  string
		store func(*testing.B) string
	}{
		{"off", func(*testing.B) string { return "off" }},
		{"files", func(*testing.B) string { return "caddy" }},
		{"redis", func(b *testing.B) string { return "redis " + redistest.Start(b).Addr }},
	} {
		b.Run(tc.name, func(b *testing.B) {
			sitetest.Benchmark(b, sitetest.NewWith(b, "store "+tc.store(b), "wechat_card add_card {\ncard p1\n}"), "/")
		})
	}
}
