package app

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
)

// Names lists the configured accounts, sorted.
func (a *App) Names() []string { return slices.Sorted(maps.Keys(a.accounts)) }

// Account gives the account of a name; nil when none is configured by it.
func (a *App) Account(name string) *plugin.Account { return a.accounts[name] }

// Use notes that a handler has an action, of this name, do something for an account; for whichever a request is for when
// the account's name is empty. Handlers call it in their Provision: what the action needs is warmed at start.
func (a *App) Use(account, name string, act action.Action) {
	a.needs.add(act.Needs(), account)
	if bypassed := a.cards.add(account, name, act); len(bypassed) > 0 {
		a.logger.Warn("a choose_card route lists cards whose code or openid another route sets, or the backend by fill: what it signs is "+
			"good for adding them without that; with shop_id or card_type it refuses them", "account", account, "cards", bypassed)
	}
	if user, ok := act.(action.ProgramUser); ok {
		for _, appID := range user.MiniPrograms() {
			a.useProgram(account, appID)
		}
	}
	a.doubts.add(account, act)
	if choosing, ok := act.(action.Choosing); ok {
		a.choosing.add(account, choosing)
	}
}

// Needs lists which credentials the configured actions use of an account, or of a mini program. One that is data has the name by which it
// is in use.
func (a *App) Needs(account string) []credential.Kind {
	if a.observers[account] == nil && a.data != nil {
		if one := a.data.inUse(account); one != nil {
			return a.needs.ofData(one.names, one.account.IsMiniProgram())
		}
	}
	return a.needs.of(account)
}

// CardUses lists what the configured actions do with an account's cards; for the empty name, with those of whichever
// account a request is for.
func (a *App) CardUses(account string) []doctor.CardUse { return a.cards.of(account) }

// Decides tells whether a configured action decides with which code, or for whom, a card of an account is added. It knows all
// actions from when the configuration is loaded, and all names of the official account, for these have one ticket.
func (a *App) Decides(account *plugin.Account, cardID string) bool {
	for name, other := range a.accounts {
		if other.AppID() == account.AppID() && a.cards.decided(name, cardID) {
			return true
		}
	}
	if a.data == nil {
		return false
	}
	return slices.ContainsFunc(a.data.namesOf(account.AppID()), func(name string) bool { return a.cards.decided(name, cardID) })
}

// Doubts lists what is doubtful about the configured actions of an account; for the empty name, of whichever account a request
// is for.
func (a *App) Doubts(account string) []doctor.Finding { return a.doubts.of(account) }

// RefusedIPs tells which addresses of this machine WeChat has refused within the last hour for an account or a mini program, and
// when last.
func (a *App) RefusedIPs(account string, now time.Time) map[string]time.Time {
	return a.observers[account].RefusedLately(now)
}

// Store is where credentials are shared; nil: nowhere.
func (a *App) Store() credential.Store { return a.store }

// BaseURL is the first of the API's base URLs.
func (a *App) BaseURL() string { return a.baseURL }

// Audit is where the admin API says what was done by hand.
func (a *App) Audit() *observe.Audit { return a.audit }

// Logger is the app's.
func (a *App) Logger() *slog.Logger { return a.logger }
