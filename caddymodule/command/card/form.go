package card

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/spf13/cobra"
)

// FormCommand is `caddy wechat-card form`.
func FormCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "form <set>",
		Short: "Sets what users fill in to get a member card",
	}
	cmd.AddCommand(formSetCommand())
	return cli.Group(cmd)
}

func formSetCommand() *cobra.Command {
	var flags cli.Account
	var ask cli.Asking
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
			ctx, account, done, err := flags.One(cmd)
			if err != nil {
				return err
			}
			defer done()
			fmt.Fprintln(cmd.OutOrStdout(), string(request))
			if err := ask.Sure(ctx, cmd, input, say.T("Set this form at WeChat? Users who get the card see it at once.")); err != nil {
				return err
			}
			if err := account.SetActivateForm(ctx, request); err != nil {
				return plainError(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), say.T("set"))
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&form.Required, "required", nil, "Fields that have to be filled in")
	cmd.Flags().StringSliceVar(&form.Optional, "optional", nil, "Fields that may be left empty")
	cmd.Flags().BoolVar(&form.Modifiable, "modifiable", false, "Users may change later what they filled in; WeChat tells it by events")
	cmd.Flags().StringVar(&form.Statement, "statement", "", "A link to the rules for members: <name>=<url>")
	cmd.Flags().StringVar(&form.BindOld, "bind-old", "", "A link for those who are members already: <name>=<url>")
	flags.Add(cmd)
	ask.Add(cmd)
	return cli.WithStatus(cmd)
}

// formFlags are the flags that say what a JSON form says itself.
var formFlags = []string{"required", "optional", "modifiable", "statement", "bind-old"}

func formRequest(cmd *cobra.Command, args []string, form *cards.Form) (request json.RawMessage, input string, err error) {
	if len(args) == 1 {
		if request, err = form.Request(args[0]); err != nil {
			return nil, "", &cli.UsageError{Err: err}
		}
		return request, "", nil
	}
	if slices.ContainsFunc(formFlags, cmd.Flags().Changed) {
		return nil, "", cli.Usagef("the form is either in %s or in flags, not in both", args[1])
	}
	raw, err := readInput(cmd, args[1])
	if err != nil {
		return nil, "", err
	}
	if request, err = cards.ParseForm(raw, args[0]); err != nil {
		return nil, "", cli.Usagef("%s: %w", args[1], err)
	}
	return request, args[1], nil
}
