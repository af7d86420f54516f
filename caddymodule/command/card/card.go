// Package card is the commands that look at cards and change them: card, form, jump and whitelist.
package card

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/spf13/cobra"
)

// Command is `caddy wechat-card card`.
func Command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "card <get|create|update>",
		Short: "Shows, makes and changes cards",
	}
	cmd.AddCommand(cardGetCommand(), cardCreateCommand(), cardUpdateCommand())
	return cli.Group(cmd)
}
