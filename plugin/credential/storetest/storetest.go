// Package storetest holds what every credential.Store must do, as a test to run against each. Anybody's store can be run
// through it; for Caddy's storage modules package caddymodule/stores/storagetest does.
//
// trouble.go has what happens when a store's server stalls and when the holder of a lock dies.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Run checks a store. open gives one more handle on it each time, as another process would have. What one test leaves behind
// does not hinder the next.
func Run(t *testing.T, open func(t testing.TB) credential.Store) {
	t.Run("values", func(t *testing.T) { testValues(t, open(t), open(t)) })
	t.Run("age", func(t *testing.T) { testAge(t, open(t), open(t)) })
	t.Run("life", func(t *testing.T) { testLife(t, open(t), open(t)) })
	t.Run("visible", func(t *testing.T) { testVisible(t, open(t), open(t)) })
	t.Run("whole", func(t *testing.T) { testWhole(t, open(t), open(t)) })
	t.Run("lock excludes", func(t *testing.T) { testLockExcludes(t, open(t), open(t)) })
	t.Run("lock waits", func(t *testing.T) { testLockWaits(t, open(t), open(t)) })
	t.Run("lock gives up", func(t *testing.T) { testLockGivesUp(t, open(t), open(t)) })
	t.Run("several locks", func(t *testing.T) { testSeveralLocks(t, open(t)) })
	t.Run("unlock without a lock", func(t *testing.T) { testUnlockWithoutLock(t, open(t)) })
}

const patience = 10 * time.Second

func testValues(t *testing.T, a, b credential.Store) {
	ctx := t.Context()
	const key = "wechat_card/values/api_ticket"
	if got, err := a.Load(ctx, "wechat_card/nothing/api_ticket"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing key: got %q, error %v", got, err)
	}
	all := make([]byte, 64<<10)
	for i := range all {
		all[i] = byte(i)
	}
	for _, value := range [][]byte{[]byte(`{"version":1}`), all, []byte("\x00\r\n"), {0}} {
		if err := a.Store(ctx, key, value); err != nil {
			t.Fatal(err)
		}
		for _, store := range []credential.Store{a, b} {
			if got, err := store.Load(ctx, key); err != nil || !bytes.Equal(got, value) {
				t.Errorf("got %d bytes %.20q, error %v; want %d bytes %.20q", len(got), got, err, len(value), value)
			}
		}
	}
	if err := b.Store(ctx, key+"2", []byte("other")); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Load(ctx, key); err != nil || !bytes.Equal(got, []byte{0}) {
		t.Errorf("another key changed this one: got %q, error %v", got, err)
	}
	// A lock is no record, even under the same name.
	if err := a.Lock(ctx, key); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Load(ctx, key); err != nil || !bytes.Equal(got, []byte{0}) {
		t.Errorf("under a lock of that name: got %q, error %v", got, err)
	}
	if err := b.Store(ctx, key, []byte("new")); err != nil {
		t.Error(err)
	}
	if err := a.Unlock(ctx, key); err != nil {
		t.Error(err)
	}
	if got, err := a.Load(ctx, key); err != nil || string(got) != "new" {
		t.Errorf("after unlocking: got %q, error %v", got, err)
	}
}

// testAge is for stores that have a clock.
func testAge(t *testing.T, a, b credential.Store) {
	aging, ok := b.(credential.Aging)
	if !ok {
		t.Skip("the store does not tell")
	}
	ctx := t.Context()
	const key = "wechat_card/age/api_ticket"
	if got, err := aging.Age(ctx, "wechat_card/nothing/api_ticket"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing key: got %s, error %v", got, err)
	}
	for range 2 {
		before := time.Now()
		if err := a.Store(ctx, key, []byte("v")); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		time.Sleep(200 * time.Millisecond)
		// Both clocks are this machine's here; a file's is coarse.
		least := time.Since(after) - 50*time.Millisecond
		got, err := aging.Age(ctx, key)
		if most := time.Since(before) + 50*time.Millisecond; err != nil || got < least || got > most {
			t.Errorf("got %s, error %v; want %s to %s", got, err, least, most)
		}
	}
}

// testLife is for stores whose keys end by themselves.
func testLife(t *testing.T, a, b credential.Store) {
	expiring, ok := a.(credential.Expiring)
	if !ok {
		t.Skip("the store keeps everything")
	}
	ctx := t.Context()
	const key = "wechat_card/life/api_ticket"
	if err := expiring.StoreFor(ctx, key, []byte("long"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Load(ctx, key); err != nil || string(got) != "long" {
		t.Errorf("got %q, error %v", got, err)
	}
	if err := expiring.StoreFor(ctx, key, []byte("short"), 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got, err := b.Load(ctx, key)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil || string(got) != "short" || time.Now().After(deadline) {
			t.Fatalf("got %q, error %v", got, err)
		}
	}
}

// testLockExcludes lets both handles ask for the same lock, several times at once.
func testLockExcludes(t *testing.T, a, b credential.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	var inside atomic.Int32
	var wg sync.WaitGroup
	for i := range 4 {
		store := []credential.Store{a, b}[i%2]
		wg.Go(func() {
			if err := store.Lock(ctx, "excludes"); err != nil {
				t.Error(err)
				return
			}
			if inside.Add(1) != 1 {
				t.Error("two have the lock")
			}
			time.Sleep(20 * time.Millisecond)
			inside.Add(-1)
			if err := store.Unlock(ctx, "excludes"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func testLockWaits(t *testing.T, a, b credential.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := a.Lock(ctx, "waits"); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() { got <- b.Lock(ctx, "waits") }()
	select {
	case err := <-got:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := a.Unlock(ctx, "waits"); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if err := b.Unlock(ctx, "waits"); err != nil {
		t.Error(err)
	}
}

func testLockGivesUp(t *testing.T, a, b credential.Store) {
	if err := a.Lock(t.Context(), "gives-up"); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"deadline": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 200*time.Millisecond)
		},
		"cancel": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end()
		began := time.Now()
		err := b.Lock(ctx, "gives-up")
		if err == nil || !errors.Is(err, ctx.Err()) {
			t.Errorf("%s: got error %v", name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		cancel()
	}
	if err := a.Unlock(t.Context(), "gives-up"); err != nil {
		t.Error(err)
	}
	// Those who gave up have left nothing behind.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := b.Lock(ctx, "gives-up"); err != nil {
		t.Fatal(err)
	}
	if err := b.Unlock(ctx, "gives-up"); err != nil {
		t.Error(err)
	}
}

func testSeveralLocks(t *testing.T, store credential.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	names := []string{"wechat_card-1-access_token-none", "wechat_card-1-api_ticket-none", "wechat_card-2-access_token-0123456789abcdef"}
	for _, name := range names {
		if err := store.Lock(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if err := store.Unlock(ctx, name); err != nil {
			t.Error(err)
		}
	}
}

func testUnlockWithoutLock(t *testing.T, store credential.Store) {
	ctx := t.Context()
	if err := store.Unlock(ctx, "never-locked"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
	if err := store.Lock(ctx, "locked-once"); err != nil {
		t.Fatal(err)
	}
	if err := store.Unlock(ctx, "locked-once"); err != nil {
		t.Fatal(err)
	}
	if err := store.Unlock(ctx, "locked-once"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second time: got error %v", err)
	}
}
