package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
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

func cardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "card <get|create|update>",
		Short: "Shows, makes and changes cards",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("want get, create or update")
		},
	}
	cmd.AddCommand(cardGetCommand(), cardCreateCommand(), cardUpdateCommand())
	return withStatus(cmd)
}

func cardGetCommand() *cobra.Command {
	var flags accountFlags
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
			ctx, account, done, err := flags.one(cmd)
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
	flags.add(cmd)
	return withStatus(cmd)
}

func cardCreateCommand() *cobra.Command {
	var flags accountFlags
	var ask asking
	cmd := &cobra.Command{
		Use:   "create <file>|- [--yes]",
		Short: "Makes a card",
		Long: `
Makes a card from JSON in a file, or from standard input: what /card/create takes, {"card":{"card_type":…,…}}, or what
card get prints. A color may be a name (Color010) or the value that card get prints for it (#63b359). It prints the
card's id.

WeChat reviews a new card before anybody but the users of the test white list gets it. Since 2021 no ordinary coupons are
made any more, and member cards only by merchants of certain categories.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card card create card.json
  $ jq '.member_card.base_info.title = "新会员卡"' card.json | caddy wechat-card card create - --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := readInput(cmd, args[0])
			if err != nil {
				return err
			}
			card, err := cards.Parse(raw)
			if err != nil {
				return usagef("%s: %w", args[0], err)
			}
			ctx, account, done, err := flags.one(cmd)
			if err != nil {
				return err
			}
			defer done()
			request, err := card.CreateRequest(account.Colours(ctx))
			if err != nil {
				return usagef("%s: %w", args[0], err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "a new %s %s of %s\n", card.Type, card.Text("title"), account.AppID())
			if err := ask.sure(ctx, cmd, args[0], "Make this card?"); err != nil {
				return err
			}
			id, err := account.CreateCard(ctx, request)
			if err != nil {
				return plainError(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), id)
			return nil
		},
	}
	flags.add(cmd)
	ask.add(cmd)
	return withStatus(cmd)
}

func cardUpdateCommand() *cobra.Command {
	var flags accountFlags
	var ask asking
	cmd := &cobra.Command{
		Use:   "update <card_id> <file>|- [--yes]",
		Short: "Changes a card",
		Long: `
Makes a card be as JSON says, in a file or from standard input: the whole card as card get prints it, edited, or only what
is to be different, {"base_info":{"title":"…"}}. It fetches the card, shows the difference, asks, and sends only what is
different. Id, status and stock are left alone. A color may be a name (Color010) or the value that card get prints
for it (#63b359).

Customers see a change at once, or WeChat reviews the card again (send_check), and until it has passed nobody gets it.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card card update pjZ8Yt1XGILfi-FUsewpnnolGgZk card.json
  $ echo '{"member_card":{"wx_activate":true}}' | caddy wechat-card card update pjZ8Yt1XGILfi-FUsewpnnolGgZk - --yes`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCardID(args[0]); err != nil {
				return err
			}
			raw, err := readInput(cmd, args[1])
			if err != nil {
				return err
			}
			ctx, account, done, err := flags.one(cmd)
			if err != nil {
				return err
			}
			defer done()
			return changeCard(ctx, cmd, account, args[0], args[1], &ask, func(card cards.Card) (map[string]any, error) {
				wanted, err := cards.ParseUpdate(raw, card.Type)
				if err != nil {
					err = usagef("%s: %w", args[1], err)
				}
				return wanted, err
			})
		},
	}
	flags.add(cmd)
	ask.add(cmd)
	return withStatus(cmd)
}

// changeCard makes a card be as want says, after showing the difference and asking. input names where want comes from.
func changeCard(ctx context.Context, cmd *cobra.Command, account *plugin.Account, cardID, input string, ask *asking,
	want func(cards.Card) (map[string]any, error),
) error {
	_, card, err := account.Card(ctx, cardID)
	if err != nil {
		return plainError(err)
	}
	wanted, err := want(card)
	if err != nil {
		return err
	}
	changes, err := card.Diff(wanted, account.Colours(ctx))
	if err != nil {
		return usagef("%w", err)
	}
	out := cmd.OutOrStdout()
	if len(changes) == 0 {
		fmt.Fprintln(out, "the card is like this already")
		return nil
	}
	showChanges(out, cardID, card, changes)
	question := "Change the card at WeChat? Customers see it at once, or WeChat reviews the card again, and until it has passed nobody gets it."
	if err := ask.sure(ctx, cmd, input, question); err != nil {
		return err
	}
	inReview, err := account.UpdateCard(ctx, card.UpdateRequest(cardID, changes))
	switch {
	case err != nil:
		return plainError(err)
	case inReview:
		fmt.Fprintln(out, "changed; the card is in review (send_check), and nobody gets it until it has passed (event card_pass_check)")
	default:
		fmt.Fprintln(out, "changed")
	}
	return nil
}

// showChanges prints what an update changes.
func showChanges(out io.Writer, cardID string, card cards.Card, changes []cards.Change) {
	before, after, off := "", "", ""
	if hasColours(out) {
		before, after, off = markBad.colour(), markFine.colour(), colourOff
	}
	fmt.Fprintf(out, "%s  %s %s  %s\n", cardID, card.Type, card.Text("title"), card.Text("status"))
	for _, c := range changes {
		fmt.Fprintf(out, "  %s\n", c.Field)
		if c.Old != nil {
			fmt.Fprintf(out, "    %s- %s%s\n", before, cards.Show(c.Old), off)
		}
		fmt.Fprintf(out, "    %s+ %s%s\n", after, cards.Show(c.New), off)
	}
}

// maxInput bounds what a command reads: no card has as much.
const maxInput = 1 << 20

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &usageError{err}
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", name, err)
	case len(raw) > maxInput:
		return nil, usagef("%s: longer than %d bytes", name, maxInput)
	}
	return raw, nil
}

func checkCardID(id string) error {
	if !isCardID(id) {
		return usagef("'%s' is no card_id", id)
	}
	return nil
}

// plainError is an error of WeChat's with what it means.
func plainError(err error) error {
	err = unwrapUnavailable(err)
	f := failureOf(err)
	if _, ok := errors.AsType[*wechat.Error](err); !ok || f.Hint == "" {
		return err
	}
	return fmt.Errorf("%w\n→ %s", err, f.Hint)
}

// asking is how a command asks before it changes anything.
type asking struct{ yes bool }

func (a *asking) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "Do not ask")
}

// errNobody is that there is nobody to ask.
var errNobody = usagef("there is no terminal to ask at: look at what would be done, then say --yes")

// errNotSure ends a command with exit status 1 that nobody said yes to.
var errNotSure = errors.New("nothing was changed")

// sure asks, and fails unless the answer is yes. input is what the command read already: what comes from standard input
// leaves nobody there to ask.
func (a *asking) sure(ctx context.Context, cmd *cobra.Command, input, question string) error {
	if a.yes {
		return nil
	}
	if input == "-" || !isTerminal(cmd.InOrStdin()) {
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
