package card

import (
	"context"
	"fmt"
	"io"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/spf13/cobra"
)

func cardCreateCommand() *cobra.Command {
	var flags cli.Account
	var ask cli.Asking
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
				return cli.Usagef("%s: %w", args[0], err)
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			request, err := card.CreateRequest(account.Colours(ctx))
			if err != nil {
				return cli.Usagef("%s: %w", args[0], err)
			}
			fmt.Fprintln(cmd.ErrOrStderr(), say.T("a new %s %s of %s", card.Type, card.Text("title"), account.AppID()))
			if err := ask.Sure(ctx, cmd, args[0], say.T("Make this card?")); err != nil {
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
	flags.Add(cmd)
	ask.Add(cmd)
	return cli.WithStatus(cmd)
}

func cardUpdateCommand() *cobra.Command {
	var flags cli.Account
	var ask cli.Asking
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
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			return changeCard(ctx, cmd, account, args[0], args[1], &ask, func(card cards.Card) (map[string]any, error) {
				wanted, err := cards.ParseUpdate(raw, card.Type)
				if err != nil {
					err = cli.Usagef("%s: %w", args[1], err)
				}
				return wanted, err
			})
		},
	}
	flags.Add(cmd)
	ask.Add(cmd)
	return cli.WithStatus(cmd)
}

// changeCard makes a card be as want says, after showing the difference and asking. input names where want comes from.
func changeCard(ctx context.Context, cmd *cobra.Command, account *plugin.Account, cardID, input string, ask *cli.Asking,
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
		return cli.Usagef("%w", err)
	}
	out := cmd.OutOrStdout()
	if len(changes) == 0 {
		fmt.Fprintln(out, say.T("the card is like this already"))
		return nil
	}
	showChanges(out, cardID, card, changes)
	question := say.T("Change the card at WeChat? Customers see it at once, or WeChat reviews the card again, and until it has passed nobody gets it.")
	if err := ask.Sure(ctx, cmd, input, question); err != nil {
		return err
	}
	inReview, err := account.UpdateCard(ctx, card.UpdateRequest(cardID, changes))
	switch {
	case err != nil:
		return plainError(err)
	case inReview:
		fmt.Fprintln(out, say.T("changed; the card is in review (send_check), and nobody gets it until it has passed (event card_pass_check)"))
	default:
		fmt.Fprintln(out, say.T("changed"))
	}
	return nil
}

// showChanges prints what an update changes.
func showChanges(out io.Writer, cardID string, card cards.Card, changes []cards.Change) {
	before, after, off := "", "", ""
	if terminal.HasColours(out) {
		before, after, off = terminal.Bad.Colour(), terminal.Fine.Colour(), terminal.ColourOff
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
