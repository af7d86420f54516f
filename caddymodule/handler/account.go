package handler

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/clients"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// checkName refuses the name of an account that is not configured.
func (h *Handler) checkName(app *app.App) error {
	if words.IsDynamic(h.Account) || app.Account(h.Account) != nil {
		return nil
	}
	if app.Directory() != nil && h.Account != defaultAccount && object.IsName(h.Account) {
		return nil // it may be one that is data, now or later
	}
	names := app.Names()
	if len(names) == 0 {
		return fmt.Errorf("account %q is not configured: the global option has no account at all, which wechat_card <app_id> <app_secret> gives it", h.Account)
	}
	return fmt.Errorf("account %q is not configured: %s", h.Account, words.ThereAre(h.Account, names))
}

// checkAccount asks the action whether an account will do.
func (h *Handler) checkAccount(name string, account *plugin.Account) error {
	if account.IsMiniProgram() && h.ofCards {
		return fmt.Errorf("account %q: its app_id is that of mini_program %s, which has no cards: it must be the official account's that created the cards",
			name, account.AppID())
	}
	for _, kind := range h.tickets {
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
	if account := h.accounts[name]; account != nil {
		return account, nil
	}
	if h.app == nil {
		return nil, problem.Newf(http.StatusForbidden, problem.ReasonValueMissing, "the account's name came out as none that is configured")
	}
	return h.find(r, name)
}

// find looks for an account among those that are data.
func (h *Handler) find(r *http.Request, name string) (*boundAccount, error) {
	account, _, err := h.app.Find(r.Context(), name, clients.Network(r))
	switch {
	case errors.Is(err, directory.ErrUnknown):
		p := problem.Newf(http.StatusForbidden, problem.ReasonAccountUnknown, "there is no such account")
		p.Err = err
		return nil, p
	case err != nil && r.Context().Err() != nil:
		return nil, err
	case err != nil:
		p := problem.Newf(http.StatusServiceUnavailable, problem.ReasonCredentialUnavailable, "the account cannot be looked up at the moment")
		p.RetryAfter, p.Err = time.Second, err
		return nil, p
	}
	if bound := h.accounts[account.Name()]; bound != nil { // it is a configured one, by its app_id
		return bound, nil
	}
	if err := h.checkAccount(name, account); err != nil {
		p := problem.Newf(http.StatusForbidden, problem.ReasonAccountUnknown, "the account will not do for what is asked here")
		p.Err, p.Warn = err, true
		return nil, p
	}
	if h.app.Account(account.Name()) == account {
		return h.bind(account.Name(), account), nil
	}
	return &boundAccount{account, observe.LabelData, h.answeredData}, nil
}

// takeData has the handler look for accounts that are data, if there are sources of them.
func (h *Handler) takeData(app *app.App) {
	if app.Directory() == nil {
		return
	}
	h.app = app
	h.answeredData = observe.Metrics().Answered(observe.LabelData, h.actionName, observe.ReasonOK)
}

// note notes what the action wants of accounts, which is asked for each request where they are data.
func (h *Handler) note() {
	h.tickets = slices.DeleteFunc(slices.Clone(h.action.Needs()), func(kind credential.Kind) bool {
		return kind == credential.AccessToken // for a call, which may need none
	})
	_, usesCards := h.action.(action.CardUser)
	h.ofCards = usesCards || len(h.tickets) > 0
}
