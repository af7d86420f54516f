package admin

import (
	"net/http"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"

	"github.com/caddyserver/caddy/v2"
)

// DataAccounts is the accounts that are data.
type DataAccounts struct {
	Error    string        `json:"error,omitempty"` // what could not be read, all in one text
	Sources  []string      `json:"sources"`         // as the configuration has them, in their order; those that begin with http list nothing
	Accounts []DataAccount `json:"accounts"`        // sorted by app_id
}

// DataAccount is one of them.
type DataAccount struct {
	AppID     string `json:"app_id"`
	Alias     string `json:"alias,omitempty"`
	Source    string `json:"source"`
	Component string `json:"component,omitempty"` // which it authorised
	InUse     bool   `json:"in_use"`              // by requests of this process, within a day
}

// serveAccounts lists them. What could be read is listed beside what could not.
func serveAccounts(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodGet); err != nil {
		return err
	}
	app, data, err := activeDirectory()
	if err != nil {
		return err
	}
	entries, err := data.List(r.Context())
	answer, status := DataAccounts{Sources: data.Sources(), Accounts: []DataAccount{}}, http.StatusOK
	if err != nil {
		answer.Error, status = err.Error(), http.StatusBadGateway
	}
	inUse := app.DataInUse()
	for _, e := range entries {
		answer.Accounts = append(answer.Accounts, dataAccount(e, inUse))
	}
	return write(w, status, answer)
}

// dataAccount shows an entry; inUse is sorted.
func dataAccount(e directory.Entry, inUse []string) DataAccount {
	_, used := slices.BinarySearch(inUse, e.AppID)
	return DataAccount{AppID: e.AppID, Alias: e.Alias, Source: e.Source, Component: e.Platform, InUse: used}
}

// activeDirectory finds the app of the configuration that runs, and where its accounts lie that are data.
func activeDirectory() (*app.App, *directory.Directory, error) {
	app, err := activeApp()
	if err != nil {
		return nil, nil, err
	}
	data := app.Directory()
	if data == nil {
		return nil, nil, caddy.APIError{HTTPStatus: http.StatusNotFound, Message: "no source of accounts is configured"}
	}
	return app, data, nil
}
