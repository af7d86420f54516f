package handler

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/action"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// fail answers for err, or hands it on. account is nil when the request names none.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, account *boundAccount, err error) error {
	if _, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
		h.passed(account)
		return err // from next
	}
	p := problem.Of(err, time.Now())
	if p == nil && r.Context().Err() != nil && errors.Is(err, r.Context().Err()) {
		if errors.Is(err, context.Canceled) {
			return caddyhttp.Error(problem.StatusClientClosedRequest, err)
		}
		p = problem.TimedOut(err)
	}
	if p == nil {
		h.passed(account)
		return err // from next
	}
	h.log(p, err, account)
	name := ""
	if account != nil {
		name = account.name
	}
	observe.Metrics().Answered(name, h.actionName, p.Reason).Add(1)
	if h.Errors == errorsCaddy && p.Form == nil {
		p.SetHeader(w.Header())
		return caddyhttp.Error(p.Status, p)
	}
	if phrasing, ok := h.action.(action.Phrasing); ok {
		phrasing.Phrase(p)
	}
	p.Write(w, r)
	return nil
}

// passed counts a request whose error came from behind the action, which did its part.
func (h *Handler) passed(account *boundAccount) {
	if account != nil {
		account.answered.Add(1)
	}
}

// log says what the answer does not. Caddy itself logs the errors that it is handed.
func (h *Handler) log(p *problem.Problem, err error, account *boundAccount) {
	listed, isListed := errors.AsType[*cards.ListedError](err)
	level := zapcore.DebugLevel
	switch {
	case isListed && slices.Contains(cardErrCodes, p.ErrCode):
		level = zapcore.ErrorLevel // the operator's list is wrong
	case p.Status == http.StatusServiceUnavailable, p.Reason == problem.ReasonCredentialUnavailable,
		p.Reason == problem.ReasonClientNotAllowed, p.Reason == problem.ReasonPathNotAllowed,
		p.Reason == problem.ReasonSignatureInvalid, p.Warn:
		level = zapcore.WarnLevel
	case p.Status >= http.StatusInternalServerError:
		level = zapcore.ErrorLevel
	}
	if !h.logger.Core().Enabled(level) {
		return
	}
	fields := []zapcore.Field{
		zap.String("account", h.Account),
		zap.String("action", h.actionName),
		zap.Int("status", p.Status),
		zap.String("reason", p.Reason),
		zap.String("detail", p.Detail),
	}
	if account != nil && account.name == observe.LabelData {
		fields = append(fields, zap.String("app_id", account.AppID()))
	}
	if isListed {
		fields = append(fields, zap.String("listed_card", listed.CardID))
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
	write := func(fields ...zapcore.Field) { h.logger.Log(level, "wechat card request failed", fields...) }
	if !slices.Contains(ofStrangers, p.Reason) {
		write(fields...)
		return
	}
	h.strangers.log(p.Reason+" "+p.Format(), func(n int) { write(append(fields, zap.Int("count", n))...) })
}

// ofStrangers are the reasons for refusals that any stranger can have as many of as he likes.
var ofStrangers = []string{
	problem.ReasonClientNotAllowed, problem.ReasonPathNotAllowed, problem.ReasonSignatureInvalid, problem.ReasonBusy,
	problem.ReasonAccountUnknown,
}

// cardErrCodes say that a card is not the account's, or not fit for what it was asked for, as long as nobody changes it.
var cardErrCodes = []int{40073, 40158, 45030}
