// Package handler is the HTTP handler wechat_card: it finds the account, lets the action do its work, and answers for errors.
package handler

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Handler implements an HTTP handler that does one thing with WeChat cards (微信卡券) for an official account (公众号):
// its action. The account and where WeChat is found are configured in the app `wechat_card`.
//
// Errors are answered with a problem document (RFC 9457): `application/problem+json` with the members
// `type`, `title`, `status`, `detail` and `reason`; where WeChat refused the request itself (status 422),
// also `errcode`, `errmsg` and, if the cause is known, `hint`; with status 502 and 503 `errcode` and `rid`.
type Handler struct {
	// The name of the account in the app `wechat_card`; where that has `account_sources`, it may be the app_id or alias of an account that
	// is data. Placeholders are evaluated for each request; one whose value is no account is refused with status 403. Default: default.
	Account string `json:"account,omitempty"`

	// What becomes of errors: `caddy` hands them to Caddy's error routes (`handle_errors` in the Caddyfile).
	// Default: a problem document.
	Errors string `json:"errors,omitempty"`

	// What to do with the request.
	ActionRaw json.RawMessage `json:"action,omitempty" caddy:"namespace=http.handlers.wechat_card.actions inline_key=name"`

	action     action.Action
	actionName string
	composed   action.Composed     // nil: there is one action
	parts      map[string]*Handler // what handles a request for each action of composed
	methods    []string            // what the action takes; nil: everything
	allow      string              // the same, as the Allow header has it

	tickets []credential.Kind // that the action needs of an account
	ofCards bool              // it does something with cards or tickets, which only official accounts have

	accounts     map[string]*boundAccount
	account      *boundAccount  // nil: Account holds placeholders, or is none of the configured ones
	accountName  string         // Account, its placeholders in full
	app          *app.App       // nil: there are the configured accounts only
	answeredData *atomic.Uint64 // requests for accounts that are data that ended well
	logger       *zap.Logger
	strangers    *paced
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.wechat_card",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision loads the action and finds the account. Errors say where in a Caddyfile the directive stands, if this process has read it.
func (h *Handler) Provision(ctx caddy.Context) error {
	key := h.key()
	h.logger, h.strangers = ctx.Logger(), new(paced)
	loaded, err := ctx.AppIfConfigured(app.Name)
	if err != nil && !errors.Is(err, caddy.ErrNotConfigured) {
		return err // what is wrong with it
	}
	configured, _ := loaded.(*app.App)
	return words.Placed(key, h.provision(ctx, configured))
}

// key is what tells this from other directives.
func (h *Handler) key() string {
	var action any
	_ = json.Unmarshal(h.ActionRaw, &action) // for the order of its members
	sum := sha256.Sum256(caddyconfig.JSON([]any{cmp.Or(h.Account, defaultAccount), h.Errors, action}, nil))
	return "wechat_card " + hex.EncodeToString(sum[:])
}

// provision is Provision with the app; nil: there is none.
func (h *Handler) provision(ctx caddy.Context, app *app.App) error {
	named := h.Account != ""
	h.Account = cmp.Or(h.Account, defaultAccount)
	if h.Errors != "" && h.Errors != errorsCaddy {
		return fmt.Errorf("errors can only be %q, not %q", errorsCaddy, h.Errors)
	}

	if h.ActionRaw == nil {
		return errors.New("there is no action")
	}
	var written map[string]json.RawMessage
	_ = json.Unmarshal(h.ActionRaw, &written)
	mod, err := ctx.LoadModule(h, "ActionRaw")
	if err != nil {
		return fmt.Errorf("loading action: %w", err)
	}
	if app == nil {
		return fmt.Errorf("wechat_card needs its global option, with an account: { wechat_card <app_id> <app_secret> } at the top of the Caddyfile: %w", caddy.ErrNotConfigured)
	}
	if free, ok := mod.(action.Accountless); ok && free.WithoutAccount() {
		return h.takeAlone(mod.(caddy.Module).CaddyModule().ID.Name(), free, named)
	}
	if err := h.checkName(app); err != nil {
		return err
	}
	switch act := mod.(type) {
	case action.Action:
		return h.take(app, mod.(caddy.Module).CaddyModule().ID.Name(), act)
	case action.Composed:
		h.composed, h.parts = act, make(map[string]*Handler)
		parts := act.Parts()
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			part := &Handler{Account: h.Account, Errors: h.Errors, logger: h.logger, strangers: h.strangers}
			if err := part.take(app, name, parts[name]); err != nil {
				if _, ok := written[name]; ok {
					return fmt.Errorf("%s: %w", name, err)
				}
				return err
			}
			h.parts[name] = part
		}
		return nil
	}
	return fmt.Errorf("%T is no action", mod)
}

// takeAlone has the handler do an action that no account is chosen for.
func (h *Handler) takeAlone(name string, act action.Accountless, named bool) error {
	if named {
		return fmt.Errorf("account: %s with a component has none: it finds the accounts itself", name)
	}
	h.name(name, act)
	h.Account, h.account = "", h.bind("", nil)
	return nil
}

func (h *Handler) name(name string, act action.Action) {
	h.action, h.actionName = act, name
	if answering, ok := act.(action.Answering); ok {
		h.methods = answering.Methods()
		h.allow = strings.Join(append(slices.Clone(h.methods), http.MethodOptions), ", ")
	}
	h.note()
}

// take has the handler do one action, and finds the accounts for it.
func (h *Handler) take(app *app.App, name string, act action.Action) error {
	h.name(name, act)
	if h.accountName = words.InFull(h.Account); words.IsDynamic(h.accountName) {
		h.accounts = make(map[string]*boundAccount)
		for _, name := range app.Names() {
			account := app.Account(name)
			if account.IsMiniProgram() && h.ofCards {
				continue // of several accounts those are meant that have cards
			}
			if err := h.checkAccount(name, account); err != nil {
				return err
			}
			h.accounts[name] = h.bind(name, app.Account(name))
		}
		h.takeData(app)
		app.Use("", h.actionName, act)
		return nil
	}
	account := app.Account(h.Account)
	if account == nil {
		h.takeData(app)
		app.Use(h.Account, h.actionName, act)
		return nil
	}
	if err := h.checkAccount(h.Account, account); err != nil {
		return err
	}
	h.account = h.bind(h.Account, account)
	app.Use(h.Account, h.actionName, act)
	return nil
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.composed != nil {
		if part := h.parts[h.composed.PartOf(r)]; part != nil {
			return part.ServeHTTP(w, r, next)
		}
		return next.ServeHTTP(w, r)
	}
	if h.methods != nil && !slices.Contains(h.methods, r.Method) {
		w.Header().Set("Allow", h.allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return h.fail(w, r, h.account, problem.Newf(http.StatusMethodNotAllowed, problem.ReasonMethodNotAllowed, "this takes %s", h.allow))
	}
	account := h.account
	if account == nil {
		var err error
		if account, err = h.accountOf(r); err != nil {
			return h.fail(w, r, nil, err)
		}
	}
	if err := h.action.ServeAction(w, r, next, account.Account); err != nil {
		return h.fail(w, r, account, err)
	}
	account.answered.Add(1)
	return nil
}

// defaultAccount is the account where none is named.
const defaultAccount = app.DefaultAccount

// errorsCaddy is the one value of Handler.Errors.
const errorsCaddy = "caddy"

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
