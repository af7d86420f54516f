package accounts

import (
	"fmt"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/spf13/cobra"
)

func sealCommand() *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use:   "seal --key-file <file>",
		Short: "Seals a value for an account's data",
		Long: `
Reads a value from standard input, such as an app_secret, and prints what stands for it in an account's data: "sealed:" and base64. The
gateway opens it with the same key, which "seal_key" in the global option has. White space around the value and the key goes.

The key has 32 characters at least; openssl rand -base64 32 prints one.`,
		Example: `  $ caddy wechat-card accounts seal --key-file /run/secrets/seal_key < app_secret`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keyFile == "" {
				return cli.Usagef("--key-file is missing: the file with the seal_key of the configuration")
			}
			key, err := read(cmd, keyFile, object.MaxSize)
			if err != nil {
				return err
			}
			keys, err := sealed.New(strings.TrimSpace(string(key)))
			if err != nil {
				return &cli.UsageError{Err: err}
			}
			value, err := read(cmd, "-", object.MaxSize)
			if err != nil {
				return err
			}
			text, err := keys.Seal(strings.TrimSpace(string(value)))
			if err != nil {
				return &cli.UsageError{Err: err}
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			return nil
		},
	}
	cmd.Flags().StringVar(&keyFile, "key-file", "", "A file that holds the seal_key of the configuration")
	return cli.WithStatus(cmd)
}
