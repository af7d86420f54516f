package accounts_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
)

const ticket = "ticket@@@1"

// newConfig is a configuration of a component on a storage of its own.
func newConfig(t *testing.T, api, component string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "Caddyfile")
	config := "{\nstorage file_system " + t.TempDir() + "\nwechat_card {\napi " + api + "\ncomponent " + component +
		" {\napp_id " + thirdpartytest.Component + "\napp_secret " + thirdpartytest.Secret + "\n}\n}\n}\nhttp://localhost:9080 {\n}\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// component opens a component of a configuration, and closes it: what outlives a configuration in this process is not to help the next.
func component(t *testing.T, path string, use func(*platform.Platform)) {
	t.Helper()
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := sitetest.Provision(t, string(config)).App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	use(loaded.(*app.App).Platforms()["shop"])
	if err := loaded.(*app.App).Cleanup(); err != nil {
		t.Error(err)
	}
}

func TestExportAndImport(t *testing.T) {
	wechat := thirdpartytest.New(t)
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	first, second, other := newConfig(t, api.URL, "shop"), newConfig(t, api.URL, "shop"), newConfig(t, api.URL, "other")
	wechat.Set(func() { wechat.Codes["code@@@1"] = thirdpartytest.Account })
	component(t, first, func(shop *platform.Platform) {
		if err := shop.TakeTicket(t.Context(), ticket, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Authorise(t.Context(), "code@@@1"); err != nil {
			t.Fatal(err)
		}
	})
	phrase, wrong := file(t, "correct horse\nbattery"), file(t, "another phrase\n")
	saved := filepath.Join(t.TempDir(), "backup")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "export", saved, "--passphrase-file", phrase, "--config", first), true, "2 records are in "+saved)
	raw, err := os.ReadFile(saved)
	if info, _ := os.Stat(saved); err != nil || strings.Contains(string(raw), ticket) || info.Mode().Perm() != 0o600 {
		t.Errorf("got %s, %v", raw, err)
	}
	r := commandtest.Run(t, "", "accounts", "export", "-", "--passphrase-file", phrase, "--config", first)
	if r.Err != nil || !strings.HasPrefix(r.Stdout, `{"format":`) {
		t.Errorf("got %s%s, %v", r.Stdout, r.Stderr, r.Err)
	}

	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", wrong, "--config", second), false, "the passphrase is another")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", phrase, "--passphrase-file", phrase, "--config", second), false, "no backup")
	commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", phrase, "--config", other), false, "no component shop, but other")
	for _, want := range []string{"1", "0"} { // the second time it is there
		commandtest.Want(t, commandtest.Run(t, "", "accounts", "import", saved, "--passphrase-file", phrase, "--config", second), true, "component shop: "+want+" authorisations were put back")
	}
	component(t, second, func(shop *platform.Platform) {
		records, err := shop.Export(t.Context())
		if err != nil || len(records) != 2 || !strings.Contains(string(records[1]), ticket) {
			t.Errorf("got %s, %v", records, err)
		}
		if a, err := shop.Authorisation(t.Context(), thirdpartytest.Account); err != nil || a.AppID != thirdpartytest.Account {
			t.Errorf("got %+v, %v", a, err)
		}
	})

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
