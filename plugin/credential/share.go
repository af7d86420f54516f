package credential

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Store is where a fleet shares credentials and where they survive a restart. Caddy's storage (certmagic.Storage)
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

const (
	storeTimeout  = time.Second            // what a store may take for one call
	storePause    = 30 * time.Second       // how long a store that took longer is left alone
	storePatience = 250 * time.Millisecond // what a store may take to notice that its context is done
	unlockTries   = 3                      // of giving back one lock
	unlockPause   = time.Second            // between them
)

var (
	errStoreSlow = errors.New("store takes too long and is left alone for a while")
	errNoStore   = errors.New("no store")
)

// share calls a Store so that nothing it does can hurt: a call is given up after a second, a store that overran is left
// alone for a while, and while a call that was given up still hangs in it no other is begun, except to give a lock back.
type share struct {
	store  Store
	logger *slog.Logger

	hanging atomic.Int32 // calls that were given up and have not come back
	mu      sync.Mutex
	until   time.Time // left alone until then
	failing bool      // whether the last call failed: one warning a change
}

// do runs op and gives up on it when ctx ends. Such an op goes on alone; late is called when it succeeds after all.
func (s *share) do(ctx context.Context, op func() error, late func()) error {
	if s == nil || s.store == nil {
		return errNoStore
	}
	s.mu.Lock()
	paused := time.Now().Before(s.until)
	s.mu.Unlock()
	if paused || s.hanging.Load() > 0 {
		return errStoreSlow
	}

	done := make(chan error, 1)
	var ended atomic.Bool // by op in time, or by its caller who gave it up: whoever is first
	go func() {
		err := op()
		inTime := ended.CompareAndSwap(false, true)
		done <- err
		if !inTime {
			s.hanging.Add(-1)
			if err == nil && late != nil {
				late()
			}
		}
	}()

	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// A store that heeds its context comes back right behind it; only one that does not is given up.
	patience := time.NewTimer(storePatience)
	defer patience.Stop()
	select {
	case err := <-done:
		return err
	case <-patience.C:
	}
	s.hanging.Add(1)
	if !ended.CompareAndSwap(false, true) { // it came back in this very moment
		s.hanging.Add(-1)
		return <-done
	}
	return errStoreSlow
}

// call is do for what should be quick.
func (s *share) call(ctx context.Context, what string, op func(context.Context) error) error {
	timed, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := s.do(timed, func() error { return op(timed) }, nil)
	if errors.Is(err, errNoStore) || ctx.Err() != nil {
		return err // says nothing of the store
	}
	failed := err != nil && !errors.Is(err, fs.ErrNotExist)
	s.mu.Lock()
	if failed && timed.Err() != nil {
		s.until = time.Now().Add(storePause)
	}
	changed := failed != s.failing
	s.failing = failed
	s.mu.Unlock()
	switch {
	case changed && failed:
		s.logger.Warn("credential store fails; serving from memory and sharing nothing",
			slog.String("operation", what), slog.Any("error", err))
	case changed:
		s.logger.Info("credential store works again")
	}
	return err
}

func (s *share) load(ctx context.Context, key string) (raw []byte, err error) {
	var got []byte
	err = s.call(ctx, "load", func(ctx context.Context) (err error) {
		got, err = s.store.Load(ctx, key)
		return err
	})
	if err != nil {
		return nil, err // not got: a late Load may still write it
	}
	return got, nil
}

func (s *share) save(ctx context.Context, key string, raw []byte, life time.Duration) error {
	return s.call(ctx, "store", func(ctx context.Context) error {
		if store, ok := s.store.(Expiring); ok {
			return store.StoreFor(ctx, key, raw, life)
		}
		return s.store.Store(ctx, key, raw)
	})
}

// age tells how long ago a key was stored, if the store knows.
func (s *share) age(ctx context.Context, key string) (age time.Duration, known bool) {
	if s == nil {
		return 0, false
	}
	store, ok := s.store.(Aging)
	if !ok {
		return 0, false
	}
	// Not by call: a store that tells no age, for its folder is read-only perhaps, works all the same.
	timed, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	var got time.Duration
	err := s.do(timed, func() (err error) {
		got, err = store.Age(timed, key)
		return err
	}, nil)
	if err != nil {
		return 0, false // not got: a late Age may still write it
	}
	return got, true
}

// lock waits for the lock until ctx ends. A lock that comes too late is given back. ctx must last for as long as the
// lock is held: some stores renew its lease under it.
func (s *share) lock(ctx context.Context, name string) error {
	return s.do(ctx,
		func() error { return s.store.Lock(ctx, name) },
		func() { s.unlock(ctx, name) })
}

// unlock gives the lock back. It is tried even on a store that is left alone, and again while ctx lasts: a lock that
// its living holder keeps does not go stale in every store.
func (s *share) unlock(ctx context.Context, name string) {
	for try := range unlockTries {
		if try > 0 {
			select {
			case <-time.After(unlockPause):
			case <-ctx.Done():
				return
			}
		}
		if err := s.tryUnlock(context.WithoutCancel(ctx), name); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

func (s *share) tryUnlock(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- s.store.Unlock(ctx, name)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
