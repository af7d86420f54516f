package credential

import (
	"log/slog"
	"sync"
	"testing"
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
