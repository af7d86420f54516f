package plugin

import (
	"errors"
	"maps"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// beside gives a Guest in a process of its own.
func (w *world) beside(t *testing.T, change func(*AccountConfig)) *Account {
	t.Helper()
	cfg := w.cfg
	if change != nil {
		change(&cfg)
	}
	own, err := NewAccount(cfg, NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Stop)
	guest, err := own.Guest()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(guest.Stop)
	return guest
}

func TestGuestTakesWhatIsSharedAndLeavesNothing(t *testing.T) {
	for _, source := range []TokenSource{Stable, Classic} {
		t.Run(string(source), func(t *testing.T) {
			store := accounttest.NewMemory()
			w := newWorld(t, func(c *AccountConfig) { c.Store, c.TokenSource = store, source })
			const tokenCalls = "/cgi-bin/token"

			guest := w.beside(t, nil)
			_, err := guest.Credential(t.Context(), credential.AccessToken)
			if source == Classic {
				if !errors.Is(err, account.ErrNotOurs) || len(w.Sandbox.Calls()) != 0 {
					t.Errorf("a guest without a shared token: got %v, calls %v", err, w.Sandbox.Calls())
				}
			} else if err != nil {
				t.Error(err)
			}
			if keys := store.Keys(); len(keys) != 0 {
				t.Errorf("the guest left %v", keys)
			}

			token, err := w.Credential(t.Context(), credential.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			w.Stop() // waits until it is stored
			before, calls := store.Keys(), w.Sandbox.Calls()
			if got, err := w.beside(t, nil).Credential(t.Context(), credential.AccessToken); err != nil || got != token {
				t.Errorf("got %q, %v; want the shared one", got, err)
			}
			if got := w.Sandbox.Calls(); !maps.Equal(got, calls) {
				t.Errorf("the guest made calls: %v, before %v", got, calls)
			}

			// WeChat refuses it. A guest may ask stable_token again, but never by force, and never /cgi-bin/token.
			if err := w.Sandbox.Revoke(sandbox.Revocation{Sticky: true}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.beside(t, nil).Card(t.Context(), testCard); err == nil {
				t.Error("a token that WeChat refuses was good for a call")
			}
			if got := w.Sandbox.Calls()[tokenCalls]; got != calls[tokenCalls] {
				t.Errorf("the guest made %d calls of /cgi-bin/token", got-calls[tokenCalls])
			}
			if after := store.Keys(); !maps.Equal(after, before) {
				t.Errorf("the store has %v, before %v", after, before)
			}
		})
	}
}
