package shared

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/singleflight"
)

// A panic reaches those who asked, each on its own goroutine, and does not end the process.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				defer func() {
					if text, _ := recover().(string); !strings.HasPrefix(text, "boom\n") || !strings.Contains(text, "shared_test.go") {
						t.Errorf("recovered %q", text)
					}
				}()
				v, err := Do(t.Context(), &g, "key", func(context.Context) (int, error) {
					time.Sleep(time.Second)
					panic("boom")
				})
				t.Errorf("got %d, %v", v, err)
			})
		}
		synctest.Wait() // the call has begun
		gone, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := Do(gone, &g, "key", func(context.Context) (int, error) { return 1, nil }); err == nil {
			t.Error("a caller that went away got an answer")
		}
		callers.Wait()
		if v, err := Do(t.Context(), &g, "key", func(context.Context) (int, error) { return 1, nil }); v != 1 || err != nil {
			t.Errorf("got %d, %v from the next call", v, err)
		}
	})
}
