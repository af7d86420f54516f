package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/spf13/cobra"
)

func jumpCommand() *cobra.Command {
	var flags accountFlags
	var ask asking
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
						return usagef("--%s: %w", e.Name, err)
					}
					to[e.Name] = target
					names = append(names, e.Name)
				}
				if e.Title != "" && cmd.Flags().Changed(e.Name+"-title") {
					text[e.Name] = *titles[e.Name]
				}
			}
			if len(to)+len(text) == 0 {
				return usagef("nothing is to be set: name an entry")
			}
			ctx, account, done, err := flags.one(cmd)
			if err != nil {
				return err
			}
			defer done()
			return changeCard(ctx, cmd, account, args[0], "", &ask, func(card cards.Card) (map[string]any, error) {
				for _, e := range card.Untitled(names) {
					if _, ok := text[e.Name]; !ok {
						fmt.Fprintf(cmd.ErrOrStderr(), "! the card has no %s, the text of this entry: set it with --%s-title\n", e.Title, e.Name)
					}
				}
				wanted, err := card.Jump(to, text)
				if err != nil {
					err = &usageError{err}
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
	flags.add(cmd)
	ask.add(cmd)
	return withStatus(cmd)
}

func formCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "form <set>",
		Short: "Sets what users fill in to get a member card",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return usagef("want set") },
	}
	cmd.AddCommand(formSetCommand())
	return withStatus(cmd)
}

func formSetCommand() *cobra.Command {
	var flags accountFlags
	var ask asking
	var form cards.Form
	cmd := &cobra.Command{
		Use:   "set <card_id> [<file>|-] [--required <field>...] [--optional <field>...] [--yes]",
		Short: "Sets what users fill in to get a member card",
		Long: `
Sets the form of a one-tap member card (wx_activate), without which the member-card component does not open: by flags, or
from JSON as /card/membercard/activateuserform/set takes it, in a file or from standard input.

A field in ASCII letters is one of WeChat's (mobile, sex, name, birthday, idcard, email, location or detail_location,
education_background, career, industry, income, habit), with or without USER_FORM_INFO_FLAG_ before it; anything else is
the text of a field of your own. WeChat does not tell which form a card has, so there is no difference to be shown: the
form takes the place of the one before.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card form set pjZ8Yt1XGILfi-FUsewpnnolGgZk --required mobile,name --optional birthday,喜欢的电影
  $ caddy wechat-card form set pjZ8Yt1XGILfi-FUsewpnnolGgZk form.json --yes`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCardID(args[0]); err != nil {
				return err
			}
			request, input, err := formRequest(cmd, args, &form)
			if err != nil {
				return err
			}
			ctx, account, done, err := flags.one(cmd)
			if err != nil {
				return err
			}
			defer done()
			fmt.Fprintln(cmd.OutOrStdout(), string(request))
			if err := ask.sure(ctx, cmd, input, "Set this form at WeChat? Users who get the card see it at once."); err != nil {
				return err
			}
			if err := account.SetActivateForm(ctx, request); err != nil {
				return plainError(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "set")
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&form.Required, "required", nil, "Fields that have to be filled in")
	cmd.Flags().StringSliceVar(&form.Optional, "optional", nil, "Fields that may be left empty")
	cmd.Flags().BoolVar(&form.Modifiable, "modifiable", false, "Users may change later what they filled in; WeChat tells it by events")
	cmd.Flags().StringVar(&form.Statement, "statement", "", "A link to the rules for members: <name>=<url>")
	cmd.Flags().StringVar(&form.BindOld, "bind-old", "", "A link for those who are members already: <name>=<url>")
	flags.add(cmd)
	ask.add(cmd)
	return withStatus(cmd)
}

// formFlags are the flags that say what a JSON form says itself.
var formFlags = []string{"required", "optional", "modifiable", "statement", "bind-old"}

func formRequest(cmd *cobra.Command, args []string, form *cards.Form) (request json.RawMessage, input string, err error) {
	if len(args) == 1 {
		if request, err = form.Request(args[0]); err != nil {
			return nil, "", &usageError{err}
		}
		return request, "", nil
	}
	if slices.ContainsFunc(formFlags, cmd.Flags().Changed) {
		return nil, "", usagef("the form is either in %s or in flags, not in both", args[1])
	}
	raw, err := readInput(cmd, args[1])
	if err != nil {
		return nil, "", err
	}
	if request, err = cards.ParseForm(raw, args[0]); err != nil {
		return nil, "", usagef("%s: %w", args[1], err)
	}
	return request, args[1], nil
}

// maxTesters is how many users WeChat's test white list takes.
const maxTesters = 10

func whitelistCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "whitelist <add>",
		Short: "Lets users have cards that are not approved yet",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return usagef("want add") },
	}
	cmd.AddCommand(whitelistAddCommand())
	return withStatus(cmd)
}

func whitelistAddCommand() *cobra.Command {
	var flags accountFlags
	cmd := &cobra.Command{
		Use:   "add <openid|username>...",
		Short: "Lets users have cards that are not approved yet",
		Long: `
Puts users on the account's test white list (/card/testwhitelist/set): by their openid at the official account (o…, 28
characters) or by their WeChat id (微信号). The list has room for ten. WeChat does not document whether those who were on
it before stay, so name all who are to test. Customers see nothing of it, and nobody is asked.
` + cardCommandsNote + exitNote,
		Example: `  $ caddy wechat-card whitelist add oZ8Yt1XGILfi-FUsewpnnolGgZk0 wx_tester`,
		Args:    cobra.RangeArgs(1, maxTesters),
		RunE: func(cmd *cobra.Command, args []string) error {
			var openIDs, userNames []string
			for _, arg := range args {
				if isOpenID(arg) {
					openIDs = append(openIDs, arg)
				} else if fault := textFault(arg); fault != "" || arg == "" {
					return usagef("%q is neither an openid nor a WeChat id", arg)
				} else {
					userNames = append(userNames, arg)
				}
			}
			ctx, account, done, err := flags.one(cmd)
			if err != nil {
				return err
			}
			defer done()
			if err := account.SetTestWhitelist(ctx, openIDs, userNames); err != nil {
				return plainError(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "on the list: %d by openid, %d by WeChat id\n", len(openIDs), len(userNames))
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolP("yes", "y", false, "As with the other commands; here nobody is asked anyway")
	return withStatus(cmd)
}
