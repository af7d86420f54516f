package record_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// recordSandbox records what a sandbox answers of a card.
func recordSandbox(t *testing.T, s *sandbox.Sandbox, card string) *recording.Recording {
	t.Helper()
	api := httptest.NewServer(s)
	t.Cleanup(api.Close)
	config := commandtest.Config(t, "api "+api.URL+"\nstore off\n"+sitetest.AccountOption("", sitetest.AppID), "")
	file := filepath.Join(t.TempDir(), "own.json")
	commandtest.Want(t, commandtest.Run(t, "", "record", file, "--config", config, "--card", card), true)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recording.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}
