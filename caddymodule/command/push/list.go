package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
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
				return say.Errorf("reading the answer of the admin API: %w", err)
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
		return say.T("no message is kept") + "\n"
	}
	rows := [][]string{{say.T("ID"), say.T("ACCOUNT"), say.T("EVENT"), say.T("CARD"), say.T("TIME"), say.T("TRIES"), say.T("STATUS")}}
	for _, m := range list {
		rows = append(rows, []string{
			m.ID, dash(m.Account), dash(m.Event), dash(m.CardID), m.Time.Local().Format(time.DateTime), strconv.Itoa(m.Tries), strconv.Itoa(m.LastStatus),
		})
	}
	return terminal.Columns(rows)
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return terminal.Printable(text)
}
