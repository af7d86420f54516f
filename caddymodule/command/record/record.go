// Package record is the command record: how a real account's WeChat answers, written down without anything that is anybody's.
package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recording"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
	"github.com/spf13/cobra"
)

// Command is `caddy wechat-card record`.
func Command() *cobra.Command {
	var flags cli.Account
	var card string
	var force bool
	cmd := &cobra.Command{
		Use:   "record <file> [--card <card_id>] [--force]",
		Short: "Writes how a real account answers into a file, without anything that is anybody's",
		Long: `
Makes a dozen calls of WeChat's that change nothing, and writes the answers into a file that anybody may see: for those who make
this plugin, to whom no real account is at hand. docs/tried.md says what for.

Of the answers it keeps errcodes, the names of fields, the types and lengths of values, and what is true or false. Every other
value becomes <kind:length>: no phone number, code, ticket, id or address is left. Look at the file all the same before you pass
it on.

It calls WeChat by itself, with the credentials that the running Caddy shares in its store. With token_source stable it
gets its own where there are none; with classic it does not, for that would end the running Caddy's.

The file is not overwritten unless --force says so. The exit status is 0 when it was written, 1 when WeChat could not be asked,
and 2 when the command is not called like this.`,
		Example: `  $ caddy wechat-card record wechat.json
  $ caddy wechat-card record wechat.json --card pjZ8Yt1XGILfi-FUsewpnnolGgZk`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if card != "" && !field.IsCardID(card) {
				return cli.Usagef("'%s' is no card_id", card)
			}
			if _, err := os.Lstat(args[0]); !force && !errors.Is(err, fs.ErrNotExist) {
				return cli.Usagef("%s is there already; --force overwrites it", args[0])
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			doing := func(string) {}
			if terminal.IsTerminal(cmd.ErrOrStderr()) {
				doing = func(path string) { cmd.PrintErrln("  … " + say.T("calling %s", path)) }
			}
			rec, err := Record(ctx, account, card, doing)
			if err != nil {
				return say.Errorf("WeChat cannot be asked: %w", err)
			}
			return write(cmd, args[0], rec)
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVar(&card, "card", "", "A card to ask for; default: the first one that WeChat lists")
	cmd.Flags().BoolVar(&force, "force", false, "Overwrite the file")
	return cli.WithStatus(cmd)
}

// write writes the file.
func write(cmd *cobra.Command, name string, rec *recording.Recording) error {
	raw, err := rec.Marshal()
	if err == nil {
		err = os.WriteFile(name, raw, 0o600)
	}
	if err != nil {
		return say.Errorf("writing %s: %w", name, err)
	}
	fmt.Fprintln(cmd.OutOrStdout(), say.T("%d exchanges are in %s; look at it before you pass it on", len(rec.Exchanges), name))
	return nil
}

// Record makes the calls, and tells doing of each.
func Record(ctx context.Context, account Relayer, card string, doing func(path string)) (*recording.Recording, error) {
	rec := &recording.Recording{Version: recording.Version, Plugin: version.String()}
	found := map[string]string{"card": card}
	var before []byte
	for _, c := range calls {
		doing(c.path)
		answer, x, err := c.make(ctx, account, found)
		if err != nil {
			return nil, err
		}
		x.Same = c.again && string(answer) == string(before)
		before = answer
		rec.Exchanges = append(rec.Exchanges, x)
		if c.learn != nil {
			c.learn(answer, found)
		}
	}
	return rec, nil
}
