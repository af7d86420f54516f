package stores

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddyserver/certmagic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Caddy keeps credentials in [Caddy's own storage](/docs/json/storage/), sealed with a key that comes from the app secret.
// All Caddys that share that storage share the credentials.
type Caddy struct {
	storage credential.Store
}

// CaddyModule returns the Caddy module information.
func (Caddy) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: Namespace + ".caddy", New: func() caddy.Module { return new(Caddy) }}
}

// Provision finds Caddy's storage.
func (s *Caddy) Provision(ctx caddy.Context) error {
	s.storage = Of(ctx.Storage())
	return nil
}

// Of makes a store of credentials of a storage of Caddy's. One that has a method Age (credential.Aging) or StoreFor
// (credential.Expiring) is asked by that.
func Of(storage certmagic.Storage) credential.Store {
	if files, ok := storage.(*certmagic.FileStorage); ok {
		return Files{files}
	}
	return storage
}

// CredentialStore implements StoreProvider.
func (s *Caddy) CredentialStore() (credential.Store, error) { return s.storage, nil }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store caddy
func (s *Caddy) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return words.UnmarshalGuest(d, nil)
}

// Age tells how long ago the key was stored. A folder that cannot be written has no clock: that is an error.
func (s Files) Age(ctx context.Context, key string) (time.Duration, error) {
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

// CaddyModule returns the Caddy module information.
func (Off) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: Namespace + ".off", New: func() caddy.Module { return new(Off) }}
}

// CredentialStore implements StoreProvider.
func (s *Off) CredentialStore() (credential.Store, error) { return nil, nil }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store off
func (s *Off) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return words.UnmarshalGuest(d, nil) }

// Interface guards
var (
	_ caddy.Provisioner     = (*Caddy)(nil)
	_ Provider              = (*Caddy)(nil)
	_ caddyfile.Unmarshaler = (*Caddy)(nil)
	_ credential.Store      = Files{}
	_ credential.Aging      = Files{}
	_ Provider              = (*Off)(nil)
	_ caddyfile.Unmarshaler = (*Off)(nil)
)
