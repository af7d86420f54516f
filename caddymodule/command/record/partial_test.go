package record_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// newSilent is a WeChat that breaks off at the paths that silent says, and a configuration for it. It counts what it was asked.
func newSilent(t *testing.T, silent func(path string) bool) (config string, asked *int) {
	t.Helper()
	asked = new(int)
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked++
		if silent(r.URL.Path) {
			panic(http.ErrAbortHandler)
		}
		wechat.ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	return commandtest.Config(t, "api "+api.URL+"\nstore off\n"+sitetest.AccountOption("", sitetest.AppID), ""), asked
}

// TestOneCallWithoutAnAnswer loses neither what was recorded nor which calls are missing.
func TestOneCallWithoutAnAnswer(t *testing.T) {
	config, _ := newSilent(t, func(path string) bool { return path == "/card/membercard/activate/geturl" })
	file := filepath.Join(t.TempDir(), "wechat.json")
	r := commandtest.Run(t, "", "record", file, "--config", config)
	commandtest.Want(t, r, false, "exchanges are in", "activate_url, activate_url_again: ")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recording.Read(raw)
	if err != nil || len(rec.Exchanges) < 12 || strings.Contains(string(raw), "geturl") || !strings.Contains(string(raw), "quota") || r.Usage {
		t.Errorf("%v: %s", err, raw)
	}
}

// TestNobodyAnswers leaves no file, and what was there as it was.
func TestNobodyAnswers(t *testing.T) {
	config, _ := newSilent(t, func(string) bool { return true })
	file := filepath.Join(t.TempDir(), "wechat.json")
	commandtest.Want(t, commandtest.Run(t, "", "record", file, "--config", config), false, "WeChat cannot be asked")
	if _, err := os.Lstat(file); err == nil {
		t.Error("a file is there")
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	commandtest.Want(t, commandtest.Run(t, "", "record", file, "--force", "--config", config), false, "WeChat cannot be asked")
	if raw, err := os.ReadFile(file); err != nil || string(raw) != "mine" {
		t.Errorf("%v: %s", err, raw)
	}
}

// TestFileThatCannotBe asks nobody anything.
func TestFileThatCannotBe(t *testing.T) {
	config, asked := newSilent(t, func(string) bool { return false })
	for _, name := range []string{filepath.Join(t.TempDir(), "none", "wechat.json"), t.TempDir(), "-"} {
		r := commandtest.Run(t, "", "record", name, "--force", "--config", config)
		if commandtest.Want(t, r, false, name); *asked > 0 || r.Usage != (name == "-") {
			t.Errorf("%s: asked %d times, %s", name, *asked, r.Stderr)
		}
	}
}
