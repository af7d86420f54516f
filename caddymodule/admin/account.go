package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"

	"github.com/caddyserver/caddy/v2"
)

// ShownAccount is all that may be seen of an account that is data.
type ShownAccount struct {
	DataAccount
	object.Shown

	Authorisation *platform.Authorisation               `json:"authorisation,omitempty"` // of the component
	Credentials   map[credential.Kind]*CredentialStatus `json:"credentials,omitempty"`   // where it is in use
}

// RemovedAccount says which account was removed.
type RemovedAccount struct {
	Removed string `json:"removed"` // its app_id
}

// refreshAction is what follows an account's path to refresh it.
const refreshAction = "/refresh"

// serveAccount shows, writes, removes and refreshes one account that is data.
func serveAccount(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, AccountsPath+"/")
	name, refresh := strings.CutSuffix(name, refreshAction)
	if !object.IsName(name) {
		return errNoSuchAccount
	}
	app, data, err := activeDirectory()
	if err != nil {
		return err
	}
	switch {
	case refresh:
		if err := wantMethod(w, r, http.MethodPost); err != nil {
			return err
		}
		return refreshDataAccount(w, r, app, data, name)
	case r.Method == http.MethodGet:
		return showAccount(r.Context(), w, http.StatusOK, app, data, name)
	case r.Method == http.MethodPut:
		return putAccount(w, r, app, data, name)
	case r.Method == http.MethodDelete:
		return removeAccount(w, r, app, data, name)
	}
	w.Header().Set("Allow", strings.Join([]string{http.MethodGet, http.MethodPut, http.MethodDelete}, ", "))
	return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Message: "this takes GET, PUT and DELETE"}
}

var errNoSuchAccount = caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "there is no account of that name"}

// showAccount answers with what may be seen of an account, as it is now.
func showAccount(ctx context.Context, w http.ResponseWriter, status int, app *app.App, data *directory.Directory, name string) error {
	e, err := data.Refresh(ctx, name)
	if err != nil {
		return accountError(err)
	}
	shown := ShownAccount{DataAccount: dataAccount(e, app.DataInUse()), Shown: object.Show(e.Object)}
	if p := app.Platforms()[e.Platform]; p != nil {
		authorisation, err := p.Authorisation(ctx, e.AppID)
		if err != nil {
			return accountError(err)
		}
		shown.Authorisation = &authorisation
	}
	if account := app.DataAccount(e.AppID); account != nil {
		needed := app.Needs(e.AppID)
		shown.Credentials = make(map[credential.Kind]*CredentialStatus)
		for _, kind := range kindsOf(account) {
			shown.Credentials[kind] = credentialStatus(account.Status(kind), slices.Contains(needed, kind))
		}
	}
	return write(w, status, shown)
}

// accountError gives an error its status.
func accountError(err error) error {
	status := http.StatusBadGateway
	_, isFault := errors.AsType[*object.Fault](err)
	_, isBroken := errors.AsType[*directory.Broken](err)
	switch {
	case isBroken: // what is there is no request's fault
	case isFault:
		status = http.StatusBadRequest
	case errors.Is(err, directory.ErrUnknown), errors.Is(err, platform.ErrNotAuthorised):
		return errNoSuchAccount
	case errors.Is(err, directory.ErrReadOnly), errors.Is(err, directory.ErrNoSource):
		status = http.StatusConflict
	}
	return caddy.APIError{HTTPStatus: status, Err: err}
}

// putAccount writes an account's object. The parameter source names one of the sources.
func putAccount(w http.ResponseWriter, r *http.Request, app *app.App, data *directory.Directory, appID string) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, object.MaxSize+1))
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("reading the request: %w", err)}
	}
	source := r.URL.Query().Get("source")
	if source != "" && !slices.Contains(data.Sources(), source) {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: fmt.Errorf("there is no source of that name, but %s", strings.Join(data.Sources(), ", "))}
	}
	err = data.Put(r.Context(), source, appID, json.RawMessage(raw))
	audit(r, app, "written", appID, err)
	if err != nil {
		return accountError(err)
	}
	return showAccount(r.Context(), w, http.StatusOK, app, data, appID)
}

// removeAccount removes an account from the source that has it. WeChat is told nothing.
func removeAccount(w http.ResponseWriter, r *http.Request, app *app.App, data *directory.Directory, appID string) error {
	err := data.Remove(r.Context(), appID)
	audit(r, app, "removed", appID, err)
	if err != nil {
		return accountError(err)
	}
	return write(w, http.StatusOK, RemovedAccount{appID})
}

// audit tells the audit what was done to an account, and the log.
func audit(r *http.Request, app *app.App, what, appID string, err error) {
	outcome := observe.ReasonOK
	if err != nil {
		outcome = observe.OutcomeNotDone
	}
	app.Audit().As("accounts").Write(r, "account "+what, appID, "", outcome)
	app.Logger().Info("account "+what+" by hand", "account", appID, "ok", err == nil)
}

// refreshDataAccount looks at an account's data anew and fetches its credentials: those that are asked for, or else those in use.
func refreshDataAccount(w http.ResponseWriter, r *http.Request, app *app.App, data *directory.Directory, name string) error {
	q, err := readRefresh(w, r)
	if err != nil {
		return err
	}
	if q.Account != "" {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Message: "the account stands in the path"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), refreshTimeout)
	defer cancel()
	if _, err := data.Refresh(ctx, name); err != nil {
		return accountError(err)
	}
	account, entry, err := app.Find(ctx, name, "")
	if err != nil {
		return accountError(err)
	}
	if platform := app.Platforms()[entry.Platform]; platform != nil {
		platform.AskAgain(ctx, entry.AppID)
	}
	kinds := []credential.Kind{q.Credential}
	if q.Credential == "" {
		needed := app.Needs(account.AppID())
		kinds = slices.DeleteFunc(slices.Clone(kindsOf(account)), func(kind credential.Kind) bool {
			return !slices.Contains(needed, kind) && account.Status(kind).Obtained.IsZero()
		})
	}
	done := make(map[credential.Kind]*RefreshedCredential)
	refreshKinds(ctx, app, account, kinds, q.Force, done)
	answer := Refreshed{Accounts: map[string]map[credential.Kind]*RefreshedCredential{account.AppID(): done}}
	answer.Error = answer.failures()
	if q.Force {
		auditRefresh(r, app, answer)
	}
	status := http.StatusOK
	if answer.Error != "" {
		status = http.StatusBadGateway
	}
	return write(w, status, answer)
}
