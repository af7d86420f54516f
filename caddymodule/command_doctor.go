package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/spf13/cobra"
)

// errWrong ends doctor with exit status 1 where its output has said why.
var errWrong = errors.New("something is wrong")

func doctorCommand() *cobra.Command {
	var flags accountFlags
	var cardIDs []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [--config <path>] [--account <name>] [--card <card_id>]... [--json]",
		Short: "Finds out, with WeChat, what a configuration does not show",
		Long: `
Reads the configuration as caddy validate does, and finds out what cannot be seen from it: whether WeChat's hosts answer
and clocks agree, whether the store works, whether WeChat takes app_id, app_secret and calls from this machine, whether
quota is left, and whether the cards of the routes are what the routes need: of this account, approved, in stock, with
the codes that are sent, fit for the member-card component, and leading into the mini program.

✓ it is well, ! somebody should look at it, ✗ it does not work. It only reads: it never forces a refresh, and with
token_source classic it takes the access_token from the store and fetches none, which would end that of the running Caddy.
Run it on the machine and as the user that Caddy runs on and as.

The exit status is 0 when nothing is wrong, 1 when something is, and 2 when the command is not called like this.`,
		Example: `  $ caddy wechat-card doctor
  $ caddy wechat-card doctor --config Caddyfile.example --account default
  $ caddy wechat-card doctor --json | jq '.checks[] | select(.status == "wrong")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, id := range cardIDs {
				if !isCardID(id) {
					return usagef("'%s' is no card_id", id)
				}
			}
			ctx, stop := untilInterrupted(cmd)
			defer stop()
			d := &doctor{cards: cardIDs}
			if asJSON {
				d.say, d.doing = func(checkResult) {}, func(string) {}
			} else {
				p := newDoctorPrinter(cmd.OutOrStdout(), cmd.ErrOrStderr())
				d.say, d.doing = p.say, p.doing
			}
			err := d.run(ctx, &flags)
			d.doing("")
			if err != nil {
				return err
			}
			if asJSON {
				err = writeChecks(cmd.OutOrStdout(), d.results)
			} else {
				fmt.Fprintln(cmd.OutOrStdout(), d.summary())
			}
			if err == nil && d.worst() == plugin.Wrong {
				cmd.SilenceErrors = true
				err = errWrong
			}
			return err
		},
	}
	flags.add(cmd)
	cmd.Flag("account").Usage = "The account of the configuration; default: all"
	cmd.Flags().StringArrayVar(&cardIDs, "card", nil, "Another card to look at, for routes that list *")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print the findings as JSON, for scripts")
	return withStatus(cmd)
}

// checkResult is a finding as it is shown.
type checkResult struct {
	Account string `json:"account,omitempty"` // empty: of the process, not of an account
	Check   string `json:"check"`
	Card    string `json:"card,omitempty"`
	Status  string `json:"status"` // ok, warning or wrong
	Detail  string `json:"detail"`
	Todo    string `json:"todo,omitempty"`

	mark mark
}

// verdictNames are the statuses of a checkResult.
var verdictNames = map[plugin.Verdict]string{plugin.Fine: "ok", plugin.Warning: "warning", plugin.Wrong: "wrong"}

// verdictMarks are the same for people.
var verdictMarks = map[plugin.Verdict]mark{plugin.Fine: markFine, plugin.Warning: markWarn, plugin.Wrong: markBad}

// doctor looks at one configuration.
type doctor struct {
	cards   []string // beside those of the configuration
	say     func(checkResult)
	doing   func(string) // told what takes time; empty: nothing does any more
	results []checkResult
	count   map[plugin.Verdict]int
}

// report gives a Report for an account.
func (d *doctor) report(account string) plugin.Report {
	return func(f plugin.Finding) {
		if d.count == nil {
			d.count = make(map[plugin.Verdict]int)
		}
		d.count[f.Verdict]++
		r := checkResult{account, f.Check, f.Card, verdictNames[f.Verdict], f.Text, f.Todo, verdictMarks[f.Verdict]}
		d.results = append(d.results, r)
		d.say(r)
	}
}

func (d *doctor) worst() plugin.Verdict {
	switch {
	case d.count[plugin.Wrong] > 0:
		return plugin.Wrong
	case d.count[plugin.Warning] > 0:
		return plugin.Warning
	}
	return plugin.Fine
}

func (d *doctor) summary() string {
	switch wrong, warnings := d.count[plugin.Wrong], d.count[plugin.Warning]; {
	case wrong > 0:
		return fmt.Sprintf("wrong: %d, to look at: %d", wrong, warnings)
	case warnings > 0:
		return fmt.Sprintf("nothing is wrong; to look at: %d", warnings)
	}
	return "all is well"
}

// run looks at everything.
func (d *doctor) run(ctx context.Context, flags *accountFlags) error {
	app, hasSites, closeApp, err := flags.open()
	if err != nil {
		return err
	}
	defer closeApp()
	names := app.Names()
	if flags.account != "" {
		names = []string{flags.account}
	}
	guests := make(map[string]*plugin.Account, len(names))
	for _, name := range names {
		guest, err := guestOf(app, name)
		if err != nil {
			return err
		}
		defer guest.Stop()
		guests[name] = guest
	}
	if len(names) == 0 {
		return errors.New("the configuration has no account")
	}

	d.doing("asking whether WeChat's hosts answer")
	guests[names[0]].CheckHosts(ctx, d.report(""))
	if flags.appID == "" {
		d.doing("trying the store")
		d.checkStore(ctx, app, names)
	}
	for _, name := range names {
		if err := d.account(ctx, app, name, guests[name], hasSites); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// account looks at one account.
func (d *doctor) account(ctx context.Context, app *App, name string, guest *plugin.Account, hasSites bool) error {
	report := d.report(name)
	if literal := app.Accounts[name].literalSecrets(); len(literal) > 0 {
		report(plugin.Finding{
			Check: "secrets", Verdict: plugin.Warning, Text: strings.Join(literal, ", ") + " stands in the configuration itself, which Caddy shows at /config/ and saves",
			Todo: "use {env.*} or {file.*}",
		})
	}
	d.doing("asking WeChat for credentials of account " + name)
	if !guest.CheckCredentials(ctx, app.Needs(name), report) {
		return ctx.Err()
	}
	d.doing("asking WeChat for the rights and quotas of account " + name)
	mayUseCards := guest.CheckRights(ctx, report)
	guest.CheckQuota(ctx, report)
	if !mayUseCards {
		return ctx.Err()
	}
	ids, uses, anyone := d.cardsOf(app, name)
	for _, id := range ids {
		d.doing("asking WeChat for card " + id)
		guest.CheckCard(ctx, id, uses[id], report)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	switch {
	case len(ids) == 0 && anyone:
		report(plugin.Finding{Check: "cards", Verdict: plugin.Warning, Text: "routes list *, so no card is known to look at", Todo: "name some with --card"})
	case len(ids) == 0 && hasSites:
		report(plugin.Finding{Check: "cards", Text: "no route lists a card of this account"})
	}
	return nil
}

// cardsOf lists the cards to be looked at for an account, and what routes do with them.
func (d *doctor) cardsOf(app *App, name string) (ids []string, uses map[string][]plugin.CardUse, anyone bool) {
	all := app.CardUses(name)
	if len(app.Names()) == 1 {
		all = append(all, app.CardUses("")...)
	}
	uses = make(map[string][]plugin.CardUse)
	for _, use := range all {
		if use.CardID == anyCard {
			anyone = true
			continue
		}
		if uses[use.CardID] == nil {
			ids = append(ids, use.CardID)
		}
		uses[use.CardID] = append(uses[use.CardID], use)
	}
	for _, id := range d.cards {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(app.Names()) > 1 && len(app.CardUses("")) > 0 {
		anyone = true // a route leaves it to the request which account its cards are of
	}
	return ids, uses, anyone
}

// writeChecks is the output of --json.
func writeChecks(w io.Writer, results []checkResult) error {
	status := plugin.Fine
	for _, r := range results {
		for verdict, name := range verdictNames {
			if r.Status == name {
				status = max(status, verdict)
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Status string        `json:"status"` // the worst of the checks'
		Checks []checkResult `json:"checks"`
	}{verdictNames[status], results})
}
