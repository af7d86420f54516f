package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
)

// refreshTimeout bounds an operator's refresh. A cold start behind a dead lock takes 12 s and two calls of WeChat.
const refreshTimeout = time.Minute

// RefreshRequest is what the refresh endpoint takes.
type RefreshRequest struct {
	Account    string          `json:"account,omitempty"`    // default: all
	Credential credential.Kind `json:"credential,omitempty"` // default: all that are in use
	Force      bool            `json:"force,omitempty"`
}

// Refreshed is what the refresh endpoint answers, with status 502 when anything failed.
type Refreshed struct {
	Error    string                                              `json:"error,omitempty"` // all failures in one text
	Accounts map[string]map[credential.Kind]*RefreshedCredential `json:"accounts"`
}

// RefreshedCredential is what became of one credential.
type RefreshedCredential struct {
	Refreshed   bool              `json:"refreshed"`
	Expires     time.Time         `json:"expires,omitzero"`
	Source      credential.Source `json:"source,omitempty"`
	NextAttempt time.Time         `json:"next_attempt,omitzero"`
	Error       *observe.Failure  `json:"error,omitempty"`
}

func serveRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodPost); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	q, err := readRefresh(w, r)
	if err != nil {
		return err
	}
	if q.Account != "" && app.Identity(q.Account) == nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "there is no account of that name"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), refreshTimeout)
	defer cancel()
	answer := refreshAll(ctx, app, q)
	if q.Force {
		auditRefresh(r, app, answer)
	}
	status := http.StatusOK
	if answer.Error != "" {
		status = http.StatusBadGateway
	}
	return write(w, status, answer)
}

// readRefresh reads what is to be refreshed.
func readRefresh(w http.ResponseWriter, r *http.Request) (q RefreshRequest, err error) {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodies.Max))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil && !errors.Is(err, io.EOF) { // an empty body asks for everything
		return q, caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("reading the request: %w", err)}
	}
	if dec.More() {
		return q, caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "something follows the request"}
	}
	if q.Credential != "" && !slices.Contains(credential.Kinds, q.Credential) {
		return q, caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("credential must be one of %v", credential.Kinds)}
	}
	return q, nil
}

// auditRefresh tells the audit what was refreshed by force.
func auditRefresh(r *http.Request, app *app.App, answer Refreshed) {
	for _, name := range slices.Sorted(maps.Keys(answer.Accounts)) {
		for _, kind := range credential.Kinds {
			if one := answer.Accounts[name][kind]; one != nil {
				outcome := observe.ReasonOK
				if !one.Refreshed {
					outcome = problem.ReasonCredentialUnavailable
				}
				app.Audit().As("refresh").Write(r, "forced refresh of "+string(kind), name, "", outcome)
			}
		}
	}
}

// inUse lists the credentials of an account that a configured action needs, or that are held all the same.
func inUse(app *app.App, name string) []credential.Kind {
	needed := app.Needs(name)
	return slices.DeleteFunc(slices.Clone(credential.Kinds), func(kind credential.Kind) bool {
		return !slices.Contains(needed, kind) && app.Identity(name).Status(kind).Obtained.IsZero()
	})
}

// refreshAll fetches what q names anew: accounts side by side, the credentials of each in their order, for tickets are
// fetched with the token.
func refreshAll(ctx context.Context, app *app.App, q RefreshRequest) Refreshed {
	names := app.Identities()
	if q.Account != "" {
		names = []string{app.Identity(q.Account).Name()}
	}
	answer := Refreshed{Accounts: make(map[string]map[credential.Kind]*RefreshedCredential, len(names))}
	for _, name := range names {
		answer.Accounts[name] = make(map[credential.Kind]*RefreshedCredential)
	}
	var wg sync.WaitGroup
	for _, name := range names {
		wg.Go(func() { refreshAccount(ctx, app, name, q, answer.Accounts[name]) })
	}
	wg.Wait()
	answer.Error = answer.failures()
	return answer
}

// failures puts all failures into one text.
func (r Refreshed) failures() string {
	var failures []string
	for _, name := range slices.Sorted(maps.Keys(r.Accounts)) {
		for _, kind := range credential.Kinds {
			s := r.Accounts[name][kind]
			if s == nil || s.Error == nil {
				continue
			}
			failures = append(failures, fmt.Sprintf("account %s, %s: %s", name, kind, s.Error))
		}
	}
	return strings.Join(failures, "; ")
}

func refreshAccount(ctx context.Context, app *app.App, name string, q RefreshRequest, into map[credential.Kind]*RefreshedCredential) {
	account := app.Identity(name)
	kinds := []credential.Kind{q.Credential}
	switch {
	case q.Credential == "":
		kinds = inUse(app, name)
	case q.Account == "" && !slices.Contains(kindsOf(account), q.Credential):
		return // of all that have it
	}
	refreshKinds(ctx, app, account, kinds, q.Force, into)
}

// refreshKinds fetches credentials of an account anew, one after the other.
func refreshKinds(ctx context.Context, app *app.App, account *plugin.Account, kinds []credential.Kind, force bool, into map[credential.Kind]*RefreshedCredential) {
	for _, kind := range kinds {
		err := account.Refresh(ctx, kind, force)
		s := account.Status(kind)
		one := &RefreshedCredential{Refreshed: err == nil, NextAttempt: wholeSecond(s.NextAttempt)}
		if err != nil {
			f := observe.FailureOf(observe.UnwrapUnavailable(err))
			one.Error = &f
		} else {
			one.Expires, one.Source = wholeSecond(s.Expires), s.Source
		}
		into[kind] = one
		app.Logger().Info("credential refreshed by hand", "account", account.Name(), "credential", string(kind), "force", force, "ok", err == nil)
	}
}
