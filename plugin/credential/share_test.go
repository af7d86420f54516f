package credential

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// An answer that comes in time is never taken for one that came too late, however the goroutines are scheduled.
func TestLockInTimeIsNotGivenBack(t *testing.T) {
	store := newStore()
	s := &share{store: store, logger: slog.New(slog.DiscardHandler)}
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 2500 {
				if err := s.lock(t.Context(), name); err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				store.mu.Lock()
				_, held := store.locks[name]
				store.mu.Unlock()
				if !held {
					t.Error("the lock was given back while it was held")
					return
				}
				s.unlock(t.Context(), name)
			}
		})
	}
	wg.Wait()
	if n := s.hanging.Load(); n != 0 {
		t.Errorf("%d calls hang, want none", n)
	}
}

// slowFailure fails like a network does: in its own time, with an error of its own.
type slowFailure struct{ *fakeStore }

func (s slowFailure) Load(ctx context.Context, _ string) ([]byte, error) {
	<-ctx.Done()
	return nil, errors.New("i/o timeout")
}

func TestStoreThatTimesOutIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &share{store: slowFailure{newStore()}, logger: slog.New(slog.DiscardHandler)}
		start := time.Now()
		for range 10 {
			if _, err := s.load(t.Context(), "x"); err == nil {
				t.Error("loaded")
			}
		}
		if took := time.Since(start); took > storeTimeout {
			t.Errorf("10 calls took %v", took)
		}
	})
}

func TestOneWarningAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := newStore()
		s := &share{store: store, logger: slog.New(slog.NewTextHandler(&log, nil))}
		lines := func() int { return strings.Count(log.String(), "\n") }
		_, _ = s.load(t.Context(), "x")
		if lines() != 0 {
			t.Errorf("a missing record is worth no word: %s", &log)
		}
		store.fail = errReadOnly
		for range 3 {
			_, _ = s.load(t.Context(), "x")
		}
		if lines() != 1 || !strings.Contains(log.String(), "level=WARN") {
			t.Errorf("want one warning: %s", &log)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		_, _ = s.load(stopped, "x") // says nothing about the store
		if lines() != 1 {
			t.Errorf("want one warning and nothing else: %s", &log)
		}
		store.fail = nil
		_, _ = s.load(t.Context(), "x")
		if lines() != 2 || !strings.Contains(log.String(), "works again") {
			t.Errorf("want a line that it works again: %s", &log)
		}
	})
}
