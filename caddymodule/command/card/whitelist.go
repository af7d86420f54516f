package card

import (
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/spf13/cobra"
)

// maxTesters is how many users WeChat's test white list takes.
const maxTesters = 10

// WhitelistCommand is `caddy wechat-card whitelist`.
func WhitelistCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "whitelist <add>",
		Short: "Lets users have cards that are not approved yet",
	}
	cmd.AddCommand(whitelistAddCommand())
	return cli.Group(cmd)
}

func whitelistAddCommand() *cobra.Command {
	var flags cli.Account
	cmd := &cobra.Command{
		Use:   "add <openid|username>...",
		Short: "Lets users have cards that are not approved yet",
		Long: `
Puts users on the account's test white list (/card/testwhitelist/set): by their openid at the official account (o…, 28
characters) or by their WeChat id (微信号). The list has room for ten. WeChat does not document whether those who were on
it before stay, so name all who are to test. Customers see nothing of it, and nobody is asked.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card whitelist add oZ8Yt1XGILfi-FUsewpnnolGgZk0 wx_tester`,
		Args:    cobra.RangeArgs(1, maxTesters),
		RunE: func(cmd *cobra.Command, args []string) error {
			var openIDs, userNames []string
			for _, arg := range args {
				if field.IsOpenID(arg) {
					openIDs = append(openIDs, arg)
				} else if fault := field.FaultOf(arg); fault != "" || arg == "" {
					return cli.Usagef("%q is neither an openid nor a WeChat id", arg)
				} else {
					userNames = append(userNames, arg)
				}
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			if err := account.SetTestWhitelist(ctx, openIDs, userNames); err != nil {
				return plainError(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), say.T("on the list: %d by openid, %d by WeChat id", len(openIDs), len(userNames)))
			return nil
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolP("yes", "y", false, "As with the other commands; here nobody is asked anyway")
	return cli.WithStatus(cmd)
}
