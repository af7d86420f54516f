package storeguard

import (
	"context"
	"time"
)

// Store is where a fleet shares what it knows and where that survives a restart. Caddy's storage (certmagic.Storage)
// satisfies it. Load of a missing key gives fs.ErrNotExist. Lock waits until the lock is free or ctx is done; a lock
// whose holder died becomes free by itself after a while.
type Store interface {
	Lock(ctx context.Context, name string) error
	Unlock(ctx context.Context, name string) error
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error)
}

// Expiring is a Store whose keys can end by themselves.
type Expiring interface {
	StoreFor(ctx context.Context, key string, value []byte, life time.Duration) error
}

// Aging is a Store that tells how long ago a key was stored, by a clock of its own: then no node's wrong clock can make
// a value live longer. Age of a missing key gives fs.ErrNotExist.
type Aging interface {
	Age(ctx context.Context, key string) (time.Duration, error)
}
