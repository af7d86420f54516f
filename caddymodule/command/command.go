// Package command is `caddy wechat-card` with its subcommands.
package command

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/listen"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/status"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/trigger"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/verify"
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// Command is `caddy wechat-card`.
func Command() caddycmd.Command {
	return caddycmd.Command{
		Name:  "wechat-card",
		Usage: "<command> [flags]",
		Short: "Looks after the WeChat card gateway: its credentials, its cards, and what phones refuse",
		Long: `
status, refresh, push, listen, accounts and, unless it has a --ticket, verify ask the running Caddy through its admin API. doctor,
card, form, jump, whitelist and record read a configuration and call WeChat by themselves; trigger reads one and calls the
running Caddy. See the subcommands.`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(status.Command(), status.RefreshCommand(), verify.Command(), push.Command())
			cmd.AddCommand(trigger.Command(), listen.Command(), record.Command(), accounts.Command())
			cmd.AddCommand(doctor.Command(), card.Command(), card.FormCommand(), card.JumpCommand(), card.WhitelistCommand())
			cli.Group(cmd)
			unknown := cmd.RunE
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) == 0 {
					return cmd.Help()
				}
				return unknown(cmd, args)
			}
			say.Help(cmd)
		},
	}
}
