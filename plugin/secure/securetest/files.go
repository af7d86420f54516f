package securetest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// anyFile finds placeholders for what is in a file.
var anyFile = regexp.MustCompile(`\{file\.[^}]+\}`)

// WithFiles has the placeholders of a document, which stand for keys in files, name files that are there. The
// files' names say what is in them.
func WithFiles(t testing.TB, text string) string {
	t.Helper()
	suite := Suites()[0]
	keys := map[string]string{
		"wechat_symmetric": suite.Symmetric, "wechat_private.pem": suite.Own.Private, "wechat_platform.pem": suite.WeChat.Public, // relay's
		"symmetric": suite.Symmetric, "platform.pem": suite.WeChat.Private, "own_public.pem": suite.Own.Public, // the sandbox's
	}
	return anyFile.ReplaceAllStringFunc(text, func(placeholder string) string {
		name := filepath.Base(strings.TrimSuffix(placeholder, "}"))
		key, known := keys[name]
		if !known {
			return placeholder
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		return "{file." + path + "}"
	})
}
