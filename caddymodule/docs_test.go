package caddymodule

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// docsAccount is what the Caddyfiles of docs leave out that have no global options.
const docsAccount = `{
	wechat_card {
		account {
			app_id wx5a6d8b2c4e1f3a70
			app_secret {env.WECHAT_APP_SECRET}
		}
	}
}

`

var (
	docsBlock    = regexp.MustCompile("(?ms)^ *```caddyfile\n(.*?)^ *```$")
	docsVariable = regexp.MustCompile(`\{env\.(\w+)\}`)
)

// TestDocsCaddyfiles provisions every Caddyfile below docs, and wants it formatted and without a warning of ours.
func TestDocsCaddyfiles(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../docs", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		for i, m := range docsBlock.FindAllStringSubmatch(string(text), -1) {
			found++
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(path), i+1), func(t *testing.T) { provisionDocs(t, m[1]) })
		}
		return err
	})
	if err != nil || found < 10 {
		t.Errorf("%d Caddyfiles were found, error %v", found, err)
	}
}

func provisionDocs(t *testing.T, text string) {
	t.Helper()
	if formatted := string(caddyfile.Format([]byte(text))); formatted != text {
		t.Errorf("caddy fmt makes of it\n%s", formatted)
	}
	if !strings.HasPrefix(text, "{\n") {
		text = docsAccount + text
	}
	for _, m := range docsVariable.FindAllStringSubmatch(text, -1) {
		t.Setenv(m[1], "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG") // an encoding_aes_key has 43 characters
	}
	log := filepath.Join(t.TempDir(), "log")
	text = strings.Replace(text, "{\n", "{\n\tstorage file_system "+t.TempDir()+"\n\tskip_install_trust\n\tlog docs {\n\t\toutput file "+log+"\n\t\tlevel WARN\n\t\tinclude wechat_card http.handlers.wechat_card\n\t}\n", 1)
	adapted, err := adapt(strings.TrimSpace(text))
	if err != nil || !strings.HasPrefix(adapted, "{") {
		t.Fatalf("%s\n%s%v", text, adapted, err)
	}
	ctx, err := tryProvision(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	if app, err := ctx.AppIfConfigured(appName); err == nil {
		_ = app.(*App).Cleanup()
	}
	if warnings, err := os.ReadFile(log); err != nil || len(warnings) > 0 {
		t.Errorf("%s\nwarns: %s%v", text, warnings, err)
	}
}
