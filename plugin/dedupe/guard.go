package dedupe

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	callTimeout = time.Second      // of one call of a store
	storePause  = 30 * time.Second // how long a store that took longer is left alone
)

var errPaused = errors.New("the store takes too long and is left alone for a while")

// guard keeps a store that hangs from costing more than a second each half minute.
type guard struct {
	logger *slog.Logger

	mu      sync.Mutex
	until   time.Time // left alone until then
	failing bool      // one warning a change
}

// call runs op and gives up on it after a second. An op that goes on alone must not write to what its caller reads.
func (g *guard) call(what string, op func(context.Context) error) error {
	g.mu.Lock()
	paused := time.Now().Before(g.until)
	g.mu.Unlock()
	if paused {
		return errPaused
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- op(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	changed := (err != nil) != g.failing
	g.failing = err != nil
	if err != nil && ctx.Err() != nil {
		g.until = time.Now().Add(storePause)
	}
	g.mu.Unlock()
	switch {
	case changed && err != nil:
		g.logger.Warn("store fails; what WeChat repeats is told apart by this process alone",
			slog.String("operation", what), slog.Any("error", err))
	case changed:
		g.logger.Info("store works again for what WeChat repeats")
	}
	return err
}
