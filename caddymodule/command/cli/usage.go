package cli

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/spf13/cobra"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// exitUsage is the exit status for a command that was not called as it should be.
const exitUsage = 2

// UsageError says that a command was not called as it should be.
type UsageError struct{ Err error }

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Usagef makes a UsageError, in the language that is spoken.
func Usagef(format string, args ...any) error { return &UsageError{say.Errorf(format, args...)} }

// WithStatus has a command end with exit status 2 where it was not called as it should be, and without its usage
// otherwise. Caddy has no other way to an exit status than its own wrapper. Errors are told in the language that is spoken.
func WithStatus(cmd *cobra.Command) *cobra.Command {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return asUsage(cmd, &UsageError{nearFlag(cmd, err)}) })
	if args := cmd.Args; args != nil {
		cmd.Args = func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				return asUsage(cmd, &UsageError{err})
			}
			return nil
		}
	}
	run := cmd.RunE
	cmd.RunE = func(c *cobra.Command, args []string) error {
		c.SilenceUsage, c.SilenceErrors = true, false
		return asUsage(c, run(c, args))
	}
	return cmd
}

// asUsage gives a usage error its exit status.
func asUsage(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	silent := cmd.SilenceErrors
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	if _, ok := errors.AsType[*UsageError](err); !ok {
		if !silent { // by ourselves, for cobra says "Error" in English
			cmd.PrintErrln(say.T("Error: %s", err))
		}
		return err
	}
	cmd.PrintErrln(say.T("Error: %s", err))
	cmd.PrintErrln(say.T("See: %s --help", cmd.CommandPath()))
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return exitUsage, nil })(cmd, nil)
}
