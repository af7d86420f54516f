package card

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/spf13/cobra"
)

// cardCommandsNote is what is true of all commands that call WeChat about cards.
const cardCommandsNote = `
It calls WeChat by itself, with the credentials that the running Caddy shares in its store. With token_source stable it
gets its own where there are none; with classic it does not, for that would end the running Caddy's.`

// exitNote says what the exit statuses are.
const exitNote = `
The exit status is 0 when it is done, 1 when WeChat refused it or nobody said yes, and 2 when the command is not called
like this.`

// maxInput bounds what a command reads: no card has as much.
const maxInput = 1 << 20

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &cli.UsageError{Err: err}
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, say.Errorf("reading %s: %w", name, err)
	case len(raw) > maxInput:
		return nil, cli.Usagef("%s: longer than %d bytes", name, maxInput)
	}
	return raw, nil
}

func checkCardID(id string) error {
	if !field.IsCardID(id) {
		return cli.Usagef("'%s' is no card_id", id)
	}
	return nil
}

// plainError is an error of WeChat's with what it means.
func plainError(err error) error {
	err = observe.UnwrapUnavailable(err)
	f := observe.FailureOf(err)
	if _, ok := errors.AsType[*wechat.Error](err); !ok || f.Hint == "" {
		return err
	}
	return fmt.Errorf("%w\n→ %s", say.Wrap(err), say.Text(f.Hint))
}
