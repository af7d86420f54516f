package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestNextsErrorsPassThrough(t *testing.T) {
	h := &Handler{logger: zap.NewNop(), action: passing{}}
	for _, err := range []error{
		errors.New("plain"), caddyhttp.Error(418, errors.New("teapot")), fmt.Errorf("%w", context.Canceled), context.DeadlineExceeded,
		caddyhttp.Error(500, &problem.Problem{Status: 400}),
	} {
		w, r := problemtest.Prepare(t, http.MethodGet)
		h.account = h.bind("unit", new(plugin.Account))
		next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return err })
		if got := h.ServeHTTP(w, r, next); got != err { //nolint:errorlint // this very value
			t.Errorf("got %v, want %v", got, err)
		}
		if w.Body.Len() != 0 {
			t.Errorf("%v: got an answer: %s", err, w.Body)
		}
	}
}

// passing is an action that only passes on.
type passing struct{}

func (passing) Needs() []credential.Kind { return nil }

func (passing) ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, _ *plugin.Account) error {
	return next.ServeHTTP(w, r)
}

func TestFail(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		name   string
		err    error
		status int
		retry  string
		level  zapcore.Level
		log    string
	}{
		{"busy", &limit.Busy{API: "decrypt", RetryAfter: 1500 * time.Millisecond}, 503, "2", zap.WarnLevel, "busy"},
		{"busy, now", &limit.Busy{API: "decrypt"}, 503, "1", zap.WarnLevel, "busy"},
		{"unavailable", &credential.Unavailable{Kind: credential.APITicket, RetryAt: now.Add(-time.Hour), Err: errors.New("x")}, 503, "1", zap.WarnLevel, "api_ticket"},
		{"unavailable for a while", &credential.Unavailable{Kind: credential.APITicket, RetryAt: now.Add(time.Hour), Err: &wechat.Error{API: "token", Code: 40164, Msg: "invalid ip 1.2.3.4"}}, 503, "3600", zap.WarnLevel, "1.2.3.4"},
		{"timeout", &wechat.Error{API: "decrypt", Timeout: true, Err: context.DeadlineExceeded}, 504, "", zap.ErrorLevel, "wechat_timeout"},
		{"set-up", &wechat.Error{API: "decrypt", Code: 48001, Msg: "api unauthorized"}, 502, "", zap.ErrorLevel, "unauthorized"},
		{"refused", &wechat.Error{API: "geturl", Code: 40158, Msg: "invalid use_custom_code"}, 422, "", zap.DebugLevel, "40158"},
		{"refused for a listed card", &cards.ListedError{CardID: "p1", Err: &wechat.Error{API: "geturl", Code: 40158}}, 422, "", zap.ErrorLevel, "listed_card"},
		{"not this account's card", &cards.ListedError{CardID: "p1", Err: &wechat.Error{API: "geturl", Code: 40073}}, 422, "", zap.ErrorLevel, "40073"},
		{"no right to the function", &cards.ListedError{CardID: "p1", Err: &wechat.Error{API: "geturl", Code: 45030}}, 422, "", zap.ErrorLevel, "45030"},
		{"listed card, other reason", &cards.ListedError{CardID: "p1", Err: &limit.Busy{API: "geturl"}}, 503, "1", zap.WarnLevel, "busy"},
		{"token refused", &wechat.Error{API: "decrypt", Code: 40001}, 503, "1", zap.WarnLevel, "credential_unavailable"},
		{"bad request", problem.Invalid("x"), 400, "", zap.DebugLevel, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			core, logs := observer.New(zap.DebugLevel)
			h := &Handler{logger: zap.New(core), Account: "default"}
			w, r := problemtest.Prepare(t, http.MethodGet)
			if err := h.fail(w, r, nil, tc.err); err != nil {
				t.Fatal(err)
			}
			problemtest.WantRetryAfter(t, w, tc.retry != "", tc.retry)
			if w.Code != tc.status {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			entries := logs.All()
			if len(entries) != 1 || entries[0].Level != tc.level || !strings.Contains(fmt.Sprint(entries[0].ContextMap()), tc.log) {
				t.Errorf("got log %v", entries)
			}

			h.Errors = errorsCaddy
			w, r = problemtest.Prepare(t, http.MethodGet)
			he, ok := errors.AsType[caddyhttp.HandlerError](h.fail(w, r, nil, tc.err))
			if !ok || he.StatusCode != tc.status || w.Body.Len() != 0 {
				t.Errorf("got %v", he)
			}
			problemtest.WantRetryAfter(t, w, tc.retry != "", tc.retry)

			h.Errors = ""
			w, r = problemtest.Prepare(t, http.MethodHead)
			if err := h.fail(w, r, nil, tc.err); err != nil || w.Code != tc.status || w.Body.Len() != 0 || w.Header().Get("Content-Length") < "1" {
				t.Errorf("HEAD: got %v, %d, %v, %q", err, w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestClientGone(t *testing.T) {
	h := &Handler{logger: zap.NewNop()}
	w, r := problemtest.Prepare(t, http.MethodGet)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	err := h.fail(w, r.WithContext(ctx), nil, fmt.Errorf("waiting: %w", context.Canceled))
	if he, ok := errors.AsType[caddyhttp.HandlerError](err); !ok || he.StatusCode != 499 || w.Body.Len() != 0 {
		t.Errorf("got %v and %q", err, w.Body)
	}
}

func TestRequestDeadline(t *testing.T) {
	h := &Handler{logger: zap.NewNop()}
	w, r := problemtest.Prepare(t, http.MethodGet)
	ctx, cancel := context.WithTimeout(r.Context(), 0)
	defer cancel()
	if err := h.fail(w, r.WithContext(ctx), nil, fmt.Errorf("waiting: %w", ctx.Err())); err != nil {
		t.Fatal(err)
	}
	problemtest.Want(t, w, 504, "wechat_timeout", "in time")
}
