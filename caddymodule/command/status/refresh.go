package status

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/spf13/cobra"
)

// RefreshCommand is `caddy wechat-card refresh`.
func RefreshCommand() *cobra.Command {
	var flags cli.Admin
	var q admin.RefreshRequest
	kinds := make([]string, len(credential.Kinds))
	for i, kind := range credential.Kinds {
		kinds[i] = string(kind)
	}
	cmd := &cobra.Command{
		Use:   "refresh [--account <name>] [--credential <name>] [--force] [--address <admin>]",
		Short: "Fetches credentials anew, now",
		Long: `
Fetches the credentials that are in use anew, whatever failed before, and shares them with the other machines.

WeChat gives a stable access_token again as long as it is good; --force makes it give a new one, of which there are
20 a day. The old one ends within five minutes.

The exit status is 1 when anything could not be refreshed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Credential != "" && !slices.Contains(credential.Kinds, q.Credential) {
				if near := cli.Nearest(string(q.Credential), kinds); near != "" {
					return cli.Usagef("there is no credential %q; did you mean %s?", q.Credential, near)
				}
				return cli.Usagef("there is no credential %q, but %s", q.Credential, say.List(kinds))
			}
			var answer admin.Refreshed
			err := flags.Ask(http.MethodPost, admin.RefreshPath, q, &answer)
			out := cmd.OutOrStdout()
			if answer.Accounts == nil {
				return err
			}
			fmt.Fprint(out, refreshTable(answer, time.Now(), terminal.HasColours(out)))
			if err != nil {
				cmd.SilenceErrors = true
			}
			return err
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVar(&q.Account, "account", "", "The account; default: all")
	cmd.Flags().StringVar((*string)(&q.Credential), "credential", "", fmt.Sprintf("One of %s; default: all that are in use", strings.Join(kinds, ", ")))
	cmd.Flags().BoolVar(&q.Force, "force", false, "Have WeChat replace a stable access_token that is still good")
	return cli.WithStatus(cmd)
}
