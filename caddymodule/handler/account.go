package handler

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// checkName refuses the name of an account that is not configured.
func (h *Handler) checkName(app *app.App) error {
	if words.IsDynamic(h.Account) || app.Account(h.Account) != nil {
		return nil
	}
	names := app.Names()
	if len(names) == 0 {
		return fmt.Errorf("account %q is not configured: the global option has no account at all, which wechat_card <app_id> <app_secret> gives it", h.Account)
	}
	return fmt.Errorf("account %q is not configured: %s", h.Account, words.ThereAre(h.Account, names))
}

// checkAccount asks the action whether an account will do.
func (h *Handler) checkAccount(name string, account *plugin.Account) error {
	if account.IsMiniProgram() && h.usesCards() {
		return fmt.Errorf("account %q: its app_id is that of mini_program %s, which has no cards: it must be the official account's that created the cards",
			name, account.AppID())
	}
	for _, kind := range h.action.Needs() {
		if kind == credential.AccessToken {
			continue // for a call, which may need none
		}
		if err := account.CheckCredential(kind); err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
	}
	choosing, ok := h.action.(action.Choosing)
	if !ok {
		return nil
	}
	if err := choosing.CheckAccount(account); err != nil {
		return fmt.Errorf("account %q: %w", name, err)
	}
	return nil
}

// boundAccount is an account as one handler uses it.
type boundAccount struct {
	*plugin.Account
	name     string
	answered *atomic.Uint64 // requests that ended well; looked up once, for looking up costs more than counting
}

func (h *Handler) bind(name string, account *plugin.Account) *boundAccount {
	return &boundAccount{account, name, observe.Metrics().Answered(name, h.actionName, observe.ReasonOK)}
}

// accountOf evaluates the placeholders of Account.
func (h *Handler) accountOf(r *http.Request) (*boundAccount, error) {
	name, err := words.Replacer(r).ReplaceOrErr(h.accountName, true, true)
	if err != nil {
		return nil, problem.Newf(http.StatusForbidden, problem.ReasonValueMissing, "the account's name came out empty")
	}
	account := h.accounts[name]
	if account == nil {
		return nil, problem.Newf(http.StatusForbidden, problem.ReasonValueMissing, "the account's name came out as none that is configured")
	}
	return account, nil
}

// usesCards tells whether the action does something with cards or tickets, which only official accounts have.
func (h *Handler) usesCards() bool {
	if _, ok := h.action.(action.CardUser); ok {
		return true
	}
	return slices.ContainsFunc(h.action.Needs(), func(kind credential.Kind) bool { return kind != credential.AccessToken })
}
