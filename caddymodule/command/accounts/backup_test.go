package accounts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

const ticket = "ticket@@@s3cret"

// newConfig is a configuration of a component on a storage of its own.
func newConfig(t *testing.T, component string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "Caddyfile")
	config := "{\nstorage file_system " + t.TempDir() + "\nwechat_card {\napi http://127.0.0.1:1\ncomponent " + component +
		" {\napp_id wx00000000000000d1\napp_secret {env.TEST_APP_SECRET}\n}\n}\n}\nhttp://localhost:9080 {\n}\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// component opens a component of a configuration.
func component(t *testing.T, path string) *platform.Platform {
	t.Helper()
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := sitetest.Provision(t, string(config)).App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loaded.(*app.App).Cleanup() })
	return loaded.(*app.App).Platforms()["shop"]
}

func TestExportAndImport(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	first, second, other := newConfig(t, "shop"), newConfig(t, "shop"), newConfig(t, "other")
	if err := component(t, first).TakeTicket(t.Context(), ticket, time.Now()); err != nil {
		t.Fatal(err)
	}
	phrase, wrong := file(t, "correct horse\nbattery"), file(t, "another phrase\n")
	saved := filepath.Join(t.TempDir(), "backup")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "export", saved, "--passphrase-file", phrase, "--config", first), true, "1 records are in "+saved)
	raw, err := os.ReadFile(saved)
	if info, _ := os.Stat(saved); err != nil || strings.Contains(string(raw), "s3cret") || info.Mode().Perm() != 0o600 {
		t.Errorf("got %s, %v", raw, err)
	}
	r := commandtest.Run(t, "", "accounts", "export", "-", "--passphrase-file", phrase, "--config", first)
	if r.Err != nil || !strings.HasPrefix(r.Stdout, `{"format":`) {
		t.Errorf("got %s%s, %v", r.Stdout, r.Stderr, r.Err)
	}

	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", wrong, "--config", second), false, "the passphrase is another")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", phrase, "--passphrase-file", phrase, "--config", second), false, "no backup")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", phrase, "--config", other), false, "no component shop, but other")
	for range 2 {
		commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", phrase, "--config", second), true, "component shop: 0 authorisations were put back")
	}
	records, err := component(t, second).Export(t.Context())
	if err != nil || len(records) != 1 || !strings.Contains(string(records[0]), ticket) {
		t.Errorf("got %s, %v", records, err)
	}

	for name, args := range map[string][]string{
		"no passphrase": {"export", saved, "--config", first}, "a short one": {"export", saved, "--passphrase-file", file(t, "short"), "--config", first},
	} {
		if r := commandtest.Run(t, "", append([]string{"accounts"}, args...)...); !r.Usage {
			t.Errorf("%s: got %v %s", name, r.Err, r.Stderr)
		}
	}
	plain := commandtest.Config(t, "store off\n"+sitetest.AccountOption("one", sitetest.AppID), "")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "export", saved, "--passphrase-file", phrase, "--config", plain), false, "has no component")
}
