package app

import (
	"context"
	"errors"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// Start leaves it to started: other apps may not have started yet, and what the accounts call may be a site of this very
// Caddy, such as a sandbox.
func (a *App) Start() error { return nil }

// started handles Caddy's event of that name: it makes this configuration the current one of its accounts and warms, in the
// background, what the configured actions need. The field is not exported because Caddy logs handlers as JSON, at DEBUG.
type started struct{ app *App }

// Handle implements caddyevents.Handler.
func (s started) Handle(context.Context, caddy.Event) error {
	for _, component := range s.app.components {
		component.Start()
	}
	for _, name := range s.app.Identities() {
		s.app.Identity(name).Start(s.app.needs.of(name)...)
	}
	if s.app.data != nil {
		s.app.data.start()
	}
	return nil
}

// Stop ends what Start began, and waits for it.
func (a *App) Stop() error {
	var wg sync.WaitGroup
	for name := range a.observers { // an account that failed to be made is none
		if account := a.Identity(name); account != nil {
			wg.Go(account.Stop)
		}
	}
	if a.data != nil {
		wg.Go(a.data.stop)
	}
	wg.Wait()
	for _, component := range a.components { // which give the others their tokens
		wg.Go(component.Stop)
	}
	wg.Wait()
	return nil
}

// Cleanup gives back what Provision acquired. Requests in flight may go on using the accounts.
func (a *App) Cleanup() error {
	err := a.Stop() // a configuration that is only validated, or fails to load, never gets the other one
	if a.data != nil {
		a.data.release()
	}
	if a.pooled != nil {
		err = errors.Join(err, a.pooled.release())
	}
	for _, account := range a.Accounts {
		if account != nil {
			account.closeSources()
		}
	}
	return err
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)

	_ caddyevents.Handler = started{}
)
