package command_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func TestToolsUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(cli.SecretVariable, "")
	for _, args := range [][]string{
		{"doctor"},
		{"doctor", "surplus"},
		{"doctor", "--nothing"},
		{"doctor", "--card", "no card"},
		{"doctor", "--api", "http://127.0.0.1:1"},
		{"doctor", "--app-id", sitetest.AppID}, // its secret is missing
		{"doctor", "--app-id", sitetest.AppID, "--config", "Caddyfile"},
		{"card"},
		{"card", "drop"},
		{"card", "get"},
		{"card", "get", "no/card"},
		{"card", "create", "missing.json"},
		{"card", "update", "pCard"},
		{"form"},
		{"form", "set", "pCard"},
		{"form", "set", "pCard", "-", "--required", "name"},
		{"jump", "pCard"},
		{"jump", "pCard", "--custom", "pages/card"},
		{"jump", "pCard", "--activate-title", "x"},
		{"whitelist", "add"},
		{"whitelist", "add", ""},
		{"whitelist", "add", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"},
	} {
		if r := commandtest.Run(t, "{}", args...); !r.Usage || !strings.Contains(r.Stderr, "Error: ") || !strings.Contains(r.Stderr, "--help") {
			t.Errorf("%v: got %v and %q", args, r.Err, r.Stderr)
		}
	}
	if r := commandtest.Run(t, "", "card", "get", "pCard", "--config", "missing"); r.Err == nil || r.Usage {
		t.Errorf("a configuration that is not there: got %v", r.Err)
	}
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	path := commandtest.Config(t, "store off\n"+sitetest.AccountOption("one", sitetest.AppID)+sitetest.AccountOption("two", "wx0000000000000002"), "")
	if r := commandtest.Run(t, "", "card", "get", "pCard", "--config", path); !r.Usage || !strings.Contains(r.Stderr, "one, two") {
		t.Errorf("which account: got %v and %q", r.Err, r.Stderr)
	}
}
