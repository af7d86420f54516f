package command_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/spf13/cobra"
)

// TestHelpOfAnother is `help` with a command behind it, as at the root of all commands.
func TestHelpOfAnother(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	for args, want := range map[string]string{ // in what is printed; empty: it is wrong
		"help": "caddy wechat-card", "help status": "caddy wechat-card status", "help push list": "caddy wechat-card push list",
		"push help list": "caddy wechat-card push list", "push help": "caddy wechat-card push", "help stauts": "", "help status x": "",
	} {
		root, this := &cobra.Command{Use: "caddy"}, &cobra.Command{Use: "wechat-card", RunE: func(*cobra.Command, []string) error { return nil }}
		command.Command().CobraFunc(this)
		root.AddCommand(this)
		var out, errs bytes.Buffer
		root.SetOut(&out)
		root.SetErr(&errs)
		root.SetArgs(append([]string{"wechat-card"}, strings.Fields(args)...))
		switch err := root.ExecuteContext(t.Context()); {
		case want == "" && (err == nil || err.Error() != "exiting with status 2" || !strings.Contains(errs.String(), "unknown command")):
			t.Errorf("%s: got %v and %s", args, err, out.String()+errs.String())
		case want != "" && (err != nil || !strings.Contains(out.String(), "Usage:\n  "+want)):
			t.Errorf("%s: got %v and %s", args, err, out.String()+errs.String())
		}
	}
}

// TestHelpHasNoEnglish looks at the help of all commands as a terminal shows it.
func TestHelpHasNoEnglish(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	english := regexp.MustCompile(`\[flags\]|<(command|path|name|file|event|target|field|value|page|admin)>|\(default|Usage:|Flags:`)
	for _, args := range []string{"", "status", "refresh", "doctor", "verify", "trigger", "listen", "record", "push", "push list", "push replay", "card", "card get", "card create", "card update", "form", "form set", "jump", "whitelist", "whitelist add", "accounts", "accounts list", "accounts show", "accounts add", "accounts remove", "accounts refresh", "accounts export", "accounts import", "accounts seal"} {
		r := commandtest.Run(t, "", append(strings.Fields(args), "--help")...)
		if r.Err != nil || english.MatchString(r.Stdout) {
			t.Errorf("%s: got %v, and %q in %s", args, r.Err, english.FindString(r.Stdout), r.Stdout)
		}
	}
}
