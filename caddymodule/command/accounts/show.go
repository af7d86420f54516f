package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/spf13/cobra"
)

func showCommand() *cobra.Command {
	var flags cli.Admin
	cmd := &cobra.Command{
		Use:   "show <app_id|alias> [--address <admin>]",
		Short: "Shows one account as JSON, without its secrets",
		Long: `
Shows what an account's source has of it just now, as JSON: which secrets there are, never the secrets; with a component what the
merchant has granted; and how its credentials stand where the running Caddy has it in use.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := path(args[0])
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if err := flags.Ask(http.MethodGet, at, nil, &raw); err != nil {
				return err
			}
			return printJSON(cmd, raw)
		},
	}
	flags.Add(cmd)
	return cli.WithStatus(cmd)
}

// printJSON prints JSON in lines.
func printJSON(cmd *cobra.Command, raw json.RawMessage) error {
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(raw), "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), indented.String())
	return nil
}
