//go:build !nowechatredis

package app_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// TestCopy: what a component must not lose lies in Caddy's own storage as well when the store is a Redis, which may lose everything.
func TestCopy(t *testing.T) {
	server := redistest.Start(t)
	sitetest.CheckPool(t)
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	folder := t.TempDir()
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+folder+`
	wechat_card {
		api http://127.0.0.1:1
		store redis redis://`+server.Addr+`
		component shop {
			app_id `+componentID+`
			app_secret {env.TEST_APP_SECRET}
			message_push t0ken `+aesKey+`
			seal_key `+sealKey+`
		}
	}
}`)
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
	platform := a.Platforms()["shop"]
	if err := platform.TakeTicket(t.Context(), "ticket@@@1", time.Now()); err != nil {
		t.Fatal(err)
	}
	copies := 0
	err = fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(path, "/platform/") && !strings.HasPrefix(path, "locks/") {
			copies++
		}
		return err
	})
	if err != nil || copies == 0 || platform.Standing().Uncopied != 0 {
		t.Errorf("%d files, %v, %+v", copies, err, platform.Standing())
	}
	if keys := server.Do("KEYS", "*platform*"); len(keys.([]any)) == 0 {
		t.Error("there is nothing in Redis")
	}
}
