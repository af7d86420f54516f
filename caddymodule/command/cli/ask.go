package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/spf13/cobra"
)

// Asking is how a command asks before it does what others notice.
type Asking struct{ yes bool }

// Add gives a command the flag.
func (a *Asking) Add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "Do not ask")
}

// errNobody is that there is nobody to ask.
var errNobody = &UsageError{Err: say.Error("there is no terminal to ask at: look at what would be done, then say --yes")}

// errNotSure ends a command with exit status 1 that nobody said yes to.
var errNotSure = say.Error("nothing was changed")

// Sure asks, and fails unless the answer is yes. input is what the command read already: what comes from standard input
// leaves nobody there to ask.
func (a *Asking) Sure(ctx context.Context, cmd *cobra.Command, input, question string) error {
	if a.yes {
		return nil
	}
	if input == "-" || !terminal.IsTerminal(cmd.InOrStdin()) {
		return errNobody
	}
	return confirm(ctx, cmd.InOrStdin(), cmd.ErrOrStderr(), question)
}

// confirm asks on a terminal. Who interrupts the command has not said yes.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer := make(chan error, 1)
	go func() { answer <- readYes(in) }()
	select {
	case err := <-answer:
		if errors.Is(err, errNobody) {
			fmt.Fprintln(out)
		}
		return err
	case <-ctx.Done():
		fmt.Fprintln(out)
		return errNotSure
	}
}

// readYes reads an answer, and fails unless it is yes.
func readYes(in io.Reader) error {
	var line [64]byte
	n, err := in.Read(line[:])
	if err != nil && n == 0 {
		return errNobody // /dev/null is a device, too
	}
	switch strings.ToLower(strings.TrimSpace(string(line[:n]))) {
	case "y", "yes", "是":
		return nil
	}
	return errNotSure
}
