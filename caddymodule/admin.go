package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
)

// Where the admin API has our endpoints.
const (
	statusPath  = "/wechat_card/status"
	refreshPath = "/wechat_card/refresh"
)

// refreshTimeout bounds an operator's refresh. A cold start behind a dead lock takes 12 s and two calls of WeChat.
const refreshTimeout = time.Minute

// AdminAPI is a module of Caddy's admin API that shows how the credentials of the app `wechat_card` stand and refreshes
// them: `GET /wechat_card/status` and `POST /wechat_card/refresh`; and that says why a phone refuses a signature:
// `POST /wechat_card/verify`. It shows no secret and no credential.
type AdminAPI struct{}

// CaddyModule returns the Caddy module information.
func (AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.wechat_card", New: func() caddy.Module { return new(AdminAPI) }}
}

// Routes implements caddy.AdminRouter.
func (AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: statusPath, Handler: caddy.AdminHandlerFunc(serveStatus)},
		{Pattern: refreshPath, Handler: caddy.AdminHandlerFunc(serveRefresh)},
		{Pattern: verifyPath, Handler: caddy.AdminHandlerFunc(serveVerify)},
	}
}

// statusAnswer is what the status endpoint answers.
type statusAnswer struct {
	Accounts map[string]accountStatus `json:"accounts"`
}

type accountStatus struct {
	AppID        string                                `json:"app_id"`
	TokenSource  plugin.TokenSource                    `json:"token_source"`
	TicketSource string                                `json:"ticket_source,omitempty"` // if tickets are not WeChat's getticket's
	RefusedIPs   []string                              `json:"refused_ips,omitempty"`   // within the last hour, of this machine
	Credentials  map[credential.Kind]*credentialStatus `json:"credentials"`
}

type credentialStatus struct {
	State       credential.State  `json:"state"`
	Needed      bool              `json:"needed"` // by a configured action
	Obtained    time.Time         `json:"obtained,omitzero"`
	Expires     time.Time         `json:"expires,omitzero"`
	Source      credential.Source `json:"source,omitempty"`
	NextAttempt time.Time         `json:"next_attempt,omitzero"`
	Failing     bool              `json:"failing"` // nothing has come since the last error
	LastError   *lastError        `json:"last_error,omitempty"`

	// Counted since the process began.
	Fetched int `json:"fetched"` // values that WeChat gave, or the token_source or ticket_source
	Adopted int `json:"adopted"` // values taken from the store
	Failed  int `json:"failed"`  // attempts that failed
	Refused int `json:"refused"` // values that WeChat refused when they were used
}

type lastError struct {
	Time time.Time `json:"time"`
	failure
}

// refreshRequest is what the refresh endpoint takes.
type refreshRequest struct {
	Account    string          `json:"account,omitempty"`    // default: all
	Credential credential.Kind `json:"credential,omitempty"` // default: all that are in use
	Force      bool            `json:"force,omitempty"`
}

// refreshAnswer is what the refresh endpoint answers, with status 502 when anything failed.
type refreshAnswer struct {
	Error    string                                          `json:"error,omitempty"` // all failures in one text
	Accounts map[string]map[credential.Kind]*refreshedStatus `json:"accounts"`
}

type refreshedStatus struct {
	Refreshed   bool              `json:"refreshed"`
	Expires     time.Time         `json:"expires,omitzero"`
	Source      credential.Source `json:"source,omitempty"`
	NextAttempt time.Time         `json:"next_attempt,omitzero"`
	Error       *failure          `json:"error,omitempty"`
}

// activeApp finds the app of the configuration that runs.
func activeApp() (*App, error) {
	mod, err := caddy.ActiveContext().AppIfConfigured(appName)
	if err != nil {
		return nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "wechat_card is not configured"}
	}
	return mod.(*App), nil
}

func wantMethod(w http.ResponseWriter, r *http.Request, method string) error {
	if r.Method == method {
		return nil
	}
	w.Header().Set("Allow", method)
	return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "this takes " + method}
}

func serveStatus(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodGet); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	return writeAdmin(w, http.StatusOK, statusOf(app, time.Now()))
}

func serveRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodPost); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	var q refreshRequest
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil && !errors.Is(err, io.EOF) { // an empty body asks for everything
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("reading the request: %w", err)}
	}
	if dec.More() {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "something follows the request"}
	}
	if q.Credential != "" && !slices.Contains(credential.Kinds, q.Credential) {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("credential must be one of %v", credential.Kinds)}
	}
	if q.Account != "" && app.Account(q.Account) == nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "there is no account of that name"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), refreshTimeout)
	defer cancel()
	answer := refreshAll(ctx, app, q)
	status := http.StatusOK
	if answer.Error != "" {
		status = http.StatusBadGateway
	}
	return writeAdmin(w, status, answer)
}

// writeAdmin answers with JSON.
func writeAdmin(w http.ResponseWriter, status int, answer any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(answer)
}

// inUse lists the credentials of an account that a configured action needs, or that are held all the same.
func inUse(app *App, name string) []credential.Kind {
	needed := app.Needs(name)
	return slices.DeleteFunc(slices.Clone(credential.Kinds), func(kind credential.Kind) bool {
		return !slices.Contains(needed, kind) && app.Account(name).Status(kind).Obtained.IsZero()
	})
}

// statusOf tells how all credentials stand.
func statusOf(app *App, now time.Time) statusAnswer {
	names := app.Names()
	answer := statusAnswer{Accounts: make(map[string]accountStatus, len(names))}
	for _, name := range names {
		account, needed := app.Account(name), app.Needs(name)
		one := accountStatus{
			AppID:       account.AppID(),
			TokenSource: app.Accounts[name].TokenSource.name(),
			RefusedIPs:  app.RefusedIPs(name, now),
			Credentials: make(map[credential.Kind]*credentialStatus, len(credential.Kinds)),
		}
		if tickets := app.Accounts[name].TicketSource; tickets != nil {
			one.TicketSource = tickets.Source
		}
		for _, kind := range credential.Kinds {
			s := account.Status(kind)
			c := &credentialStatus{
				State: s.State, Needed: slices.Contains(needed, kind),
				Obtained: wholeSecond(s.Obtained), Expires: wholeSecond(s.Expires),
				Source: s.Source, NextAttempt: wholeSecond(s.NextAttempt),
				Fetched: s.Fetched, Adopted: s.Adopted, Failed: s.Failed, Refused: s.Refused,
			}
			if s.LastError != nil {
				c.Failing = !s.LastErrorAt.Before(s.Obtained)
				c.LastError = &lastError{wholeSecond(s.LastErrorAt), failureOf(s.LastError)}
			}
			one.Credentials[kind] = c
		}
		answer.Accounts[name] = one
	}
	return answer
}

// refreshAll fetches what q names anew: accounts side by side, the credentials of each in their order, for tickets are
// fetched with the token.
func refreshAll(ctx context.Context, app *App, q refreshRequest) refreshAnswer {
	names := app.Names()
	if q.Account != "" {
		names = []string{q.Account}
	}
	answer := refreshAnswer{Accounts: make(map[string]map[credential.Kind]*refreshedStatus, len(names))}
	for _, name := range names {
		answer.Accounts[name] = make(map[credential.Kind]*refreshedStatus)
	}
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() { refreshAccount(ctx, app, name, q, answer.Accounts[name]) })
	}
	wg.Wait()
	var failures []string
	for _, name := range names {
		for _, kind := range credential.Kinds {
			s := answer.Accounts[name][kind]
			if s == nil || s.Error == nil {
				continue
			}
			failures = append(failures, fmt.Sprintf("account %s, %s: %s", name, kind, s.Error))
		}
	}
	answer.Error = strings.Join(failures, "; ")
	return answer
}

func refreshAccount(ctx context.Context, app *App, name string, q refreshRequest, into map[credential.Kind]*refreshedStatus) {
	kinds := []credential.Kind{q.Credential}
	if q.Credential == "" {
		kinds = inUse(app, name)
	}
	account := app.Account(name)
	for _, kind := range kinds {
		err := account.Refresh(ctx, kind, q.Force)
		s := account.Status(kind)
		one := &refreshedStatus{Refreshed: err == nil, NextAttempt: wholeSecond(s.NextAttempt)}
		if err != nil {
			f := failureOf(unwrapUnavailable(err))
			one.Error = &f
		} else {
			one.Expires, one.Source = wholeSecond(s.Expires), s.Source
		}
		into[kind] = one
		app.Logger().Info("credential refreshed by hand", "account", name, "credential", string(kind), "force", q.Force, "ok", err == nil)
	}
}

// wholeSecond is a time as it is shown.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Interface guards
var _ caddy.AdminRouter = AdminAPI{}
