// Package status is the commands status and refresh, which ask a running Caddy.
package status

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/spf13/cobra"
)

// errSomethingToDo ends a command with exit status 1 where its output has said why.
var errSomethingToDo = say.Error("there is something to do")

// Command is `caddy wechat-card status`.
func Command() *cobra.Command {
	var flags cli.Admin
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [--json] [--address <admin>]",
		Short: "Shows how the credentials stand, and what to do where they do not",
		Long: `
Shows for each account how its access_token and tickets stand in the running Caddy:
✓ it is well, ! it is served but there is something to do, ✗ there is none to serve.

The exit status is 0 when all is well, and 1 when there is something to do or Caddy does not answer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var raw json.RawMessage
			if err := flags.Ask(http.MethodGet, admin.StatusPath, nil, &raw); err != nil {
				return err
			}
			var answer admin.Status
			if err := json.Unmarshal(raw, &answer); err != nil {
				return say.Errorf("reading the answer of the admin API: %w", err)
			}
			out := cmd.OutOrStdout()
			if asJSON {
				fmt.Fprintln(out, strings.TrimSpace(string(raw)))
			} else {
				fmt.Fprint(out, statusTable(answer, time.Now(), terminal.HasColours(out)))
			}
			if Worst(answer) != terminal.Fine {
				cmd.SilenceErrors = true
				return errSomethingToDo
			}
			return nil
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the answer of the admin API, for scripts")
	return cli.WithStatus(cmd)
}
