// Package push is the command push, which lists the messages of WeChat's that no backend has accepted, and brings them again.
package push

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/spf13/cobra"
)

// Command is `caddy wechat-card push`.
func Command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push <list|replay>",
		Short: "Lists messages of WeChat's that no backend has accepted, and brings them again",
		Long: `
Where a route's message_push says "keep <n>", messages that the backend does not accept are kept, sealed, for up to seven
days. WeChat itself gives up much earlier.`,
	}
	cmd.AddCommand(listCommand(), replayCommand())
	return cli.Group(cmd)
}
