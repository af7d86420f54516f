package admin

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/version"
)

// Status is what the status endpoint answers.
type Status struct {
	Accounts map[string]AccountStatus `json:"accounts"` // mini programs that are no accounts by their app ids
	Version  string                   `json:"version"`  // of the plugin

	Components   map[string]ComponentStatus `json:"components,omitempty"`    // third-party platforms by their names
	DataAccounts int                        `json:"data_accounts,omitempty"` // accounts that are data and kept warm
}

// ComponentStatus is how one third-party platform (第三方平台) stands.
type ComponentStatus struct {
	AppID          string               `json:"app_id"`
	Ticket         time.Time            `json:"ticket,omitzero"` // when the verify ticket came that is in use; missing: there is none
	Token          *CredentialStatus    `json:"component_access_token"`
	Authorisations int                  `json:"authorisations"` // accounts that have authorised it
	Unsaved        int                  `json:"unsaved"`        // records that no store has taken yet: they end with the process
	Uncopied       int                  `json:"uncopied"`       // records that only one of the store and the copy in Caddy's storage has
	Unreadable     int                  `json:"unreadable"`     // records that cannot be opened: damaged, or sealed with a key that is gone
	Waiting        int                  `json:"waiting"`        // events and notices that are not done yet
	RefusedIPs     []string             `json:"refused_ips,omitempty"`
	RefusedAt      map[string]time.Time `json:"refused_at,omitempty"`
}

// AccountStatus is how the credentials of one account stand.
type AccountStatus struct {
	AppID        string                                `json:"app_id"`
	MiniProgram  bool                                  `json:"mini_program,omitempty"` // it has no tickets
	TokenSource  plugin.TokenSource                    `json:"token_source"`
	TicketSource string                                `json:"ticket_source,omitempty"` // if tickets are not WeChat's getticket's
	RefusedIPs   []string                              `json:"refused_ips,omitempty"`   // of this machine, within the last hour, unless WeChat has taken them since
	RefusedAt    map[string]time.Time                  `json:"refused_at,omitempty"`    // when it last refused each of these
	Credentials  map[credential.Kind]*CredentialStatus `json:"credentials"`
}

// CredentialStatus is how one credential stands. Times are whole seconds, in UTC.
type CredentialStatus struct {
	State       credential.State  `json:"state"`
	Needed      bool              `json:"needed"` // by a configured action
	Obtained    time.Time         `json:"obtained,omitzero"`
	Expires     time.Time         `json:"expires,omitzero"`
	Source      credential.Source `json:"source,omitempty"`
	NextAttempt time.Time         `json:"next_attempt,omitzero"`
	Failing     bool              `json:"failing"` // nothing has come since the last error
	LastError   *LastError        `json:"last_error,omitempty"`

	// Counted since the process began.
	Fetched int `json:"fetched"` // values that WeChat gave, or the token_source or ticket_source
	Adopted int `json:"adopted"` // values taken from the store
	Failed  int `json:"failed"`  // attempts that failed
	Refused int `json:"refused"` // values that WeChat refused when they were used
}

// LastError is the last failure of a credential, which may be over.
type LastError struct {
	Time time.Time `json:"time"`
	observe.Failure
}

func serveStatus(w http.ResponseWriter, r *http.Request) error {
	if err := wantMethod(w, r, http.MethodGet); err != nil {
		return err
	}
	app, err := activeApp()
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, StatusOf(app, time.Now()))
}

// StatusOf tells how all credentials stand.
func StatusOf(app *app.App, now time.Time) Status {
	names := app.Identities()
	answer := Status{Accounts: make(map[string]AccountStatus, len(names)), Version: version.String()}
	for _, name := range names {
		account, needed := app.Identity(name), app.Needs(name)
		one := AccountStatus{
			AppID:       account.AppID(),
			MiniProgram: account.IsMiniProgram(),
			TokenSource: plugin.Stable,
			Credentials: make(map[credential.Kind]*CredentialStatus, len(credential.Kinds)),
		}
		if configured := app.Accounts[name]; configured != nil {
			one.TokenSource = configured.TokenSource.Name()
			if configured.TicketSource != nil {
				one.TicketSource = configured.TicketSource.Source
			}
		}
		one.RefusedIPs, one.RefusedAt = refusals(app.RefusedIPs(name, now))
		for _, kind := range kindsOf(account) {
			one.Credentials[kind] = credentialStatus(account.Status(kind), slices.Contains(needed, kind))
		}
		answer.Accounts[name] = one
	}
	for _, name := range app.ComponentNames() {
		if answer.Components == nil {
			answer.Components = make(map[string]ComponentStatus)
		}
		answer.Components[name] = componentStatus(app.Component(name), now)
	}
	answer.DataAccounts = len(app.DataInUse())
	return answer
}

func componentStatus(c *app.Component, now time.Time) ComponentStatus {
	standing := c.Standing()
	one := ComponentStatus{
		AppID: c.AppID(), Token: credentialStatus(standing.Token, true),
		Authorisations: standing.Authorisations, Unsaved: standing.Unsaved, Uncopied: standing.Uncopied, Unreadable: standing.Unreadable,
		Waiting: c.Waiting(),
	}
	if !standing.Ticket.IsZero() {
		one.Ticket = wholeSecond(standing.Ticket)
	}
	one.RefusedIPs, one.RefusedAt = refusals(c.RefusedIPs(now))
	return one
}

// refusals lists the addresses that WeChat refuses, sorted, and when it last did; nil: there are none.
func refusals(refused map[string]time.Time) (ips []string, at map[string]time.Time) {
	for ip, when := range refused {
		if at == nil {
			at = make(map[string]time.Time, len(refused))
		}
		at[ip] = wholeSecond(when)
	}
	return slices.Sorted(maps.Keys(at)), at
}

func credentialStatus(s credential.Status, needed bool) *CredentialStatus {
	c := &CredentialStatus{
		State: s.State, Needed: needed,
		Obtained: wholeSecond(s.Obtained), Expires: wholeSecond(s.Expires),
		Source: s.Source, NextAttempt: wholeSecond(s.NextAttempt),
		Fetched: s.Fetched, Adopted: s.Adopted, Failed: s.Failed, Refused: s.Refused,
	}
	if s.LastError != nil {
		c.Failing = !s.LastErrorAt.Before(s.Obtained)
		c.LastError = &LastError{wholeSecond(s.LastErrorAt), observe.FailureOf(s.LastError)}
	}
	return c
}

// kindsOf lists the credentials that an account can have.
func kindsOf(account *plugin.Account) []credential.Kind {
	if account.IsMiniProgram() {
		return []credential.Kind{credential.AccessToken}
	}
	return credential.Kinds
}

// wholeSecond is a time as it is shown.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
