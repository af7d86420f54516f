//go:build !nowechatredis

package app_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestComponentCopy: what a component must not lose lies in Caddy's storage, too, where the store is a Redis, and that is down.
func TestComponentCopy(t *testing.T) {
	sitetest.CheckPool(t)
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	const secret = "ticket@@@which-nobody-reads-there"
	for name, store := range map[string]string{"redis": "store redis redis://127.0.0.1:1", "caddy": "", "off": "store off"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+folder+`
	wechat_card {
		`+store+`
		component shop {
			app_id `+componentID+`
			app_secret {env.TEST_APP_SECRET}
			seal_key `+sealKey+`
		}
	}
}`)
			loaded, err := ctx.App(app.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = loaded.(*app.App).Cleanup() }()
			if err := loaded.(*app.App).Component("shop").TakeTicket(t.Context(), secret, time.Now()); err != nil {
				t.Fatal(err)
			}
			written := 0
			err = fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(filepath.Join(folder, path))
				if bytes.Contains(text, []byte("ticket@@@")) {
					t.Errorf("%s is in clear", path)
				}
				written++
				return err
			})
			if err != nil || written > 0 == (name == "off") {
				t.Errorf("%d files were written, error %v", written, err)
			}
		})
	}
}
