package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/spf13/cobra"
)

func addCommand() *cobra.Command {
	var flags cli.Admin
	var source string
	cmd := &cobra.Command{
		Use:   "add <file|-> [--source <name>] [--address <admin>]",
		Short: "Writes an account, in the place of what there is of it",
		Long: `
Writes the account whose JSON object is in a file or comes from standard input into a source: the one that has it, or else the first
one that takes accounts, unless --source says which. Every Caddy that has the source serves it within a second.

The object has "app_id", "app_secret" and what else docs/reference/global-option.md lists. Of an account that authorised a component it
has "app_id" and what is set beside the authorisation: "alias", "key", "mini_program", "limit". A value may be sealed before, by accounts seal.`,
		Example: `  $ caddy wechat-card accounts add wx5a6d8b2c4e1f3a70.json`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := read(cmd, args[0], object.MaxSize)
			if err != nil {
				return err
			}
			raw = bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
			var named struct {
				AppID string `json:"app_id"`
			}
			if err := json.Unmarshal(raw, &named); err != nil || !object.IsAppID(named.AppID) {
				return cli.Usagef("%s is no JSON object with an app_id (wx and 16 hex digits, in lower case)", args[0])
			}
			at := admin.AccountsPath + "/" + named.AppID
			if source != "" {
				at += "?source=" + url.QueryEscape(source)
			}
			var written admin.ShownAccount
			if err := flags.Ask(http.MethodPut, at, json.RawMessage(raw), &written); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), say.T("%s is written to: %s", written.AppID, terminal.Printable(written.Source)))
			return nil
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVar(&source, "source", "", `The source, as accounts list names it, such as "file /etc/caddy/accounts"`)
	return cli.WithStatus(cmd)
}
