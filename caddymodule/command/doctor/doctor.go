// Package doctor is the command doctor: what a configuration does not show, found out with WeChat.
package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/cli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/doctor/routes"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/say"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// checkup looks at one configuration.
type checkup struct {
	cards   []string // beside those of the configuration
	say     func(checkResult)
	doing   func(string) // told what takes time; empty: nothing does any more
	results []checkResult
	count   map[doctor.Verdict]int
}

// report gives a Report for an account.
func (d *checkup) report(account string) doctor.Report {
	return func(f doctor.Finding) {
		if d.count == nil {
			d.count = make(map[doctor.Verdict]int)
		}
		d.count[f.Verdict]++
		r := checkResult{account, f.Check, f.Card, verdictNames[f.Verdict], f.Text, f.Todo, verdictMarks[f.Verdict]}
		d.results = append(d.results, r)
		d.say(r)
	}
}

func (d *checkup) worst() doctor.Verdict {
	switch {
	case d.count[doctor.Wrong] > 0:
		return doctor.Wrong
	case d.count[doctor.Warning] > 0:
		return doctor.Warning
	}
	return doctor.Fine
}

func (d *checkup) summary() string {
	switch wrong, warnings := d.count[doctor.Wrong], d.count[doctor.Warning]; {
	case wrong > 0:
		return say.T("wrong: %d, to look at: %d", wrong, warnings)
	case warnings > 0:
		return say.T("nothing is wrong; to look at: %d", warnings)
	}
	return say.T("all is well")
}

// run looks at everything.
func (d *checkup) run(ctx context.Context, flags *cli.Account) error {
	app, sites, closeApp, err := flags.Open()
	if err != nil {
		return err
	}
	defer closeApp()
	names := app.Names()
	for _, name := range app.Identities() {
		if app.Account(name) == nil && len(app.Needs(name)) > 0 {
			names = append(names, name) // a mini program whose access_token is used
		}
	}
	if flags.Account != "" {
		names = []string{flags.Account}
	}
	guests := make(map[string]*plugin.Account, len(names))
	for _, name := range names {
		guest, err := cli.GuestOf(app, name)
		if err != nil {
			return err
		}
		defer guest.Stop()
		guests[name] = guest
	}
	switch {
	case len(names) > 0:
		d.doing(say.T("asking whether WeChat's hosts answer"))
		guests[names[0]].CheckHosts(ctx, d.report(""))
	case app.Directory() == nil && len(app.ComponentNames()) == 0:
		return say.Error("the configuration has no account")
	default:
		d.report("")(doctor.Finding{
			Check: "accounts", Verdict: doctor.Warning, Text: "all accounts are data, so none was looked at", Todo: "name one with --account: its app_id or alias",
		})
	}
	if flags.AppID == "" {
		d.doing(say.T("trying the store"))
		d.checkStore(ctx, app, names)
	}
	routes.Check(sites, d.report(""))
	for _, f := range app.Doubts("") {
		d.report("")(f)
	}
	for _, name := range names {
		if err := d.account(ctx, app, name, guests[name], sites != nil); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// account looks at one account.
func (d *checkup) account(ctx context.Context, app *app.App, name string, guest *plugin.Account, hasSites bool) error {
	report := d.report(name)
	var literal []string
	if configured := app.Accounts[name]; configured != nil { // a mini program is none
		literal = configured.LiteralSecrets()
	}
	if len(literal) > 0 {
		report(doctor.Finding{
			Check: "secrets", Verdict: doctor.Warning, Text: strings.Join(literal, ", ") + " stands in the configuration itself, which Caddy shows at /config/ and saves",
			Todo: "use {env.*} or {file.*}",
		})
	}
	for _, f := range app.Doubts(name) {
		report(f)
	}
	d.doing(say.T("asking WeChat for credentials of account %s", name))
	if !guest.CheckCredentials(ctx, app.Needs(name), report) {
		return ctx.Err()
	}
	d.doing(say.T("asking WeChat for the rights and quotas of account %s", name))
	mayUseCards := !guest.IsMiniProgram() && guest.CheckRights(ctx, report)
	guest.CheckQuota(ctx, report)
	if !mayUseCards {
		return ctx.Err()
	}
	ids, uses, anyone := d.cardsOf(app, name)
	var members []string
	var all []doctor.CardUse
	for _, id := range ids {
		d.doing(say.T("asking WeChat for card %s", id))
		if guest.CheckCard(ctx, id, uses[id], report) {
			members = append(members, id)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		all = append(all, uses[id]...)
	}
	doctor.CheckTogether(all, members, report)
	switch {
	case len(ids) == 0 && anyone:
		report(doctor.Finding{Check: "cards", Verdict: doctor.Warning, Text: "routes list *, so no card is known to look at", Todo: "name some with --card"})
	case len(ids) == 0 && hasSites:
		report(doctor.Finding{Check: "cards", Text: "no route lists a card of this account"})
	}
	return nil
}

// cardsOf lists the cards to be looked at for an account, and what routes do with them.
func (d *checkup) cardsOf(app *app.App, name string) (ids []string, uses map[string][]doctor.CardUse, anyone bool) {
	all := app.CardUses(name)
	if len(app.Names()) == 1 || app.Account(name) == nil {
		all = append(all, app.CardUses("")...)
	}
	uses = make(map[string][]doctor.CardUse)
	for _, use := range all {
		if use.CardID == cards.Any {
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
