package push

import (
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/spf13/cobra"
)

// errNotAccepted ends a command with exit status 1 where its output has said why.
var errNotAccepted = say.Error("not all messages were accepted")

// replayCommand is `caddy wechat-card push replay`.
func replayCommand() *cobra.Command {
	var flags cli.Admin
	var q admin.ReplayRequest
	cmd := &cobra.Command{
		Use:   "replay <id>…|--all [--address <admin>]",
		Short: "Brings messages again that no backend has accepted",
		Long: `
Brings messages to the backend again, one after the other, through the route that received them, as if WeChat pushed them
once more. What is accepted now is not kept any longer. Replies are not sent to users: WeChat waits no more.

The exit status is 0 when all were accepted.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if q.All == (len(ids) > 0) {
				return cli.Usagef("name messages by their ids, or all of them by --all")
			}
			q.IDs = ids
			var answer admin.Replayed
			err := flags.Ask(http.MethodPost, admin.ReplayPath, q, &answer)
			if answer.Pushes == nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(answer.Pushes) == 0 {
				fmt.Fprintln(out, say.T("no message is kept"))
			}
			for _, m := range answer.Pushes {
				mark, text := terminal.Fine, say.T("accepted")
				if !m.Accepted {
					mark, text = terminal.Bad, say.Text(m.Error)
					err = errNotAccepted
				}
				fmt.Fprintf(out, "%s  %s  %s\n", mark, terminal.Printable(m.ID), terminal.Printable(text))
			}
			if err != nil {
				cmd.SilenceErrors = true
			}
			return err
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&q.All, "all", false, "Bring all messages that are kept")
	return cli.WithStatus(cmd)
}
