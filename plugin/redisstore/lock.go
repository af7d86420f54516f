package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

const (
	lockLife = 10 * time.Second // of a lock whose holder is not heard of
	lockBeat = lockLife / 3     // how often its holder is
	minPoll  = 100 * time.Millisecond
	maxPoll  = 250 * time.Millisecond
)

// Lock waits until the lock is ours or ctx is done. It is ours until Unlock or Close, whatever becomes of ctx, for as long as
// this process and the server see each other at least every 10 s.
func (s *Store) Lock(ctx context.Context, name string) error {
	const doing = "locking in redis"
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		lock, err := s.obtain(ctx, name)
		switch {
		case err == nil:
			return s.keep(name, lock)
		case !errors.Is(err, redislock.ErrNotObtained):
			return s.clean(doing, err)
		}
		again := time.NewTimer(minPoll + rand.N(maxPoll-minPoll)) //nolint:gosec // no secret
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
		case <-s.ctx.Done():
			again.Stop()
			return fmt.Errorf("%s: %w", doing, redis.ErrClosed)
		}
	}
}

// obtain makes one attempt. It does not end with ctx: whether the lock is ours must not stay open.
func (s *Store) obtain(ctx context.Context, name string) (*redislock.Lock, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	return s.locks.Obtain(ctx, s.lockKey(name), lockLife, nil)
}

// keep notes the lock as ours and refreshes it from now on.
func (s *Store) keep(name string, lock *redislock.Lock) error {
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
		return redis.ErrClosed
	}
	s.held[name] = append(s.held[name], &hold{lock: lock, stop: cancel})
	s.wg.Go(func() { s.refresh(ctx, lock) })
	return nil
}

// refresh keeps a lock until ctx ends or the lock is lost. A server that does not answer is asked again: it may come back
// while it still knows the lock.
func (s *Store) refresh(ctx context.Context, lock *redislock.Lock) {
	beat := time.NewTicker(lockBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		timed, cancel := context.WithTimeout(ctx, callTimeout)
		err := lock.Refresh(timed, lockLife, nil)
		cancel()
		if errors.Is(err, redislock.ErrNotObtained) {
			s.logger.Warn("lock in redis was lost before its work was done", slog.String("key", lock.Key()))
			return
		}
	}
}

// Unlock gives a lock back. It is an error when the lock was lost meanwhile; a lock that somebody else has by now stays theirs.
func (s *Store) Unlock(ctx context.Context, name string) error {
	const doing = "unlocking in redis"
	s.mu.Lock()
	holds := s.held[name]
	if len(holds) == 0 {
		s.mu.Unlock()
		return fmt.Errorf("%s: %w", doing, errNotHeld)
	}
	// The oldest: when there are two, that one was lost before the other could be had.
	h := holds[0]
	if len(holds) == 1 {
		delete(s.held, name)
	} else {
		s.held[name] = holds[1:]
	}
	s.mu.Unlock()

	h.stop()
	err := h.lock.Release(ctx)
	if errors.Is(err, redislock.ErrLockNotHeld) {
		err = errNotHeld
	}
	return s.clean(doing, err)
}

// lockKey keeps locks apart from records of the same name.
func (s *Store) lockKey(name string) string { return s.prefix + "lock:" + name }
