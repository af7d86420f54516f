// Package listen is the command listen: what WeChat pushes and what the backend answers, as it happens.
package listen

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/spf13/cobra"
)

// Command is `caddy wechat-card listen`.
func Command() *cobra.Command {
	var flags cli.Admin
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "listen [--json] [--address <admin>]",
		Short: "Shows what WeChat pushes and what the backend answers, as it happens",
		Long: `
Shows each message that WeChat pushes, in plain, and what the backend answered to it, until it is interrupted. The messages hold
openids and card codes: mind who looks on. Those of a third-party platform, which hold its tickets, are not shown.

It listens to the Caddy of this machine; the other machines of a fleet get messages, too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for tries := 0; ; tries++ {
				resp, err := flags.Stream(admin.ListenPath)
				if err != nil {
					if tries == 0 || tries > 10 {
						return err
					}
					time.Sleep(time.Second) // it is reloading, or starting again
					continue
				}
				if tries == 0 {
					cmd.PrintErrln(say.T("listening; press Ctrl-C to end"))
				}
				tries = 0
				err = show(cmd.OutOrStdout(), resp.Body, asJSON)
				_ = resp.Body.Close()
				if err != nil || cmd.Context().Err() != nil {
					return err
				}
				time.Sleep(100 * time.Millisecond) // a reload ends the stream
			}
		},
	}
	flags.Add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print a line of JSON for each message, for scripts")
	return cli.WithStatus(cmd)
}

// show prints what comes, until nothing does any more. The error is that of printing.
func show(out io.Writer, stream io.Reader, asJSON bool) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 8*push.MaxBody)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		text := line
		if !asJSON {
			var heard observe.Heard
			if json.Unmarshal([]byte(line), &heard) != nil {
				continue
			}
			text = describe(&heard, terminal.HasColours(out))
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return nil
}

// describe is a message for people.
func describe(h *observe.Heard, colours bool) string {
	mark := terminal.Fine
	if !h.Accepted {
		mark = terminal.Bad
	}
	sign := mark.String()
	if colours {
		sign = mark.Colour() + sign + terminal.ColourOff
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  %s  %s\n", h.Time.Local().Format(time.DateTime), terminal.Printable(h.Account), terminal.Printable(h.Event), terminal.Printable(h.CardID))
	b.WriteString(indented(h.Message))
	answer := say.T("the backend answered %d in %d ms", h.Status, h.Millis)
	if h.Status == 0 {
		answer = say.T("the backend did not answer, in %d ms", h.Millis)
	}
	fmt.Fprintf(&b, "  %s  %s\n", sign, answer)
	if h.Answer != "" {
		b.WriteString(indented(h.Answer))
	}
	if h.Error != "" {
		b.WriteString("      → " + terminal.Printable(say.Text(h.Error)) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// indented is a text of several lines, below what it belongs to.
func indented(text string) string {
	return "      " + strings.ReplaceAll(terminal.PrintableLines(text), "\n", "\n      ") + "\n"
}
