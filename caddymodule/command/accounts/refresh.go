package accounts

import (
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/status"
	"github.com/spf13/cobra"
)

func refreshCommand() *cobra.Command {
	var flags cli.Admin
	var q admin.RefreshRequest
	cmd := &cobra.Command{
		Use:   "refresh <app_id|alias> [--force] [--address <admin>]",
		Short: "Looks at an account's data anew, and fetches its credentials anew",
		Long: `
Looks at an account's data anew, also where an answer is cached, fetches the credentials of it that are in use anew, whatever failed
before, and shares them with the other machines.

The exit status is 1 when anything could not be refreshed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := path(args[0])
			if err != nil {
				return err
			}
			var answer admin.Refreshed
			err = flags.Ask(http.MethodPost, at+"/refresh", q, &answer)
			if answer.Accounts == nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), status.RefreshTable(cmd.OutOrStdout(), answer))
			if err != nil {
				cmd.SilenceErrors = true
			}
			return err
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&q.Force, "force", false, "Have WeChat replace a stable access_token that is still good")
	return cli.WithStatus(cmd)
}
