package command_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tree is `caddy wechat-card` with all its commands.
func tree(visit func(cmd *cobra.Command)) {
	root := &cobra.Command{Use: "wechat-card", Short: command.Command().Short, Long: command.Command().Long}
	command.Command().CobraFunc(root)
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		visit(cmd)
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// TestHelpIsChinese: no paragraph and no flag of any command was forgotten.
func TestHelpIsChinese(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	check := func(where, text string) {
		for p := range strings.SplitSeq(text, "\n\n") {
			if strings.TrimSpace(p) != "" && !strings.ContainsFunc(p, func(r rune) bool { return unicode.Is(unicode.Han, r) }) && !strings.HasPrefix(strings.TrimSpace(p), "caddy wechat-card") {
				t.Errorf("%s: there is no Chinese for %q", where, p)
			}
		}
	}
	n := 0
	tree(func(cmd *cobra.Command) {
		n++
		check(cmd.CommandPath(), cmd.Short)
		check(cmd.CommandPath(), cmd.Long)
		cmd.Flags().VisitAll(func(f *pflag.Flag) { check(cmd.CommandPath()+" --"+f.Name, f.Usage) })
		if usage := cmd.UsageString(); strings.Contains(usage, "Usage:") || strings.Contains(usage, "Flags:") || strings.Contains(usage, "for more information") {
			t.Errorf("%s: got %s", cmd.CommandPath(), usage)
		}
	})
	if n < 15 {
		t.Errorf("found only %d commands", n)
	}
}
