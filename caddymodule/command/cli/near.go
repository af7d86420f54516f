package cli

import (
	"errors"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
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
		if len(args) == 0 {
			return Usagef("want one of: %s", strings.Join(names, ", "))
		}
		if near := Nearest(args[0], names); near != "" {
			return Usagef("unknown command %q; did you mean %s?", args[0], near)
		}
		return Usagef("unknown command %q; there are: %s", args[0], strings.Join(names, ", "))
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
		d := distance(given, bare)
		if given != "" && (strings.HasPrefix(bare, given) || strings.HasPrefix(given, bare)) && bare != "" {
			d = min(d, 2)
		}
		if d < least && d < max(len(given), len(bare)) {
			best, least = name, d
		}
	}
	return best
}

// distance is how many letters are to be changed, added, taken away or swapped with their neighbours.
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
