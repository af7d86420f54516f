package card

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/spf13/cobra"
)

func cardGetCommand() *cobra.Command {
	var flags cli.Account
	cmd := &cobra.Command{
		Use:   "get <card_id>",
		Short: "Prints a card as JSON, as WeChat has it",
		Long: `
Prints what /card/get answers: {"card_type":"MEMBER_CARD","member_card":{"base_info":{…},…}}. Edited, that is what
caddy wechat-card card update takes.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card card get pjZ8Yt1XGILfi-FUsewpnnolGgZk > card.json`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCardID(args[0]); err != nil {
				return err
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			raw, _, err := account.Card(ctx, args[0])
			if err != nil {
				return plainError(err)
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, raw, "", "  "); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), indented.String())
			return nil
		},
	}
	flags.Add(cmd)
	return cli.WithStatus(cmd)
}
