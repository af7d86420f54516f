package accounts

import (
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/spf13/cobra"
)

func removeCommand() *cobra.Command {
	var flags cli.Admin
	var asking cli.Asking
	cmd := &cobra.Command{
		Use:   "remove <app_id> [--yes] [--address <admin>]",
		Short: "Removes an account from the source that has it",
		Long: `
Removes an account from the source that has it. Every Caddy that has the source stops serving it within a second.

Of an account that authorised a component this forgets the refresh token: WeChat is not told, and only the merchant's next
authorisation brings it back. It asks first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !object.IsAppID(args[0]) {
				return cli.Usagef("'%s' is no app_id (wx and 16 hex digits, in lower case)", args[0])
			}
			at := admin.AccountsPath + "/" + args[0]
			var shown admin.ShownAccount
			question := say.T("Remove account %s?", args[0])
			if flags.Ask(http.MethodGet, at, nil, &shown) == nil { // what cannot be shown can be removed, too
				question = say.T("Remove account %s from: %s?", args[0], shown.Source)
			}
			if err := asking.Sure(cmd.Context(), cmd, "", question); err != nil {
				return err
			}
			var removed admin.RemovedAccount
			if err := flags.Ask(http.MethodDelete, at, nil, &removed); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), say.T("%s is removed", removed.Removed))
			return nil
		},
	}
	flags.Add(cmd)
	asking.Add(cmd)
	return cli.WithStatus(cmd)
}
