// Package commandtest runs the commands in tests.
package commandtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/spf13/cobra"
)

// tool runs a subcommand of `caddy wechat-card` in this process; usage tells whether it says that it was called wrongly.
type Result struct {
	Stdout, Stderr string
	Err            error
	Usage          bool
}

// Run runs a subcommand with stdin as its standard input.
func Run(t *testing.T, stdin string, args ...string) Result {
	t.Helper()
	if os.Getenv("LC_ALL") == "" {
		t.Setenv("LC_ALL", "C") // whatever the developer speaks
	}
	root := &cobra.Command{Use: "wechat-card"}
	command.Command().CobraFunc(root)
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	usage := err != nil && err.Error() == "exiting with status 2"
	return Result{out.String(), errs.String(), err, usage}
}

// Want runs a subcommand and checks what it prints, on either side.
func Want(t *testing.T, r Result, ok bool, mentions ...string) {
	t.Helper()
	if (r.Err == nil) != ok {
		t.Errorf("got error %v", r.Err)
	}
	for _, mention := range mentions {
		if !strings.Contains(r.Stdout+r.Stderr, mention) {
			t.Errorf("no %q in\n%s%s", mention, r.Stdout, r.Stderr)
		}
	}
	if strings.Contains(r.Stdout+r.Stderr, sitetest.Secret) {
		t.Errorf("the secret is in\n%s%s", r.Stdout, r.Stderr)
	}
}

// Config writes a configuration and gives its path.
func Config(t *testing.T, options, directives string) string {
	t.Helper()
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	path := filepath.Join(t.TempDir(), "Caddyfile")
	config := "{\n\twechat_card {\n" + options + "\n\t}\n}\nhttp://localhost:9080 {\n" + directives + "\n}\n"
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
