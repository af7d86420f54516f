package accounts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/spf13/cobra"
)

func listCommand() *cobra.Command {
	var flags cli.Admin
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [--json] [--address <admin>]",
		Short: "Lists the accounts that are data, sorted by app_id",
		Long: `
Lists the accounts of all sources, sorted by app_id: alias, source, and whether requests of the last day used them in the
running Caddy. Of accounts behind a URL only that server knows the list. Nothing secret is shown.

The exit status is 1 when a source, or the data of an account, could not be read; the others are listed all the same.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var raw json.RawMessage
			failed := flags.Ask(http.MethodGet, admin.AccountsPath, nil, &raw)
			var answer admin.DataAccounts
			if raw == nil {
				return failed
			}
			if err := json.Unmarshal(raw, &answer); err != nil {
				return say.Errorf("reading the answer of the admin API: %w", err)
			}
			if answer.Accounts == nil {
				return failed
			}
			if asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(string(raw)))
			} else {
				fmt.Fprint(cmd.OutOrStdout(), table(answer))
			}
			return failed
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the answer of the admin API, for scripts")
	return cli.WithStatus(cmd)
}

// table is the list for people.
func table(answer admin.DataAccounts) string {
	var b strings.Builder
	if len(answer.Accounts) == 0 {
		b.WriteString(say.T("no account is data") + "\n")
	} else {
		rows := append(make([][]string, 0, 1+len(answer.Accounts)), []string{"APP_ID", say.T("ALIAS"), say.T("IN USE"), say.T("SOURCE")})
		for _, a := range answer.Accounts {
			used := "–"
			if a.InUse {
				used = terminal.Fine.String()
			}
			alias := a.Alias
			if alias == "" {
				alias = "–"
			}
			rows = append(rows, []string{terminal.Printable(a.AppID), terminal.Printable(alias), used, terminal.Printable(a.Source)})
		}
		b.WriteString(terminal.Columns(rows))
	}
	for _, source := range answer.Sources {
		if strings.HasPrefix(source, "http ") {
			b.WriteString(say.T("what %s has is not listed", terminal.Printable(source)) + "\n")
		}
	}
	return b.String()
}
