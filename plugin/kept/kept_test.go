package kept

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// folder is a store whose keys can be listed, as Caddy's storage is.
type folder struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
}

func (f *folder) Store(_ context.Context, key string, value []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[key] = value
	return f.broken
}

func (f *folder) Load(_ context.Context, key string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if value, ok := f.values[key]; ok {
		return value, f.broken
	}
	return nil, errors.Join(fs.ErrNotExist, f.broken)
}

func (f *folder) Delete(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.values[key]; !ok {
		return fs.ErrNotExist
	}
	delete(f.values, key)
	return f.broken
}

func (f *folder) List(_ context.Context, dir string, _ bool) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for key := range f.values {
		if path.Dir(key) == dir {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		return nil, errors.Join(fs.ErrNotExist, f.broken)
	}
	return keys, f.broken
}

func (*folder) Lock(context.Context, string) error { return nil }

func (*folder) Unlock(context.Context, string) error { return nil }

// fleet opens any number of Shelves on one store; the clock is theirs.
type fleet struct {
	now  time.Time
	open func(secret string) *Shelf
	raw  func() map[string][]byte // what lies in the store
}

func newFleet(t *testing.T, store func() storeguard.Store, memory *Memory, raw func() map[string][]byte) *fleet {
	t.Helper()
	f := &fleet{now: time.Unix(1_700_000_000, 0), raw: raw}
	f.open = func(secret string) *Shelf {
		s, err := New(Config{Memory: memory, Store: store(), Dir: "wechat_card/x/kept", Secret: secret, Now: func() time.Time { return f.now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return f
}

// onEachStore runs a test on each kind of store.
func onEachStore(t *testing.T, test func(t *testing.T, f *fleet)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		memory := NewMemory()
		test(t, newFleet(t, func() storeguard.Store { return nil }, memory, func() map[string][]byte { return memory.values }))
	})
	t.Run("folder", func(t *testing.T) {
		files := &folder{values: make(map[string][]byte)}
		test(t, newFleet(t, func() storeguard.Store { return files }, NewMemory(), func() map[string][]byte { return files.values }))
	})
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t)
		open := func() *redisstore.Store {
			store, err := redisstore.New(redisstore.Config{URLs: []string{server.Addr}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			return store
		}
		test(t, newFleet(t, func() storeguard.Store { return open() }, NewMemory(), func() map[string][]byte {
			store, values := open(), make(map[string][]byte)
			fields, err := store.Fields(t.Context(), "wechat_card/x/kept")
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range fields {
				if values[field], err = store.Field(t.Context(), "wechat_card/x/kept", field); err != nil {
					t.Fatal(err)
				}
			}
			return values
		}))
	})
}

func message(n int) Message {
	return Message{
		ID: ID(bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 16)), Event: "user_get_card", CardID: fmt.Sprint("p", n), LastStatus: 500,
		Plain: []byte("the text of a user\x00\xff"), Way: []byte(`{"host":"shop.example.com"}`), Format: "text/xml", Receiver: "wx1",
	}
}

func failed(t *testing.T, s *Shelf, m Message, limit int) {
	t.Helper()
	if err := s.Failed(t.Context(), m, limit); err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, s *Shelf) (found []string) {
	t.Helper()
	list, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		found = append(found, m.CardID)
	}
	return found
}

// TestShelf keeps messages on every kind of store, in two processes where the store has room for two.
func TestShelf(t *testing.T) {
	onEachStore(t, func(t *testing.T, f *fleet) {
		a, b := f.open("secret"), f.open("secret")
		if got := ids(t, a); got != nil {
			t.Errorf("at first there are %v", got)
		}
		first := f.now
		failed(t, a, message(1), 10)
		f.now = f.now.Add(time.Minute)
		failed(t, a, message(2), 10)
		again := message(1)
		again.LastStatus = 0
		failed(t, b, again, 10)

		list, err := b.List(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("got %+v, error %v", list, err)
		}
		want := message(1)
		want.Time, want.Tries, want.LastStatus = first.UTC(), 2, 0
		if fmt.Sprint(list[0]) != fmt.Sprint(want) || list[1].Tries != 1 || !list[1].Time.Equal(f.now) {
			t.Errorf("got  %+v\nwant %+v", list[0], want)
		}
		if got, err := a.Get(t.Context(), want.ID); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v, error %v", got, err)
		}
		for _, value := range f.raw() {
			if bytes.Contains(value, []byte("user")) || bytes.Contains(value, []byte("shop")) || bytes.Contains(value, []byte("card_id")) {
				t.Errorf("it lies open: %s", value)
			}
		}

		if err := b.Accepted(t.Context(), want.ID); err != nil {
			t.Error(err)
		}
		if err := b.Accepted(t.Context(), want.ID); err != nil {
			t.Errorf("what is not there: %v", err)
		}
		for _, id := range []string{want.ID, "", "x", "../" + want.ID, strings.Replace(list[1].ID, "00", "AA", 1), list[1].ID + "0"} {
			if _, err := a.Get(t.Context(), id); !errors.Is(err, ErrNone) {
				t.Errorf("%q: error %v", id, err)
			}
		}
		if got := ids(t, a); !slices.Equal(got, []string{"p2"}) {
			t.Errorf("got %v", got)
		}
		other := f.open("another secret")
		if got := ids(t, other); got != nil {
			t.Errorf("with another secret: %v", got)
		}
		if _, err := other.Get(t.Context(), list[1].ID); !errors.Is(err, ErrNone) {
			t.Errorf("with another secret: error %v", err)
		}
	})
}

// TestOrder keeps the latest of messages that came within one second, and lists them as they came.
func TestOrder(t *testing.T) {
	onEachStore(t, func(t *testing.T, f *fleet) {
		s := f.open("secret")
		for n := range 9 {
			f.now = f.now.Add(time.Microsecond)
			failed(t, s, message(9-n), 4)
		}
		failed(t, s, message(3), 4) // once more
		for _, s := range []*Shelf{s, f.open("secret")} {
			if got := ids(t, s); !slices.Equal(got, []string{"p4", "p3", "p2", "p1"}) {
				t.Errorf("got %v", got)
			}
		}
	})
}

// TestBounds keeps no more, and for no longer, than is said, whoever keeps it.
func TestBounds(t *testing.T) {
	onEachStore(t, func(t *testing.T, f *fleet) {
		shelves := []*Shelf{f.open("secret"), f.open("secret")}
		for n := range 7 {
			f.now = f.now.Add(2 * time.Second)
			failed(t, shelves[n%2], message(n), 3)
		}
		if got := ids(t, shelves[0]); !slices.Equal(got, []string{"p4", "p5", "p6"}) {
			t.Errorf("got %v", got)
		}
		f.now = f.now.Add(MaxAge - 2*time.Second)
		if got := ids(t, shelves[1]); !slices.Equal(got, []string{"p5", "p6"}) {
			t.Errorf("after seven days: %v", got)
		}
		if err := shelves[0].Sweep(t.Context(), 1); err != nil || len(f.raw()) != 1 {
			t.Errorf("%d lie there, error %v", len(f.raw()), err)
		}
		f.now = f.now.Add(time.Minute)
		if err := shelves[1].Sweep(t.Context(), 3); err != nil || len(f.raw()) != 0 {
			t.Errorf("%d lie there, error %v", len(f.raw()), err)
		}

		if racetest.Enabled && !strings.HasSuffix(t.Name(), "/redis") { // megabytes, counted alike in each store
			return
		}
		big := bytes.Repeat([]byte("x"), 2<<20)
		size := 0
		for n := range 10 {
			f.now = f.now.Add(time.Second)
			m := message(n)
			m.Plain = big
			failed(t, shelves[n%2], m, 1<<20)
		}
		for value := range maps.Values(f.raw()) {
			size += len(value)
		}
		if size > MaxBytes || size < MaxBytes-4<<20 {
			t.Errorf("%d bytes lie there", size)
		}
	})
}

// TestForeign clears away what is no message, or does not open, when there is too much.
func TestForeign(t *testing.T) {
	files := &folder{values: map[string][]byte{
		"k/" + message(1).ID: []byte("nonsense"), "k/README": []byte("nonsense"), "k/" + message(2).ID: []byte(`{"since":1699999999000000,"sealed":"AAAA"}`),
	}}
	s, err := New(Config{Memory: NewMemory(), Store: files, Dir: "k", Secret: "s", Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	failed(t, s, message(3), 2)
	if got := ids(t, s); !slices.Equal(got, []string{"p3"}) || len(files.values) != 3 {
		t.Errorf("got %v; there are %v", got, slices.Sorted(maps.Keys(files.values)))
	}
	failed(t, s, message(2), 2) // what does not open begins anew
	if m, err := s.Get(t.Context(), message(2).ID); err != nil || m.Tries != 1 || m.Time.Unix() != 1_700_000_000 {
		t.Errorf("got %+v, error %v", m, err)
	}

	files.broken = errors.New("disk is full")
	if err := s.Failed(t.Context(), message(4), 2); err == nil {
		t.Error("no error")
	}
	if _, err := s.List(t.Context()); err == nil {
		t.Error("no error")
	}
}
