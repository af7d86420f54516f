// Package storeguard calls a store that a fleet shares so that nothing the store does can hurt, be it slow, broken or
// hung.
//
// A Guard is the rule, for calls of any kind. A Share is a Store under it, with locks that are given back whenever they
// come. Where to read on: guard.go has the rule, share.go the calls of a Store, lock.go its locks, store.go what a Store is.
package storeguard

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	callTimeout   = time.Second            // what a store may take for one call
	storePatience = 250 * time.Millisecond // what a store may take to notice that its context is done
)

// Pause is how long a store is left alone that took too long.
const Pause = 30 * time.Second

// ErrSlow says that a call was given up, or not begun because of one that was.
var ErrSlow = errors.New("store takes too long and is left alone for a while")

// Words are what the log says of a store, once a change.
type Words struct {
	Fails string // when a call has failed, as a warning
	Works string // when one has succeeded again
}

// Guard keeps a store from hurting: a call is given up after a second, a store that overran is left alone for half a
// minute, and while a call that was given up still hangs in it no other is begun, except to give a lock back. Any number
// of goroutines may use it.
type Guard struct {
	logger *slog.Logger
	words  Words

	hanging atomic.Int32 // calls that were given up and have not come back
	mu      sync.Mutex
	until   time.Time // left alone until then
	failing string    // which operation failed last and has not succeeded since, for one warning a change: a store may be read that cannot be written
}

// New makes the Guard of one store.
func New(logger *slog.Logger, words Words) *Guard {
	return &Guard{logger: logger, words: words}
}

// Call runs op, which should be quick, and gives up on it after a second; a quarter more where op does not heed its
// context. Then the error is op's own or ErrSlow. An op that goes on alone must not write to what its caller reads.
// fs.ErrNotExist is an answer and no failure of the store. what names the operation in the log.
func (g *Guard) Call(ctx context.Context, what string, op func(context.Context) error) error {
	return g.call(ctx, what, op, nil)
}

// call is Call; late, unless nil, is called when an op that was given up succeeds after all.
func (g *Guard) call(ctx context.Context, what string, op func(context.Context) error, late func()) error {
	timed, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := g.do(timed, func() error { return op(timed) }, late)
	if ctx.Err() != nil {
		return err // says nothing of the store
	}
	failed := err != nil && !errors.Is(err, fs.ErrNotExist)
	g.mu.Lock()
	if failed && timed.Err() != nil {
		g.until = time.Now().Add(Pause)
	}
	changed := failed && g.failing == "" || !failed && g.failing == what
	if failed {
		g.failing = what
	} else if changed {
		g.failing = ""
	}
	g.mu.Unlock()
	switch {
	case changed && failed:
		g.logger.Warn(g.words.Fails, slog.String("operation", what), slog.Any("error", err))
	case changed:
		g.logger.Info(g.words.Works)
	}
	return err
}

// do runs op and gives up on it when ctx ends. Such an op goes on alone; late is called when it succeeds after all.
func (g *Guard) do(ctx context.Context, op func() error, late func()) error {
	g.mu.Lock()
	paused := time.Now().Before(g.until)
	g.mu.Unlock()
	if paused || g.hanging.Load() > 0 {
		return ErrSlow
	}

	done := make(chan error, 1)
	var ended atomic.Bool // by op in time, or by its caller who gave it up: whoever is first
	go func() {
		err := contained(op)
		inTime := ended.CompareAndSwap(false, true)
		done <- err
		if !inTime {
			g.hanging.Add(-1)
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
	g.hanging.Add(1)
	if !ended.CompareAndSwap(false, true) { // it came back in this very moment
		g.hanging.Add(-1)
		return <-done
	}
	return ErrSlow
}

// contained is op; a panic in the store, on a goroutine where nobody else would recover, is a failure of it.
func contained(op func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store panicked (%T) at %s", p, debug.Stack())
		}
	}()
	return op()
}
