package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
)

// A mini program has credentials of its own, and its app_id is what it is called. Where an account has the same app_id, the two are one.

// programConfigs makes the configurations of the mini programs that are no accounts, sorted by app_id, and notes in those of
// the accounts which ones are mini programs. Whose routes use which credentials is noted later.
func (a *App) programConfigs(names []string, ready map[string]plugin.AccountConfig) ([]plugin.AccountConfig, error) {
	programs := make(map[string]plugin.AccountConfig)
	for _, name := range names {
		for _, mp := range ready[name].MiniPrograms {
			known, again := programs[mp.AppID]
			if again && known.AppSecret != mp.AppSecret {
				return nil, words.Placed("account "+name, fmt.Errorf("account %q: mini_program %s has another app_secret than elsewhere; both are one mini program, and have one", name, mp.AppID))
			}
			force := ready[name].ForceRefresh && (!again || known.ForceRefresh)
			programs[mp.AppID] = plugin.AccountConfig{
				AppID: mp.AppID, AppSecret: mp.AppSecret, IsMiniProgram: true, ForceRefresh: force,
				APIURL: ready[name].APIURL, Store: ready[name].Store, Logger: accountLogger(a.logger, mp.AppID),
			}
		}
	}
	for _, name := range names {
		c := ready[name]
		if mp, ok := programs[name]; ok && c.AppID != mp.AppID {
			return nil, words.Placed("account "+name, fmt.Errorf("account %q has the app_id of a mini_program for its name, and is another", name))
		}
		if mp, ok := programs[c.AppID]; ok {
			if c.AppSecret != "" && c.AppSecret != mp.AppSecret {
				return nil, words.Placed("account "+name, fmt.Errorf("account %q: its app_id is that of mini_program %s, with another app_secret; they are one, and have one", name, c.AppID))
			}
			c.IsMiniProgram, c.AppSecret = true, mp.AppSecret
			ready[name] = c
			delete(programs, c.AppID)
		}
		a.needs.account(name, traits{noToken: c.TokenSource == plugin.None, ownTickets: c.Tickets != nil, miniProgram: c.IsMiniProgram})
	}
	configs := slices.Collect(maps.Values(programs))
	slices.SortFunc(configs, func(x, y plugin.AccountConfig) int { return cmp.Compare(x.AppID, y.AppID) })
	for _, c := range configs {
		a.needs.account(c.AppID, traits{miniProgram: true, noAccount: true})
	}
	return configs, nil
}

// program gives a mini program by its app id.
func (a *App) program(appID string) *plugin.Account { return a.programs[appID] }

// Identities lists whoever has credentials, sorted: the accounts by their names, and by their app ids the mini programs that are
// none of these.
func (a *App) Identities() []string { return slices.Sorted(maps.Keys(a.observers)) }

// Identity gives one by its name. A mini program that is an account, too, also has its app id for a name. nil: there is none.
func (a *App) Identity(name string) *plugin.Account {
	if account := a.accounts[name]; account != nil {
		return account
	}
	return a.programs[name]
}

// useProgram notes that a route of an account, by its name, uses the access_token of one of its mini programs.
func (a *App) useProgram(account, appID string) {
	names := []string{account}
	if account == "" {
		names = a.Names()
	}
	if a.accounts[account] == nil { // of whichever account a request is for, or of one that is data
		a.needs.addProgram(appID)
	}
	for _, name := range names {
		if a.accounts[name] == nil {
			continue
		}
		if program, err := a.accounts[name].MiniProgram(appID); err == nil {
			a.needs.add(tokenOnly, program.Name())
		}
	}
}
