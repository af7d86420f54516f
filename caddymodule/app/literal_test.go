package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// TestLiteralSecretsInLogs starts a configuration whose secrets stand in it as they are. At DEBUG, Caddy logs the handlers of
// its events with all that can be seen of them.
func TestLiteralSecretsInLogs(t *testing.T) {
	logs := filepath.Join(t.TempDir(), "log")
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		output file `+logs+`
		level DEBUG
	}
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id `+sitetest.AppID+`
			app_secret 5ec7e7a0a1b2c3d4
			mini_program wx0000000000000003 5ec7e7b0a1b2c3d4
			message_push 5ec7e7c0a1b2c3d4
		}
	}
}
http://localhost:9080 {
	wechat_card message_push
}`)
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	}()
	events, err := ctx.App("events")
	if err != nil {
		t.Fatal(err)
	}
	events.(*caddyevents.App).Emit(ctx, "started", nil)
	written, err := os.ReadFile(logs)
	if err != nil || !strings.Contains(string(written), "invoking subscribed handler") {
		t.Fatalf("got %s, %v", written, err)
	}
	if i := strings.Index(string(written), "5ec7e7"); i >= 0 {
		t.Errorf("a secret is in %s", written[max(0, i-1000):])
	}
}
