// Package record is the command record: how a real account's WeChat answers, written down without anything that is anybody's.
package record

import (
	"cmp"
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

The file is not overwritten unless --force says so. What WeChat does not answer to is left out of it, and named. The exit status is 0
when all is in it, 1 when something is missing or WeChat could not be asked, and 2 when the command is not called like this.`,
		Example: `  $ caddy wechat-card record wechat.json
  $ caddy wechat-card record wechat.json --card pjZ8Yt1XGILfi-FUsewpnnolGgZk`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if card != "" && !field.IsCardID(card) {
				return cli.Usagef("'%s' is no card_id", card)
			}
			if args[0] == "-" {
				return cli.Usagef("- is no file: name one, and look at it before you pass it on")
			}
			_, err := os.Lstat(args[0])
			isNew := errors.Is(err, fs.ErrNotExist)
			if !force && !isNew {
				return cli.Usagef("%s is there already; --force overwrites it", args[0])
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			file, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE, 0o600) // before the first call: who waits for a dozen wants the file
			if err != nil {
				return say.Errorf("writing %s: %w", args[0], err)
			}
			defer file.Close()
			doing := func(string) {}
			if terminal.IsTerminal(cmd.ErrOrStderr()) {
				doing = func(path string) { cmd.PrintErrln("  … " + say.T("calling %s", path)) }
			}
			rec, missing, err := Record(ctx, account, card, doing)
			if len(rec.Exchanges) == 0 {
				if isNew {
					_ = os.Remove(args[0]) // nothing is in it
				}
				return say.Errorf("WeChat cannot be asked: %w", err)
			}
			if err := write(cmd, file, rec); err != nil {
				return err
			}
			if err != nil {
				return say.Errorf("no answer was recorded of %s: %w", say.List(missing), err)
			}
			return nil
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVar(&card, "card", "", "A card to ask for; default: the first one that WeChat lists")
	cmd.Flags().BoolVar(&force, "force", false, "Overwrite the file")
	return cli.WithStatus(cmd)
}

// write writes the file, in the place of all that is in it.
func write(cmd *cobra.Command, file *os.File, rec *recording.Recording) error {
	raw, err := rec.Marshal()
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.Write(raw)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return say.Errorf("writing %s: %w", file.Name(), err)
	}
	fmt.Fprintln(cmd.OutOrStdout(), say.T("%d exchanges are in %s; look at it before you pass it on", len(rec.Exchanges), file.Name()))
	return nil
}

// maxSilence is how many calls in a row may go without an answer before the others are not made either.
const maxSilence = 3

// Record makes the calls, and tells doing of each. missing names those that had no answer, with the error of the first.
func Record(ctx context.Context, account Relayer, card string, doing func(path string)) (rec *recording.Recording, missing []string, first error) {
	rec = &recording.Recording{Version: recording.Version, Plugin: version.String()}
	found := map[string]string{"card": card}
	var before []byte
	silence := 0
	for _, c := range calls {
		if silence == maxSilence || ctx.Err() != nil || c.again && before == nil { // nothing to compare it with
			missing = append(missing, c.name)
			first = cmp.Or(first, ctx.Err())
			continue
		}
		doing(c.path)
		answer, x, err := c.make(ctx, account, found)
		if err != nil {
			missing = append(missing, c.name)
			first = cmp.Or(first, err)
			before = nil
			silence++
			continue
		}
		silence = 0
		x.Same = c.again && string(answer) == string(before)
		before = answer
		rec.Exchanges = append(rec.Exchanges, x)
		if c.learn != nil {
			c.learn(answer, found)
		}
	}
	return rec, missing, first
}
