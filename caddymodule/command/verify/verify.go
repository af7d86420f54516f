// Package verify is the command verify: why a phone refuses what was passed to it.
package verify

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/terminal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/verify"
	"github.com/spf13/cobra"
)

// errRefused ends verify with exit status 1 where its output has said why.
var errRefused = say.Error("a phone refuses it")

// verifyFlags are the flags of verify.
type verifyFlags struct {
	admin                                   cli.Admin
	account, card, url, lang                string
	signed                                  []string
	json                                    bool
	ticket, jsapiTicket, appID, miniProgram string
	oldTickets                              []string
	miniProgramTicket                       string
}

// Command is `caddy wechat-card verify`.
func Command() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [<file>|-] [--account <name>] [--card <card_id>] [--url <page>] [--signed <name>=<value>]... [--ticket <ticket>] [--json]",
		Short: "Says why a phone refuses a cardExt, or a page's wx.chooseCard or wx.config",
		Long: `
Takes what was passed to wx.addCard, wx.chooseCard or wx.config, as JSON from a file or from standard input: the whole
argument, one entry of its cardList, a cardExt by itself (then with --card), or an answer of a backend that holds it. Says
whether a phone takes it, the right signature and what it signs, and, by making the usual mistakes until one gives the
signature that was sent, what went wrong. Nothing is asked of WeChat.

It is compared with the tickets that the running Caddy keeps, which stay there; only masked ones are shown. With --ticket or
--jsapi-ticket no running Caddy is needed. Tickets are best not typed into a shell, which remembers them:

  caddy wechat-card verify cardext.json --card pXXXX --ticket '{file./run/secrets/api_ticket}'
  caddy wechat-card verify cardext.json --card pXXXX --ticket '{env.API_TICKET}'

What was signed but not sent cannot be guessed. Name it: --signed nonce_str=5K8264ILTKCH16CQ

The exit status is 0 when a phone takes it, 1 when it does not, and 2 when that cannot be found out.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.admin.Add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.account, "account", "", "The account whose card it is; default: the one whose routes list the card, else "+app.DefaultAccount)
	flags.StringVar(&f.card, "card", "", "The card_id, for a cardExt by itself")
	flags.StringVar(&f.url, "url", "", "The page's URL, for wx.config")
	flags.StringArrayVar(&f.signed, "signed", nil, "A value that was signed but not sent, as in nonce_str=5K82; repeatable")
	flags.StringVar(&f.ticket, "ticket", "", "The api_ticket, or a placeholder for it like {file./path} or {env.NAME}; then no running Caddy is asked")
	flags.StringVar(&f.jsapiTicket, "jsapi-ticket", "", "The same for the jsapi_ticket")
	flags.StringArrayVar(&f.oldTickets, "old-ticket", nil, "An api_ticket that has ended, to find out whether it was used; repeatable")
	flags.StringVar(&f.miniProgramTicket, "mini-program-ticket", "", "A ticket of the mini program, to find out whether it was used")
	flags.StringVar(&f.appID, "app-id", "", "With --ticket: the official account's app id, for wx.chooseCard and wx.config")
	flags.StringVar(&f.miniProgram, "mini-program", "", "With --ticket: the mini program's app id, to find out whether it was used")
	flags.StringVar(&f.lang, "lang", "", "Language of what it says: en or zh; default: the terminal's")
	flags.BoolVar(&f.json, "json", false, "Print the report as JSON, for scripts")
	return cli.WithStatus(cmd)
}

func (f *verifyFlags) run(cmd *cobra.Command, args []string) error {
	if f.lang != "" && f.lang != "en" && f.lang != "zh" {
		return cli.Usagef("--lang must be en or zh")
	}
	in, err := f.input(cmd, args)
	if err != nil {
		return err
	}
	known, offline, err := f.known(cmd)
	if err != nil {
		return err
	}
	var report verify.Report
	if offline {
		report = verify.Check(in, known)
	} else if err := f.admin.Ask(http.MethodPost, admin.VerifyPath, in, &report); err != nil {
		return cli.Usagef("%w; without a running Caddy, give the ticket with --ticket", err)
	}
	out := cmd.OutOrStdout()
	if f.json {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(report); err != nil {
			return err
		}
	} else {
		fmt.Fprint(out, verifyText(report, f.chinese(), terminal.HasColours(out)))
	}
	switch report.Verdict {
	case verify.Fine:
		return nil
	case verify.Open:
		return cli.Usagef("there is not enough to check it with")
	case verify.Refused:
	}
	cmd.SilenceErrors = true
	return errRefused
}
