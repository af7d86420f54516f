package doctor

import (
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/spf13/cobra"
)

// errWrong ends doctor with exit status 1 where its output has said why.
var errWrong = say.Error("something is wrong")

// Command is `caddy wechat-card doctor`.
func Command() *cobra.Command {
	var flags cli.Account
	var cardIDs []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [--config <path>] [--account <name>] [--card <card_id>]... [--json]",
		Short: "Finds out, with WeChat, what a configuration does not show",
		Long: `
Reads the configuration as caddy validate does, and finds out what cannot be seen from it: whether WeChat's hosts answer
and clocks agree, whether the store works, whether requests reach the actions, and strangers a relay, whether WeChat takes app_id, app_secret and
calls from this machine, whether quota is left, and whether the cards of the routes are what the routes need: of this account, approved, in stock, with
the codes that are sent, fit for the member-card component, and leading into the mini program.

✓ it is well, ! somebody should look at it, ✗ it does not work. It only reads: it never forces a refresh, and with
token_source classic it takes the access_token from the store and fetches none, which would end that of the running Caddy.
Run it on the machine and as the user that Caddy runs on and as.

The exit status is 0 when nothing is wrong, 1 when something is, and 2 when the command is not called like this.`,
		Example: `  $ caddy wechat-card doctor
  $ caddy wechat-card doctor --config Caddyfile.example --account default
  $ caddy wechat-card doctor --json | jq '.checks[] | select(.status == "wrong")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, id := range cardIDs {
				if !field.IsCardID(id) {
					return cli.Usagef("'%s' is no card_id", id)
				}
			}
			ctx, stop := cli.UntilInterrupted(cmd)
			defer stop()
			d := &checkup{cards: cardIDs}
			if asJSON {
				d.say, d.doing = func(checkResult) {}, func(string) {}
			} else {
				p := newDoctorPrinter(cmd.OutOrStdout(), cmd.ErrOrStderr())
				d.say, d.doing = p.say, p.doing
			}
			err := d.run(ctx, &flags)
			d.doing("")
			if err != nil {
				return err
			}
			if asJSON {
				err = writeChecks(cmd.OutOrStdout(), d.results)
			} else {
				fmt.Fprintln(cmd.OutOrStdout(), d.summary())
			}
			if err == nil && d.worst() == doctor.Wrong {
				cmd.SilenceErrors = true
				err = errWrong
			}
			return err
		},
	}
	flags.Add(cmd)
	cmd.Flag("account").Usage = "The account of the configuration; default: all"
	cmd.Flags().StringArrayVar(&cardIDs, "card", nil, "Another card to look at, for routes that list *")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the findings as JSON, for scripts")
	return cli.WithStatus(cmd)
}
