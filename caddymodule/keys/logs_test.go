package keys_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure/securetest"
)

// TestLiteralKeysInLogs starts a configuration whose keys stand in it as they are, with the log encoder. At DEBUG, Caddy logs the whole of
// it. A warning says so, once for the relay and once for the sandbox.
func TestLiteralKeysInLogs(t *testing.T) {
	t.Setenv("KEYS_SECRET", "s3cret-of-the-app")
	for _, suite := range securetest.Suites() {
		logs := filepath.Join(t.TempDir(), "log")
		text := configured(
			"symmetric_key s1 "+suite.Symmetric+"\nprivate_key o1 \""+suite.Own.Private+"\"\ncertificate p1 \""+suite.WeChat.Public+"\"",
			"symmetric_key s1 "+suite.Symmetric+"\nprivate_key p1 `"+suite.WeChat.Private+"`\ncertificate o1 \""+suite.Own.Public+"\"\ndeprecated_key p0 \""+suite.Older.Private+"\"")
		text = strings.Replace(text, "admin off\n", "admin off\nlog {\noutput file "+logs+"\nlevel DEBUG\nformat wechat_card\n}\n", 1)
		text = strings.Replace(text, "\n\twechat_card relay", "\n\thandle_path /x/* {\nwechat_card credentials {\nkey literal-key-1\nmini_program wx0000000000000002 {\nkey literal-key-2\n}\n}\n}\n\twechat_card relay", 1)
		text = strings.Replace(text, "allow /wxa/*", "allow /wxa/*\nkey literal-key-3", 1)
		sitetest.Provision(t, text)
		b, err := os.ReadFile(logs)
		if err != nil {
			t.Fatal(err)
		}
		written := string(b)
		if !strings.Contains(written, `"adjusted config"`) || !strings.Contains(written, `"symmetric_key":{"key":"REDACTED","number":"s1"}`) {
			t.Errorf("%s: got %s", suite.Name, written)
		}
		for name, secret := range map[string]string{
			"symmetric_key": suite.Symmetric, "private_key": inPEM(suite.Own.Private), "sandbox's private_key": inPEM(suite.WeChat.Private),
			"deprecated_key": inPEM(suite.Older.Private), "key": "literal-key",
		} {
			if i := strings.Index(written, secret); i >= 0 {
				t.Errorf("%s: %s is in the log: %s", suite.Name, name, written[max(0, i-1000):])
			}
		}
		if strings.Count(written, `"secrets":["symmetric_key","private_key"]`) != 1 || strings.Count(written, `"secrets":["symmetric_key","private_key","deprecated_key"]`) != 1 {
			t.Errorf("%s: no warning, or another, is in %s", suite.Name, written)
		}
	}
}

// inPEM is a line of a PEM text, however its ends are written.
func inPEM(text string) string { return strings.Split(text, "\n")[1] }
