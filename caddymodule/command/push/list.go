package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/spf13/cobra"
)

// listCommand is `caddy wechat-card push list`.
func listCommand() *cobra.Command {
	var flags cli.Admin
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [--json] [--address <admin>]",
		Short: "Lists the messages that no backend has accepted, the oldest first",
		Long: `
Lists the messages that are kept because no backend has accepted them, the oldest first: id, account, event, card, when
each failed first, how often it has failed, and the status that the backend answered with last (0: none). Their text is
not shown.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var raw json.RawMessage
			if err := flags.Ask(http.MethodGet, admin.PushesPath, nil, &raw); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				fmt.Fprintln(out, strings.TrimSpace(string(raw)))
				return nil
			}
			var list []admin.KeptPush
			if err := json.Unmarshal(raw, &list); err != nil {
				return fmt.Errorf("reading the answer of the admin API: %w", err)
			}
			fmt.Fprint(out, listTable(list))
			return nil
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print an array, for scripts")
	return cli.WithStatus(cmd)
}

// listTable is the list for people.
func listTable(list []admin.KeptPush) string {
	if len(list) == 0 {
		return "no message is kept\n"
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tACCOUNT\tEVENT\tCARD\tTIME\tTRIES\tSTATUS")
	for _, m := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n", m.ID, dash(m.Account), dash(m.Event), dash(m.CardID), m.Time.Local().Format(time.DateTime), m.Tries, m.LastStatus)
	}
	_ = t.Flush() // a strings.Builder takes everything
	return b.String()
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return terminal.Printable(text)
}
