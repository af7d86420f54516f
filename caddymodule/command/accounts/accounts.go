// Package accounts is the command accounts, which looks after accounts that are data, and after what components hold of those that
// authorised them.
package accounts

import (
	"io"
	"os"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/spf13/cobra"
)

// Command is `caddy wechat-card accounts`.
func Command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "accounts <command>",
		Short: "Lists, writes and removes accounts that are data, seals their values, and backs up authorisations",
		Long: `
Accounts that are data lie where "accounts" in the global option says: in a folder, in a Redis, behind a URL, or with a component
whom merchants authorise. list, show, add, remove and refresh ask the running Caddy; export and import read and write its store
by themselves; seal needs neither.`,
	}
	cmd.AddCommand(listCommand(), showCommand(), addCommand(), removeCommand(), refreshCommand(), exportCommand(), importCommand(), sealCommand())
	return cli.Group(cmd)
}

// path is where the admin API has an account.
func path(name string) (string, error) {
	if !object.IsName(name) {
		return "", cli.Usagef("'%s' is neither an app_id (wx and 16 hex digits, in lower case) nor an alias (a-z, 0-9 and -)", name)
	}
	return admin.AccountsPath + "/" + name, nil
}

// read reads a file, or standard input for "-", of so many bytes at most.
func read(cmd *cobra.Command, name string, most int64) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &cli.UsageError{Err: say.Wrap(err)}
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return nil, say.Errorf("reading %s: %w", name, err)
	case int64(len(raw)) > most:
		return nil, cli.Usagef("%s: longer than %d bytes", name, most)
	}
	return raw, nil
}
