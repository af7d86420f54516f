package caddymodule

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddyserver/certmagic"

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
	if files, ok := s.storage.(*certmagic.FileStorage); ok {
		s.storage = fileStore{files}
	}
	return nil
}

// CredentialStore implements StoreProvider.
func (s *CaddyStore) CredentialStore() (credential.Store, error) { return s.storage, nil }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store caddy
func (s *CaddyStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return unmarshalSegment(d, nil)
}

// fileStore is Caddy's storage where that is files. It tells a record's age by the clock of the file system, which all
// machines that share a folder see alike.
type fileStore struct{ *certmagic.FileStorage }

// probeKey is written to learn what time it is in the file system. All processes write it; nobody reads it.
const probeKey = "wechat_card/clock"

// Age tells how long ago the key was stored. A folder that cannot be written has no clock: that is an error.
func (s fileStore) Age(ctx context.Context, key string) (time.Duration, error) {
	record, err := s.Stat(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("reading a record's age: %w", err)
	}
	// The record first: whatever happens meanwhile makes it look older, never younger.
	if err := s.Store(ctx, probeKey, []byte("now")); err != nil {
		return 0, fmt.Errorf("reading the file system's clock: %w", err)
	}
	probe, err := s.Stat(ctx, probeKey)
	if err != nil {
		return 0, fmt.Errorf("reading the file system's clock: %v", err) // not missing: the record is there
	}
	return max(0, probe.Modified.Sub(record.Modified)), nil
}

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
func (s *NoStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return unmarshalSegment(d, nil) }

// Interface guards
var (
	_ caddy.Provisioner     = (*CaddyStore)(nil)
	_ StoreProvider         = (*CaddyStore)(nil)
	_ caddyfile.Unmarshaler = (*CaddyStore)(nil)
	_ credential.Store      = fileStore{}
	_ credential.Aging      = fileStore{}
	_ StoreProvider         = (*NoStore)(nil)
	_ caddyfile.Unmarshaler = (*NoStore)(nil)
)
