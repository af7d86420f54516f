package cli

import (
	"errors"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Group makes cmd a command that does nothing but have others below it: it shows its help, and what is no command of it is
// an error that says what is near.
func Group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = nil
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				names = append(names, sub.Name())
			}
		}
		if len(args) > 0 && args[0] == "help" { // cobra has it at the root only
			about, rest, err := cmd.Find(args[1:])
			if err == nil && len(rest) == 0 {
				return about.Help()
			}
			args = args[1:]
			if err == nil {
				args = rest // what it does not have
			}
		}
		if len(args) == 0 {
			return Usagef("want one of: %s", say.List(names))
		}
		if near := Nearest(args[0], names); near != "" {
			return Usagef("unknown command %q; did you mean %s?", args[0], near)
		}
		return Usagef("unknown command %q; there are: %s", args[0], say.List(names))
	}
	return WithStatus(cmd)
}

// nearFlag says of an error of the flags which flag is near.
func nearFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	given := strings.TrimLeft(unknown.GetSpecifiedName(), "-")
	if near := Nearest("--"+given, names); near != "" && len(given) > 1 {
		return say.Errorf("%w; did you mean %s?", err, near)
	}
	return err
}

// Nearest is the name that somebody may have meant; empty: none is near. Letter case, - and _ make no difference.
func Nearest(given string, names []string) string {
	plain := strings.NewReplacer("_", "", "-", "")
	given = plain.Replace(strings.ToLower(given))
	best, least := "", max(2, len(given)/3)+1
	for _, name := range names {
		bare := plain.Replace(strings.ToLower(name))
		d := words.Distance(given, bare)
		if given != "" && (strings.HasPrefix(bare, given) || strings.HasPrefix(given, bare)) && bare != "" {
			d = min(d, 2)
		}
		if d < least && d < max(len(given), len(bare)) {
			best, least = name, d
		}
	}
	return best
}
