package card

import (
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/spf13/cobra"
)

// JumpCommand is `caddy wechat-card jump`.
func JumpCommand() *cobra.Command {
	var flags cli.Account
	var ask cli.Asking
	targets, titles := make(map[string]*string), make(map[string]*string)
	cmd := &cobra.Command{
		Use:   "jump <card_id> [--custom <target>] [--center <target>] [--promotion <target>] [--activate <target>] [--yes]",
		Short: "Has the entries of a card lead into a mini program",
		Long: `
Sets where a card leads: a target is <original id>@app:<page>, the mini program's original id (原始ID, gh_…) with @app, and
the path of the page. The mini program has to be bound to the official account. URLs that the card has stay, for clients
that know no mini programs.

  --custom     the custom entrance (custom_url_name), below the card
  --center     the button in the middle (center_title)
  --promotion  the marketing entrance (promotion_url_name)
  --activate   where a member card is activated, instead of activate_url

It writes custom_, center_ and promotion_app_brand_user_name and _pass (base_info), and activate_app_brand_user_name and
_pass (member_card), for every type of card; but first it shows the difference, and asks.

Customers see a change at once, or WeChat reviews the card again (send_check), and until it has passed nobody gets it.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card jump pjZ8Yt1XGILfi-FUsewpnnolGgZk --custom gh_86a091e50ad4@app:pages/card --custom-title 立即使用
  $ caddy wechat-card jump pjZ8Yt1XGILfi-FUsewpnnolGgZk --activate gh_86a091e50ad4@app:pages/activate --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCardID(args[0]); err != nil {
				return err
			}
			to, text := make(map[string]cards.Target), make(map[string]string)
			var names []string
			for _, e := range cards.Entries {
				if cmd.Flags().Changed(e.Name) {
					target, err := cards.ParseTarget(*targets[e.Name])
					if err != nil {
						return cli.Usagef("--%s: %w", e.Name, err)
					}
					to[e.Name] = target
					names = append(names, e.Name)
				}
				if e.Title != "" && cmd.Flags().Changed(e.Name+"-title") {
					text[e.Name] = *titles[e.Name]
				}
			}
			if len(to)+len(text) == 0 {
				return cli.Usagef("nothing is to be set: name an entry")
			}
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			return changeCard(ctx, cmd, account, args[0], "", &ask, func(card cards.Card) (map[string]any, error) {
				for _, e := range card.Untitled(names) {
					if _, ok := text[e.Name]; !ok {
						fmt.Fprintln(cmd.ErrOrStderr(), say.T("! the card has no %s, the text of this entry: set it with --%s-title", e.Title, e.Name))
					}
				}
				wanted, err := card.Jump(to, text)
				if err != nil {
					err = &cli.UsageError{Err: err}
				}
				return wanted, err
			})
		},
	}
	for _, e := range cards.Entries {
		targets[e.Name] = cmd.Flags().String(e.Name, "", "Where the entry leads: gh_…@app:<page>")
		if e.Title != "" {
			titles[e.Name] = cmd.Flags().String(e.Name+"-title", "", "The text of the entry ("+e.Title+")")
		}
	}
	flags.Add(cmd)
	ask.Add(cmd)
	return cli.WithStatus(cmd)
}
