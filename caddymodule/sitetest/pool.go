package sitetest

import (
	"maps"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
)

// CheckPool checks at the end of the test that it gave back what it acquired.
func CheckPool(t testing.TB) {
	t.Helper()
	before := app.PoolReferences()
	t.Cleanup(func() {
		if after := app.PoolReferences(); !maps.Equal(before, after) {
			t.Errorf("the pool held %v, and now %v", before, after)
		}
	})
}
