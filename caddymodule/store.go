package caddymodule

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// StoreProvider is a guest module of wechat_card.stores: where credentials are shared and survive restarts.
type StoreProvider interface {
	// CredentialStore returns the store; nil when nothing is to be shared.
	CredentialStore() (credential.Store, error)
}

// storeNamespace is where stores are registered.
const storeNamespace = "wechat_card.stores"

// CaddyStore keeps credentials in [Caddy's own storage](/docs/json/storage/), sealed with a key that comes from the app secret.
// All Caddys that share that storage share the credentials.
type CaddyStore struct {
	storage credential.Store
}

// CaddyModule returns the Caddy module information.
func (CaddyStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: storeNamespace + ".caddy", New: func() caddy.Module { return new(CaddyStore) }}
}

// Provision finds Caddy's storage.
func (s *CaddyStore) Provision(ctx caddy.Context) error {
	s.storage = ctx.Storage()
	return nil
}

// CredentialStore implements StoreProvider.
func (s *CaddyStore) CredentialStore() (credential.Store, error) { return s.storage, nil }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store caddy
func (s *CaddyStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noArguments(d) }

// NoStore shares credentials with nobody: each process fetches its own, and again after a restart.
type NoStore struct{}

// CaddyModule returns the Caddy module information.
func (NoStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: storeNamespace + ".off", New: func() caddy.Module { return new(NoStore) }}
}

// CredentialStore implements StoreProvider.
func (s *NoStore) CredentialStore() (credential.Store, error) { return nil, nil }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store off
func (s *NoStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noArguments(d) }

// noArguments consumes a name that stands alone.
func noArguments(d *caddyfile.Dispenser) error {
	d.Next() // consume the name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		return d.Errf("unrecognized subdirective '%s'", d.Val())
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*CaddyStore)(nil)
	_ StoreProvider         = (*CaddyStore)(nil)
	_ caddyfile.Unmarshaler = (*CaddyStore)(nil)
	_ StoreProvider         = (*NoStore)(nil)
	_ caddyfile.Unmarshaler = (*NoStore)(nil)
)
