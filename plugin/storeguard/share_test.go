package storeguard

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var words = Words{Fails: "the store fails", Works: "the store works again"}

var errReadOnly = errors.New("read-only file system")

// fakeStore is a store in memory, for one process, whose locks nobody has to wait for.
type fakeStore struct {
	mu    sync.Mutex
	locks map[string]bool
	fail  error         // of everything but locks
	hang  chan struct{} // not nil: everything waits for it, whatever the context says
	begun int           // calls so far
}

func newFakeStore() *fakeStore { return &fakeStore{locks: map[string]bool{}} }

func (s *fakeStore) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *fakeStore) setHang(hang chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = hang
}

// enter begins a call. It gives how it fails.
func (s *fakeStore) enter() error {
	s.mu.Lock()
	s.begun++
	hang, err := s.hang, s.fail
	s.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return err
}

func (s *fakeStore) Lock(_ context.Context, name string) error {
	_ = s.enter()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks[name] = true
	return nil
}

func (s *fakeStore) Unlock(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.locks, name)
	return nil
}

func (s *fakeStore) Store(context.Context, string, []byte) error { return s.enter() }

func (s *fakeStore) Load(context.Context, string) ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	return nil, fs.ErrNotExist
}

// counts tells how many calls were begun, and how many locks are held.
func (s *fakeStore) counts() (begun, locks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun, len(s.locks)
}

// An answer that comes in time is never taken for one that came too late, however the goroutines are scheduled.
func TestLockInTimeIsNotGivenBack(t *testing.T) {
	store := newFakeStore()
	s := NewShare(store, slog.New(slog.DiscardHandler), words)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 2500 {
				if err := s.Lock(t.Context(), name); err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				store.mu.Lock()
				held := store.locks[name]
				store.mu.Unlock()
				if !held {
					t.Error("the lock was given back while it was held")
					return
				}
				s.Unlock(t.Context(), name)
			}
		})
	}
	wg.Wait()
	if n := s.guard.hanging.Load(); n != 0 {
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
		s := NewShare(slowFailure{newFakeStore()}, slog.New(slog.DiscardHandler), words)
		start := time.Now()
		for range 10 {
			if _, err := s.Load(t.Context(), "x"); err == nil {
				t.Error("loaded")
			}
		}
		if took := time.Since(start); took > callTimeout {
			t.Errorf("10 calls took %v", took)
		}
	})
}

func TestOneWarningAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := newFakeStore()
		s := NewShare(store, slog.New(slog.NewTextHandler(&log, nil)), words)
		lines := func() int { return strings.Count(log.String(), "\n") }
		_, _ = s.Load(t.Context(), "x")
		if lines() != 0 {
			t.Errorf("a missing record is worth no word: %s", &log)
		}
		store.setFail(errReadOnly)
		for range 3 {
			_, _ = s.Load(t.Context(), "x")
		}
		if lines() != 1 || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), words.Fails) {
			t.Errorf("want one warning: %s", &log)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		_, _ = s.Load(stopped, "x") // says nothing about the store
		if lines() != 1 {
			t.Errorf("want one warning and nothing else: %s", &log)
		}
		store.setFail(nil)
		_, _ = s.Load(t.Context(), "x")
		if lines() != 2 || !strings.Contains(log.String(), words.Works) {
			t.Errorf("want a line that it works again: %s", &log)
		}
	})
}

// Nothing begins while a call that was given up hangs, for however long, and a lock that comes in the end goes back.
func TestNothingBeginsWhileACallHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, hang := newFakeStore(), make(chan struct{})
		s := NewShare(store, slog.New(slog.DiscardHandler), words)
		store.setHang(hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Lock(ctx, "a"); !errors.Is(err, ErrSlow) {
			t.Errorf("lock: %v", err)
		}
		for range 3600 {
			if err := s.Save(t.Context(), "x", nil, time.Hour, nil); !errors.Is(err, ErrSlow) {
				t.Fatalf("store: %v", err)
			}
			time.Sleep(time.Second)
		}
		if begun, _ := store.counts(); begun != 1 {
			t.Errorf("%d calls were begun, want 1", begun)
		}
		store.setHang(nil)
		close(hang)
		synctest.Wait()
		if _, locks := store.counts(); locks != 0 {
			t.Error("a lock that came late is kept")
		}
		if err := s.Save(t.Context(), "x", nil, time.Hour, nil); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestNilShareSharesNothing(t *testing.T) {
	var s *Share
	if _, err := s.Load(t.Context(), "x"); !errors.Is(err, errNone) {
		t.Errorf("load: %v", err)
	}
	if err := s.Save(t.Context(), "x", nil, time.Hour, nil); !errors.Is(err, errNone) {
		t.Errorf("store: %v", err)
	}
	if err := s.Lock(t.Context(), "x"); !errors.Is(err, errNone) {
		t.Errorf("lock: %v", err)
	}
	if _, known := s.Age(t.Context(), "x"); known {
		t.Error("it knows an age")
	}
}
