package dedupe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

func nameOf(i int) (n Name) {
	binary.BigEndian.PutUint64(n[:], uint64(i))
	return n
}

// memoryStore is a store that lists its keys. It may fail, and hang.
type memoryStore struct {
	mu     sync.Mutex
	data   map[string][]byte
	writes int
	fails  bool
	hangs  bool
}

func newMemoryStore() *memoryStore { return &memoryStore{data: map[string][]byte{}} }

func (s *memoryStore) Lock(context.Context, string) error   { return nil }
func (s *memoryStore) Unlock(context.Context, string) error { return nil }

func (s *memoryStore) call(ctx context.Context, op func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hangs {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return ctx.Err()
	}
	if s.fails {
		return errors.New("the disk is full")
	}
	return op()
}

func (s *memoryStore) Store(ctx context.Context, key string, value []byte) error {
	return s.call(ctx, func() error {
		s.writes++
		s.data[key] = bytes.Clone(value)
		return nil
	})
}

func (s *memoryStore) Load(ctx context.Context, key string) (value []byte, err error) {
	err = s.call(ctx, func() error {
		value = s.data[key]
		return nil
	})
	return value, err
}

func (s *memoryStore) Delete(ctx context.Context, key string) error {
	return s.call(ctx, func() error {
		delete(s.data, key)
		return nil
	})
}

func (s *memoryStore) List(ctx context.Context, dir string, _ bool) (keys []string, err error) {
	err = s.call(ctx, func() error {
		for key := range s.data {
			if path.Dir(key) == dir {
				keys = append(keys, key)
			}
		}
		if keys == nil {
			return fs.ErrNotExist
		}
		return nil
	})
	return keys, err
}

func (s *memoryStore) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *memoryStore) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.data))
}

// newGroup makes a group of a process of its own.
func newGroup(store credential.Store) *Group {
	return New(Config{Memory: NewMemory(), Store: store, Prefix: "dir/pushes"})
}

// did tells whether Do did the work.
func did(t *testing.T, g *Group, name Name) bool {
	t.Helper()
	var worked atomic.Bool
	_, known, err := g.Do(t.Context(), name, func() (any, error) {
		worked.Store(true)
		return nil, nil
	})
	if err != nil || known == worked.Load() {
		t.Errorf("known %t, worked %t, error %v", known, worked.Load(), err)
	}
	return worked.Load()
}

func TestOnce(t *testing.T) {
	g := newGroup(nil)
	if !did(t, g, nameOf(1)) || did(t, g, nameOf(1)) || !did(t, g, nameOf(2)) {
		t.Error("not each once")
	}
	wrong := errors.New("wrong")
	for _, work := range []func() (any, error){
		func() (any, error) { return nil, wrong },
		func() (any, error) { panic(wrong) },
	} {
		if _, known, err := g.Do(t.Context(), nameOf(3), work); known || err == nil || !strings.Contains(err.Error(), "wrong") {
			t.Errorf("known %t, error %v", known, err)
		}
	}
	if !did(t, g, nameOf(3)) || did(t, g, nameOf(3)) {
		t.Error("what failed is not done again, or too often")
	}
}

func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(newMemoryStore())
		var worked, answered atomic.Int32
		work := func() (any, error) {
			worked.Add(1)
			time.Sleep(3 * time.Second)
			return "reply", nil
		}
		for range 200 {
			go func() {
				value, known, err := g.Do(t.Context(), nameOf(1), work)
				if value == "reply" && !known && err == nil {
					answered.Add(1)
				}
			}()
		}
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := g.Do(impatient, nameOf(1), work); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that does not wait: %v", err)
		}
		time.Sleep(5 * time.Second)
		if worked.Load() != 1 || answered.Load() != 200 {
			t.Errorf("worked %d times for %d", worked.Load(), answered.Load())
		}

		// All share a failure, too, and the next one tries again.
		var failed atomic.Int32
		for range 10 {
			go func() {
				_, _, err := g.Do(t.Context(), nameOf(2), func() (any, error) {
					time.Sleep(time.Second)
					return nil, errors.New("down")
				})
				if err != nil {
					failed.Add(1)
				}
			}()
		}
		time.Sleep(5 * time.Second)
		if failed.Load() != 10 || !did(t, g, nameOf(2)) {
			t.Errorf("%d failed", failed.Load())
		}
		g.Stop()
	})
}

// TestRestart kills processes a second after their last work, or stops them at once.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemoryStore()
		a, b := newGroup(store), newGroup(store)
		a.Start()
		for i := range 100 {
			did(t, a, nameOf(i))
			did(t, b, nameOf(1000+i))
		}
		time.Sleep(time.Second) // then they are killed
		if n := len(store.keys()); n != 2 {
			t.Errorf("%d keys for two processes in an hour", n)
		}
		c := newGroup(store)
		for _, i := range []int{0, 99, 1000, 1099} {
			if did(t, c, nameOf(i)) {
				t.Errorf("%d is done again", i)
			}
		}
		did(t, c, nameOf(2000))
		c.Stop()
		if did(t, newGroup(store), nameOf(2000)) {
			t.Error("what was done before a stop is done again")
		}
		did(t, c, nameOf(2001)) // a request that is still under way
		time.Sleep(time.Millisecond)
		if did(t, newGroup(store), nameOf(2001)) {
			t.Error("what was done after a stop is done again")
		}
	})
}

// TestHours goes through two days.
func TestHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemoryStore()
		g := newGroup(store)
		for hour := range 48 {
			did(t, g, nameOf(hour))
			time.Sleep(time.Hour)
			if hour >= 25 && did(t, g, nameOf(hour-24)) {
				t.Errorf("forgotten after 25 hours: %d", hour-24)
			}
		}
		if n := len(store.keys()); n > 29 {
			t.Errorf("%d keys are left: %v", n, store.keys())
		}
		if n := len(g.memory.done); n > 60 {
			t.Errorf("%d names are left", n)
		}
		if did(t, newGroup(store), nameOf(47-23)) {
			t.Error("forgotten by the store after a day")
		}
		g.Stop()
	})
}

func TestStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemoryStore()
		did(t, newGroup(store), nameOf(1))
		time.Sleep(time.Second)

		for name, change := range map[string]func(){"fails": func() { store.fails = true }, "hangs": func() { store.hangs = true }} {
			store.set(change)
			g := newGroup(store)
			began := time.Now()
			if !did(t, g, nameOf(2)) || did(t, g, nameOf(2)) {
				t.Errorf("%s: not once", name)
			}
			for i := range 100 {
				did(t, g, nameOf(1000+i))
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s: took %s", name, took)
			}
			store.set(func() { store.fails, store.hangs = false, false })
			time.Sleep(time.Minute)
			if did(t, g, nameOf(1)) {
				t.Errorf("%s: what the store knows is done again", name)
			}
			if did(t, newGroup(store), nameOf(1099)) {
				t.Errorf("%s: what was done meanwhile is done again", name)
			}
			began = time.Now()
			store.set(func() { store.hangs = true })
			did(t, g, nameOf(3))
			g.Stop()
			if took := time.Since(began); took > stopWait {
				t.Errorf("%s: stopping took %s", name, took)
			}
			store.set(func() { store.hangs = false; clear(store.data) })
			did(t, newGroup(store), nameOf(1))
			time.Sleep(time.Minute)
		}
	})
}

func TestDamagedStore(t *testing.T) {
	store := newMemoryStore()
	hour := hourOf(time.Now())
	name := nameOf(1)
	store.data[fmt.Sprintf("dir/pushes/%d-1", hour)] = append(name[:], 1, 2, 3)
	store.data["dir/pushes/x"] = []byte("x")
	store.data["dir/pushes/x-1"] = []byte("x")
	store.data["dir/pushes/-"] = nil
	g := newGroup(store)
	if did(t, g, name) || !did(t, g, nameOf(2)) {
		t.Error("damaged records are not passed over")
	}
	g.Stop()
}

// TestBounded does more than is remembered.
func TestBounded(t *testing.T) {
	store := newMemoryStore()
	g := newGroup(store)
	for i := range batchSize {
		did(t, g, nameOf(i))
	}
	var told []Name // by a store, which is quicker
	for i := batchSize; i < MaxNames; i++ {
		told = append(told, nameOf(i))
	}
	g.memory.learn(hourOf(g.now()), told, g.now())
	for i := range batchSize {
		did(t, g, nameOf(MaxNames+i))
	}
	if n := len(g.memory.done); n > MaxNames || n < MaxNames-batchSize {
		t.Errorf("remembers %d", n)
	}
	if !did(t, g, nameOf(0)) || did(t, g, nameOf(2*batchSize)) || did(t, g, nameOf(MaxNames)) {
		t.Error("forgets others than the oldest")
	}
	g.Stop()
	again := newGroup(store)
	for _, i := range []int{MaxNames + batchSize - 1, MaxNames} {
		if did(t, again, nameOf(i)) {
			t.Errorf("%d is done again", i)
		}
	}
	for key, value := range store.data {
		if len(value) > batchSize*len(Name{}) {
			t.Errorf("%s has %d bytes", key, len(value))
		}
	}
}

// TestRedis does the same in two processes that share a Redis, whatever becomes of it.
func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	open := func() *Group {
		s, err := redisstore.New(redisstore.Config{URLs: []string{server.Addr}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return newGroup(s)
	}
	a, b := open(), open()
	if a.claims == nil || a.journal != nil {
		t.Fatal("Redis is not claimed")
	}
	if !did(t, a, nameOf(1)) || did(t, b, nameOf(1)) || did(t, open(), nameOf(1)) {
		t.Error("not once")
	}

	var worked atomic.Int32
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			_, _, err := []*Group{a, b}[i%2].Do(t.Context(), nameOf(2), func() (any, error) {
				worked.Add(1)
				time.Sleep(300 * time.Millisecond)
				return nil, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if worked.Load() != 1 {
		t.Errorf("worked %d times", worked.Load())
	}

	// What fails in one process is free for the other.
	if _, _, err := a.Do(t.Context(), nameOf(3), func() (any, error) { return nil, errors.New("down") }); err == nil {
		t.Error("no error")
	}
	if !did(t, b, nameOf(3)) || did(t, a, nameOf(3)) {
		t.Error("what failed is not done again, or too often")
	}

	// A process that died: its claim ends by itself. One that is at work for long is not waited for without end.
	key := redisstore.DefaultPrefix + "dir/pushes/" + fmt.Sprintf("%x", nameOf(4))
	server.Do("set", key, "of a process that died", "px", 500)
	if !did(t, a, nameOf(4)) {
		t.Error("what was claimed by a process that died is not done")
	}
	key = redisstore.DefaultPrefix + "dir/pushes/" + fmt.Sprintf("%x", nameOf(5))
	server.Do("set", key, "of a process that is slow", "px", 60_000)
	if _, _, err := a.Do(t.Context(), nameOf(5), func() (any, error) { return nil, nil }); !errors.Is(err, ErrElsewhere) {
		t.Errorf("got error %v", err)
	}

	server.Kill()
	began := time.Now()
	for i := range 20 {
		if !did(t, a, nameOf(100+i)) || did(t, a, nameOf(100+i)) {
			t.Error("without Redis: not once")
		}
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("without Redis: took %s", took)
	}
}

// slowClaims is a Claiming of one process, whose clock is the test's.
type slowClaims struct {
	*memoryStore // nobody asks it for anything

	mu   sync.Mutex
	data map[string][]byte
	ends map[string]time.Time
	lost bool // claims are forgotten
}

func (s *slowClaims) get(key string) []byte {
	if s.lost || time.Now().After(s.ends[key]) {
		delete(s.data, key)
	}
	return s.data[key]
}

func (s *slowClaims) Claim(_ context.Context, key string, value []byte, life time.Duration) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if current := s.get(key); current != nil {
		return current, nil
	}
	s.data[key], s.ends[key] = value, time.Now().Add(life)
	return nil, nil
}

func (s *slowClaims) Swap(_ context.Context, key string, old, value []byte, life time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if current := s.get(key); current == nil || !bytes.Equal(current, old) {
		return false, nil
	}
	if value == nil {
		delete(s.data, key)
		return true, nil
	}
	s.data[key], s.ends[key] = value, time.Now().Add(life)
	return true, nil
}

// TestClaimIsKept works for longer than a claim lives.
func TestClaimIsKept(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store := &slowClaims{data: map[string][]byte{}, ends: map[string]time.Time{}}
			a, b := newGroup(store), newGroup(store)
			go func() {
				_, _, _ = a.Do(t.Context(), nameOf(1), func() (any, error) {
					time.Sleep(time.Minute)
					store.mu.Lock()
					store.lost = lost
					store.mu.Unlock()
					return nil, nil
				})
			}()
			for range 11 {
				time.Sleep(time.Second)
				if _, _, err := b.Do(t.Context(), nameOf(1), func() (any, error) { return nil, nil }); !errors.Is(err, ErrElsewhere) {
					t.Errorf("got error %v", err)
				}
			}
			time.Sleep(time.Minute)
			store.mu.Lock()
			store.lost = false
			store.mu.Unlock()
			if did(t, b, nameOf(1)) {
				t.Error("done twice")
			}
			time.Sleep(25 * time.Hour)
			if did(t, newGroup(store), nameOf(1)) {
				t.Error("forgotten within 25 hours")
			}
		})
	}
}

// hungStore is a store whose calls come back when it is told to, whatever their context says.
type hungStore struct {
	*memoryStore
	free chan struct{}
	hung atomic.Int32
}

func (s *hungStore) hang() {
	s.hung.Add(1)
	<-s.free
	s.hung.Add(-1)
}

func (s *hungStore) Store(ctx context.Context, key string, value []byte) error {
	s.hang()
	return s.memoryStore.Store(ctx, key, value)
}

func (s *hungStore) Load(ctx context.Context, key string) ([]byte, error) {
	s.hang()
	return s.memoryStore.Load(ctx, key)
}

func (s *hungStore) Delete(ctx context.Context, key string) error {
	s.hang()
	return s.memoryStore.Delete(ctx, key)
}

func (s *hungStore) List(ctx context.Context, dir string, recursive bool) ([]string, error) {
	s.hang()
	return s.memoryStore.List(ctx, dir, recursive)
}

// A store that hangs for an hour holds the one call that found it so, and the one that began at the same time.
func TestHungStoreCollectsNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &hungStore{memoryStore: newMemoryStore(), free: make(chan struct{})}
		g := newGroup(s)
		for i := range 3600 {
			if !did(t, g, nameOf(i)) {
				t.Fatalf("%d is not done", i)
			}
			time.Sleep(time.Second)
		}
		if n := s.hung.Load(); n < 1 || n > 2 {
			t.Errorf("%d calls hang after an hour, want the first", n)
		}
		close(s.free)
		time.Sleep(time.Minute)
		g.Stop()
		after := newGroup(s)
		for i := range 3600 {
			if did(t, after, nameOf(i)) {
				t.Fatalf("%d was done before the store came back, and was not written down then", i)
			}
		}
		after.Stop()
	})
}
