package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestErrorsCaddy(t *testing.T) {
	s := newTestSite(t, `
	wechat_card /open open_card {
		card p1
		errors caddy
	}
	handle_errors {
		respond "{err.status_code} {err.message}" 418
	}`)
	w := s.get("/open?card_id=p2&code=1")
	if got := w.Body.String(); w.Code != 418 || got != "403 card p2 is not handed out here" {
		t.Errorf("got %d %s", w.Code, got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	w = s.do(testRequest{method: http.MethodPut, target: "/open"})
	if w.Code != 418 || w.Header().Get("Allow") == "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if err := s.wechat.Fail(sandboxDown); err != nil {
		t.Fatal(err)
	}
	w = s.get("/open?card_id=p1&code=" + s.wechat.EncryptCode(testAppID, "1"))
	if got := w.Body.String(); w.Code != 418 || got != "503 there is no usable access_token at the moment" {
		t.Errorf("got %d %s", w.Code, got)
	}
	wantRetryAfter(t, w, true, "")
}

func TestAccountPlaceholder(t *testing.T) {
	s := newTestSite(t, `
	wechat_card add_card {
		account {http.request.header.X-Account}
		card p1
	}`)
	with := func(name string) *httptest.ResponseRecorder {
		return s.do(testRequest{header: map[string]string{"X-Account": name}})
	}
	for _, name := range []string{"default", "other"} {
		if w := with(name); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	wantProblem(t, with(""), 403, "value_missing", "account")
	wantProblem(t, with("third"), 403, "value_missing", "account")
	if w := s.do(testRequest{method: http.MethodOptions}); w.Code != http.StatusNoContent {
		t.Errorf("got %d for a preflight request", w.Code)
	}
}

func TestNextsErrorsPassThrough(t *testing.T) {
	h := &Handler{logger: zap.NewNop(), action: passing{}}
	for _, err := range []error{
		errors.New("plain"), caddyhttp.Error(418, errors.New("teapot")), fmt.Errorf("%w", context.Canceled), context.DeadlineExceeded,
		caddyhttp.Error(500, &Problem{Status: 400}),
	} {
		w, r := prepare(t, http.MethodGet)
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

// prepare makes a request as a handler sees it.
func prepare(t testing.TB, method string) (*httptest.ResponseRecorder, *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	return w, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
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
		{"busy", &plugin.Busy{API: "decrypt", RetryAfter: 1500 * time.Millisecond}, 503, "2", zap.WarnLevel, "busy"},
		{"busy, now", &plugin.Busy{API: "decrypt"}, 503, "1", zap.WarnLevel, "busy"},
		{"unavailable", &credential.Unavailable{Kind: credential.APITicket, RetryAt: now.Add(-time.Hour), Err: errors.New("x")}, 503, "1", zap.WarnLevel, "api_ticket"},
		{"unavailable for a while", &credential.Unavailable{Kind: credential.APITicket, RetryAt: now.Add(time.Hour), Err: &wechat.Error{API: "token", Code: 40164, Msg: "invalid ip 1.2.3.4"}}, 503, "3600", zap.WarnLevel, "1.2.3.4"},
		{"timeout", &wechat.Error{API: "decrypt", Timeout: true, Err: context.DeadlineExceeded}, 504, "", zap.ErrorLevel, "wechat_timeout"},
		{"set-up", &wechat.Error{API: "decrypt", Code: 48001, Msg: "api unauthorized"}, 502, "", zap.ErrorLevel, "unauthorized"},
		{"refused", &wechat.Error{API: "geturl", Code: 40158, Msg: "invalid use_custom_code"}, 422, "", zap.DebugLevel, "40158"},
		{"refused for a listed card", &listedCardError{"p1", &wechat.Error{API: "geturl", Code: 40158}}, 422, "", zap.ErrorLevel, "listed_card"},
		{"not this account's card", &listedCardError{"p1", &wechat.Error{API: "geturl", Code: 40073}}, 422, "", zap.ErrorLevel, "40073"},
		{"no right to the function", &listedCardError{"p1", &wechat.Error{API: "geturl", Code: 45030}}, 422, "", zap.ErrorLevel, "45030"},
		{"listed card, other reason", &listedCardError{"p1", &plugin.Busy{API: "geturl"}}, 503, "1", zap.WarnLevel, "busy"},
		{"token refused", &wechat.Error{API: "decrypt", Code: 40001}, 503, "1", zap.WarnLevel, "credential_unavailable"},
		{"bad request", invalid("x"), 400, "", zap.DebugLevel, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			core, logs := observer.New(zap.DebugLevel)
			h := &Handler{logger: zap.New(core), Account: "default"}
			w, r := prepare(t, http.MethodGet)
			if err := h.fail(w, r, nil, tc.err); err != nil {
				t.Fatal(err)
			}
			wantRetryAfter(t, w, tc.retry != "", tc.retry)
			if w.Code != tc.status {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			entries := logs.All()
			if len(entries) != 1 || entries[0].Level != tc.level || !strings.Contains(fmt.Sprint(entries[0].ContextMap()), tc.log) {
				t.Errorf("got log %v", entries)
			}

			h.Errors = errorsCaddy
			w, r = prepare(t, http.MethodGet)
			he, ok := errors.AsType[caddyhttp.HandlerError](h.fail(w, r, nil, tc.err))
			if !ok || he.StatusCode != tc.status || w.Body.Len() != 0 {
				t.Errorf("got %v", he)
			}
			wantRetryAfter(t, w, tc.retry != "", tc.retry)

			h.Errors = ""
			w, r = prepare(t, http.MethodHead)
			if err := h.fail(w, r, nil, tc.err); err != nil || w.Code != tc.status || w.Body.Len() != 0 || w.Header().Get("Content-Length") < "1" {
				t.Errorf("HEAD: got %v, %d, %v, %q", err, w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestClientGone(t *testing.T) {
	h := &Handler{logger: zap.NewNop()}
	w, r := prepare(t, http.MethodGet)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	err := h.fail(w, r.WithContext(ctx), nil, fmt.Errorf("waiting: %w", context.Canceled))
	if he, ok := errors.AsType[caddyhttp.HandlerError](err); !ok || he.StatusCode != 499 || w.Body.Len() != 0 {
		t.Errorf("got %v and %q", err, w.Body)
	}
}

func TestRequestDeadline(t *testing.T) {
	h := &Handler{logger: zap.NewNop()}
	w, r := prepare(t, http.MethodGet)
	ctx, cancel := context.WithTimeout(r.Context(), 0)
	defer cancel()
	if err := h.fail(w, r.WithContext(ctx), nil, fmt.Errorf("waiting: %w", ctx.Err())); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, w, 504, "wechat_timeout", "in time")
}

func TestProblemShowsNoEscapes(t *testing.T) {
	w, r := prepare(t, http.MethodGet)
	p := problemOf(&wechat.Error{API: "decrypt", Code: 40056, Msg: "a\u2028b\x00c\xff\u0085"}, time.Now())
	p.write(w, r)
	wantProblem(t, w, 422, "wechat_rejected", "")
	if !strings.Contains(w.Body.String(), "a\uFFFDb\uFFFDc\uFFFD\uFFFD") {
		t.Errorf("got %s", w.Body)
	}
}

// TestProvisionRefuses goes through what a configuration must not say, in JSON too.
func TestProvisionRefuses(t *testing.T) {
	checkPool(t)
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_ID", "wx2")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const account = `"accounts":{"shop":{"app_id":"wx1","app_secret":"s"}}`
	const miniAccounts = `"accounts":{"other":{"app_id":"wx4","app_secret":"s"},"shop":{"app_id":"wx1","app_secret":"s","mini_program":[{"app_id":"wx2","app_secret":"s"}]}}`
	const action = `{"name":"add_card","cards":[{"card_id":["p1"]}]}`
	for _, tc := range []struct {
		name, app, handler string
		want               []string // in the error
	}{
		{"no app_id", `"accounts":{"shop":{"app_secret":"s"}}`, ``, []string{`"shop"`, "app_id"}},
		{"null account", `"accounts":{"shop":null}`, ``, []string{`"shop"`, "app_id"}},
		{"no app_secret", `"accounts":{"shop":{"app_id":"wx1"}}`, ``, []string{`"shop"`, "app_secret"}},
		{"unset variable", `"accounts":{"shop":{"app_id":"wx1","app_secret":"{env.TEST_NOT_SET}"}}`, ``, []string{`"shop"`, "app_secret", "TEST_NOT_SET"}},
		{"empty variable", `"accounts":{"shop":{"app_id":"{env.TEST_EMPTY}","app_secret":"s"}}`, ``, []string{`"shop"`, "app_id", "TEST_EMPTY"}},
		{"empty file", `"accounts":{"shop":{"app_id":"wx1","app_secret":"{file.` + empty + `}"}}`, ``, []string{`"shop"`, "app_secret", "empty"}},
		{"no file", `"accounts":{"shop":{"app_id":"wx1","app_secret":"{file./no/such/file}"}}`, ``, []string{`"shop"`, "app_secret"}},
		{"unknown placeholder", `"accounts":{"shop":{"app_id":"wx1","app_secret":"{nope}"}}`, ``, []string{`"shop"`, "nope"}},
		{"empty name", `"accounts":{"":{"app_id":"wx1","app_secret":"s"}}`, ``, []string{`""`, "name"}},
		{"token_source", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","token_source":"cloud"}}`, ``, []string{`"shop"`, "token_source", "cloud"}},
		{"force_refresh", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","force_refresh":"yes"}}`, ``, []string{`"shop"`, "force_refresh"}},
		{"limit", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","limit":{"geturl":-1}}}`, ``, []string{`"shop"`, "limit"}},
		{"mini_program as account", `"accounts":{"shop":{"app_id":"{env.TEST_ID}","app_secret":"s","mini_program":[{"app_id":"wx2","app_secret":"s"}]}}`, ``, []string{`"shop"`, "mini_program", "wx2"}},
		{"mini_program of another account", `"accounts":{"a":{"app_id":"wx1","app_secret":"s","mini_program":[{"app_id":"wx2","app_secret":"s"}]},"b":{"app_id":"wx2","app_secret":"s"}}`, ``, []string{`"b"`, "mini_program", "wx2"}},
		{"mini_program twice", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","mini_program":[{"app_id":"wx2","app_secret":"s"},{"app_id":"wx2","app_secret":"s"}]}}`, ``, []string{`"shop"`, "twice"}},
		{"mini_program without secret", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","mini_program":[{"app_id":"wx2"}]}}`, ``, []string{`"shop"`, "mini_program 0"}},
		{"mini_program's empty secret", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","mini_program":[{"app_id":"wx2","app_secret":"{env.TEST_EMPTY}"}]}}`, ``, []string{`"shop"`, "mini_program 0"}},
		{"message_push without token", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","message_push":{}}}`, ``, []string{`"shop"`, "message_push"}},
		{"encoding_aes_key", `"accounts":{"shop":{"app_id":"wx1","app_secret":"s","message_push":{"token":"t","encoding_aes_key":"short"}}}`, ``, []string{`"shop"`, "encoding_aes_key"}},
		{"api", `"api":["ftp://x"]`, ``, []string{"api", "ftp://x"}},
		{"api with a query", `"api":["https://x?y"]`, ``, []string{"api"}},
		{"timeout", `"timeout":-1`, ``, []string{"timeout"}},
		{"proxy", `"proxy":"proxy:password@host"`, ``, []string{"proxy"}},
		{"ca", `"ca":["/no/such/file"]`, ``, []string{"ca", "/no/such/file"}},
		{"ca without certificate", `"ca":["` + empty + `"]`, ``, []string{"ca", "no certificate"}},
		{"store", `"store":{"module":"memory"}`, ``, []string{"store", "memory"}},
		{"unknown key", `"acounts":{}`, ``, []string{"acounts"}},

		{"no app", ``, `"action":` + action, []string{"wechat_card", "not configured"}},
		{"no action", account, `"account":"shop"`, []string{"action"}},
		{"unknown action", account, `"account":"shop","action":{"name":"fly"}`, []string{"fly"}},
		{"unknown account", account, `"action":` + action, []string{`"default"`}},
		{"errors", account, `"account":"shop","errors":"html","action":` + action, []string{"errors", "html"}},
		{"unknown key of an action", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"],"signature":"x"}]}`, []string{"signature"}},
		{"no card", account, `"account":"shop","action":{"name":"add_card"}`, []string{"card"}},
		{"empty rule", account, `"account":"shop","action":{"name":"open_card","cards":[{}]}`, []string{"card_id"}},
		{"card twice", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1"]},{"card_id":["p1"]}]}`, []string{"p1", "twice"}},
		{"max_cards", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1"]}],"max_cards":-1}`, []string{"max_cards"}},
		{"more cards than max_cards", account, `"account":"shop","action":{"name":"open_card","cards":[{"card_id":["p1","p2"]}],"max_cards":1}`, []string{"max_cards"}},
		{"accept", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"accept":["code","code"]}`, []string{"accept", "code"}},
		{"nonce_str", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"nonce_str":"no"}`, []string{"nonce_str"}},
		{"timestamp", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"]}],"timestamp":"int"}`, []string{"timestamp"}},
		{"literal value", account, `"account":"shop","action":{"name":"add_card","cards":[{"card_id":["p1"],"outer_str":"a\nb"}]}`, []string{"outer_str"}},
		{"cache", account, `"account":"shop","action":{"name":"member_card_component","cards":[{"card_id":["p1"]}],"cache":"-1m"}`, []string{"cache"}},
		{"no mini_program", account, `"account":"shop","action":{"name":"login"}`, []string{`"shop"`, "no mini_program"}},
		{"no mini_program of one of the accounts", miniAccounts, `"account":"{env.TEST_EMPTY}","action":{"name":"login"}`, []string{`"other"`, "no mini_program"}},
		{"another account's mini_program", miniAccounts, `"account":"shop","action":{"name":"login","mini_program":"wx3"}`, []string{`"shop"`, "wx3"}},
		{"mini_program of login", miniAccounts, `"account":"shop","action":{"name":"login","mini_program":"{env.TEST_EMPTY}"}`, []string{"mini_program", "TEST_EMPTY"}},
		{"header of login", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X-Id":"openid"}}`, []string{"X-Id", "mini_openid"}},
		{"field of login", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X_Id":"unionid"}}`, []string{"X_Id"}},
		{"header of login twice", miniAccounts, `"account":"shop","action":{"name":"login","header":{"X-Id":"unionid","x-id":"unionid"}}`, []string{"X-Id", "twice"}},
		{"nothing to fill", account, `"account":"shop","action":{"name":"fill"}`, []string{"no card"}},
		{"max_body", account, `"account":"shop","action":{"name":"fill","cards":[{"card_id":["*"]}],"max_body":-1}`, []string{"max_body"}},
		{"accept of a component", account, `"account":"shop","action":{"name":"member_card_component","cards":[{"card_id":["p1"]}],"accept":["code"]}`, []string{"accept"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var apps []string
			if tc.app != "" {
				apps = append(apps, `"wechat_card":{`+tc.app+`}`)
			}
			if tc.handler != "" {
				apps = append(apps, `"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{"handler":"wechat_card",`+tc.handler+`}]}]}}}`)
			}
			err := validateJSON(`{"admin":{"disabled":true},"apps":{` + strings.Join(apps, ",") + `}}`)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want it to mention %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "password") {
				t.Errorf("got a password in %q", err)
			}
		})
	}
}
