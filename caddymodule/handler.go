package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Handler implements an HTTP handler that does one thing with WeChat cards (微信卡券) for an official account (公众号):
// its action. The account and where WeChat is found are configured in the app `wechat_card`.
//
// Errors are answered with a problem document (RFC 9457): `application/problem+json` with the members
// `type`, `title`, `status`, `detail` and `reason`; where WeChat refused the request itself (status 422),
// also `errcode`, `errmsg` and, if the cause is known, `hint`; with status 502 and 503 `errcode` and `rid`.
type Handler struct {
	// The name of the account in the app `wechat_card`. Placeholders are evaluated for each request;
	// one whose value is no configured account is refused with status 403. Default: default.
	Account string `json:"account,omitempty"`

	// What becomes of errors: `caddy` hands them to Caddy's error routes (`handle_errors` in the Caddyfile).
	// Default: a problem document.
	Errors string `json:"errors,omitempty"`

	// What to do with the request.
	ActionRaw json.RawMessage `json:"action,omitempty" caddy:"namespace=http.handlers.wechat_card.actions inline_key=name"`

	action     Action
	actionName string
	methods    []string // what the action takes; nil: everything
	allow      string   // the same, as the Allow header has it

	accounts    map[string]*boundAccount
	account     *boundAccount // nil: Account holds placeholders
	accountName string        // Account, its placeholders in full
	logger      *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.wechat_card",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision loads the action and finds the account.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	if h.Account == "" {
		h.Account = defaultAccount
	}
	if h.Errors != "" && h.Errors != errorsCaddy {
		return fmt.Errorf("errors can only be %q, not %q", errorsCaddy, h.Errors)
	}

	if h.ActionRaw == nil {
		return errors.New("there is no action")
	}
	mod, err := ctx.LoadModule(h, "ActionRaw")
	if err != nil {
		return fmt.Errorf("loading action: %w", err)
	}
	action, ok := mod.(Action)
	if !ok {
		return fmt.Errorf("%T is no action", mod)
	}
	h.action = action
	h.actionName = mod.(caddy.Module).CaddyModule().ID.Name()
	if answering, ok := action.(Answering); ok {
		h.methods = answering.Methods()
		h.allow = strings.Join(append(slices.Clone(h.methods), http.MethodOptions), ", ")
	}

	mod, err = ctx.AppIfConfigured(appName)
	if err != nil {
		return fmt.Errorf("wechat_card needs its global option, with an account: %w", err)
	}
	app := mod.(*App)
	if h.accountName = fullPlaceholders(h.Account); isDynamic(h.accountName) {
		h.accounts = make(map[string]*boundAccount)
		for _, name := range app.Names() {
			if err := h.checkAccount(name, app.Account(name)); err != nil {
				return err
			}
			h.accounts[name] = h.bind(name, app.Account(name))
		}
		app.Use("", h.actionName, action)
		return nil
	}
	account := app.Account(h.Account)
	if account == nil {
		return fmt.Errorf("account %q is not configured", h.Account)
	}
	if err := h.checkAccount(h.Account, account); err != nil {
		return err
	}
	h.account = h.bind(h.Account, account)
	app.Use(h.Account, h.actionName, action)
	return nil
}

// checkAccount asks the action whether an account will do.
func (h *Handler) checkAccount(name string, account *plugin.Account) error {
	for _, kind := range h.action.Needs() {
		if kind == credential.AccessToken {
			continue // for a call, which may need none
		}
		if err := account.CheckCredential(kind); err != nil {
			return fmt.Errorf("account %q: %w", name, err)
		}
	}
	choosing, ok := h.action.(Choosing)
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
	answered prometheus.Counter // requests that ended well; looked up once, for looking up costs more than counting
}

func (h *Handler) bind(name string, account *plugin.Account) *boundAccount {
	return &boundAccount{account, name, metrics().answers.WithLabelValues(name, h.actionName, reasonOK)}
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if h.methods != nil && !slices.Contains(h.methods, r.Method) {
		w.Header().Set("Allow", h.allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return h.fail(w, r, h.account, problemf(http.StatusMethodNotAllowed, reasonMethodNotAllowed, "this takes %s", h.allow))
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
	account.answered.Inc()
	return nil
}

// accountOf evaluates the placeholders of Account.
func (h *Handler) accountOf(r *http.Request) (*boundAccount, error) {
	name, err := replacer(r).ReplaceOrErr(h.accountName, true, true)
	if err != nil {
		return nil, problemf(http.StatusForbidden, reasonValueMissing, "the account's name came out empty")
	}
	account := h.accounts[name]
	if account == nil {
		return nil, problemf(http.StatusForbidden, reasonValueMissing, "the account's name came out as none that is configured")
	}
	return account, nil
}

// fail answers for err, or hands it on. account is nil when the request names none.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, account *boundAccount, err error) error {
	if _, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
		h.passed(account)
		return err // from next
	}
	p := problemOf(err, time.Now())
	if p == nil && r.Context().Err() != nil && errors.Is(err, r.Context().Err()) {
		if errors.Is(err, context.Canceled) {
			return caddyhttp.Error(statusClientClosedRequest, err)
		}
		p = timedOut(err)
	}
	if p == nil {
		h.passed(account)
		return err // from next
	}
	h.log(p, err)
	name := ""
	if account != nil {
		name = account.name
	}
	metrics().answers.WithLabelValues(name, h.actionName, p.Reason).Inc()
	if h.Errors == errorsCaddy && p.Form == nil {
		p.setHeader(w.Header())
		return caddyhttp.Error(p.Status, p)
	}
	p.write(w, r)
	return nil
}

// passed counts a request whose error came from behind the action, which did its part.
func (h *Handler) passed(account *boundAccount) {
	if account != nil {
		account.answered.Inc()
	}
}

// log says what the answer does not. Caddy itself logs the errors that it is handed.
func (h *Handler) log(p *Problem, err error) {
	listed, isListed := errors.AsType[*listedCardError](err)
	level := zapcore.DebugLevel
	switch {
	case isListed && slices.Contains(cardErrCodes, p.ErrCode):
		level = zapcore.ErrorLevel // the operator's list is wrong
	case p.Status == http.StatusServiceUnavailable, p.Reason == reasonCredentialUnavailable,
		p.Reason == reasonClientNotAllowed, p.Reason == reasonPathNotAllowed,
		p.Reason == reasonSignatureInvalid, p.Warn:
		level = zapcore.WarnLevel
	case p.Status >= http.StatusInternalServerError:
		level = zapcore.ErrorLevel
	}
	c := h.logger.Check(level, "wechat card request failed")
	if c == nil {
		return
	}
	fields := []zapcore.Field{
		zap.String("account", h.Account),
		zap.String("action", h.actionName),
		zap.Int("status", p.Status),
		zap.String("reason", p.Reason),
		zap.String("detail", p.Detail),
	}
	if isListed {
		fields = append(fields, zap.String("listed_card", listed.cardID))
	}
	if p.ErrCode != 0 {
		fields = append(fields, zap.Int("errcode", p.ErrCode), zap.String("errmsg", p.ErrMsg), zap.String("rid", p.RID))
	}
	if p.Hint != "" {
		fields = append(fields, zap.String("hint", p.Hint))
	}
	if p.Err != nil {
		fields = append(fields, zap.Error(p.Err))
	}
	c.Write(fields...)
}

// cardErrCodes say that a card is not the account's, or not fit for what it was asked for, as long as nobody changes it.
var cardErrCodes = []int{40073, 40158, 45030}

// errorsCaddy is the one value of Handler.Errors.
const errorsCaddy = "caddy"

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
