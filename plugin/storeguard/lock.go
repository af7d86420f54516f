package storeguard

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

const (
	unlockTries = 3           // of giving back one lock
	unlockPause = time.Second // between them
)

// Lock waits for the lock until ctx ends. A lock that comes too late is given back. ctx must last for as long as the
// lock is held: some stores renew its lease under it.
func (s *Share) Lock(ctx context.Context, name string) error {
	if s == nil {
		return errNone
	}
	return s.guard.do(ctx,
		func() error { return s.store.Lock(ctx, name) },
		func() { s.Unlock(ctx, name) })
}

// Unlock gives the lock back. It is tried even on a store that is left alone, and again while ctx lasts: a lock that
// its living holder keeps does not go stale in every store.
func (s *Share) Unlock(ctx context.Context, name string) {
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

func (s *Share) tryUnlock(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- contained(func() error { return s.store.Unlock(ctx, name) })
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
