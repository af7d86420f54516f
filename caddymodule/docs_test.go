//go:build !nowechatredis

package caddymodule_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
	"github.com/spf13/cobra"

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
	docsCommand  = regexp.MustCompile("(?:^|[`$\\s/])caddy wechat-card ([a-z][^`|<>#\n]*)")
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

// withFolders has the folder of accounts that documents name be one.
func withFolders(t *testing.T, text string) string {
	return strings.ReplaceAll(text, "accounts file /etc/wechat/accounts", "accounts file "+t.TempDir())
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
	text = withFolders(t, securetest.WithFiles(t, text))
	log := filepath.Join(t.TempDir(), "log")
	text = strings.Replace(text, "{\n", "{\n\tstorage file_system "+t.TempDir()+"\n\tskip_install_trust\n\tlog docs {\n\t\toutput file "+log+"\n\t\tlevel WARN\n\t\tinclude wechat_card http.handlers.wechat_card\n\t}\n", 1)
	adapted, err := sitetest.Adapted(strings.TrimSpace(text))
	if err != nil || !strings.HasPrefix(adapted, "{") {
		t.Fatalf("%s\n%s%v", text, adapted, err)
	}
	ctx, err := sitetest.TryProvision(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	if loaded, err := ctx.AppIfConfigured(app.Name); err == nil {
		_ = loaded.(*app.App).Cleanup()
	}
	if warnings, err := os.ReadFile(log); err != nil || len(warnings) > 0 {
		t.Errorf("%s\nwarns: %s%v", text, warnings, err)
	}
}

// TestDocsCommands looks for each command that the documents name, and for its flags.
func TestDocsCommands(t *testing.T) {
	paths := []string{"../README.md", "../README.zh-CN.md"}
	err := filepath.WalkDir("../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	root := &cobra.Command{Use: "wechat-card"}
	command.Command().CobraFunc(root)
	found := 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), "\\\n", " ")
		for _, m := range docsCommand.FindAllStringSubmatch(text, -1) {
			found++
			words := strings.Fields(m[1])
			cmd, _, err := root.Find(words)
			if err != nil || cmd == root || cmd.HasSubCommands() && cmd.RunE != nil && len(words) > 1 {
				t.Errorf("%s: there is no caddy wechat-card %s", path, m[1])
				continue
			}
			for _, word := range words {
				name, isFlag := strings.CutPrefix(word, "--")
				name, _, _ = strings.Cut(name, "=")
				if isFlag && cmd.Flag(strings.TrimRight(name, ".,;:)]")) == nil {
					t.Errorf("%s: caddy %s has no --%s", path, cmd.CommandPath(), name)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d commands were found", found)
	}
}
