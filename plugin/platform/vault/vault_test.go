package vault_test

import (
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

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a store whose keys cannot be listed. Its locks cannot be had when it says so.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
	noLock bool
	before func(key string) // called before a key is stored; nil: nothing is
}

func newStore() *store { return &store{values: make(map[string][]byte)} }

func (s *store) Lock(context.Context, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noLock {
		return errors.New("no lock")
	}
	return s.broken
}

func (*store) Unlock(context.Context, string) error { return nil }

func (s *store) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	if v, ok := s.values[key]; ok {
		return v, nil
	}
	return nil, fs.ErrNotExist
}

func (s *store) Store(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before != nil {
		before(key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	s.values[key] = value
	return nil
}

func (s *store) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *store) all() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}

func (s *store) restore(values map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = maps.Clone(values)
}

// open gives a process's side of a shelf.
func open(t testing.TB, of, copied storeguard.Store, secrets ...string) *vault.Shelf {
	t.Helper()
	if secrets == nil {
		secrets = []string{"secret"}
	}
	v, err := vault.New(vault.Config{Memory: vault.NewMemory(), Store: of, Copy: copied, Dir: "dir", Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return v.Shelf("things", true)
}

func write(t testing.TB, s *vault.Shelf, name, text string) {
	t.Helper()
	if _, err := s.Change(t.Context(), name, func(vault.Entry, error) (string, error) { return text, nil }); err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, s *vault.Shelf, name, text string) {
	t.Helper()
	if e, err := s.Newest(t.Context(), name); err != nil || e.Text != text {
		t.Errorf("%s: got %q, %v; want %q", name, e.Text, err, text)
	}
	if e, err := s.Get(t.Context(), name); err != nil || e.Text != text {
		t.Errorf("%s: Get gives %q, %v; want %q", name, e.Text, err, text)
	}
}

// A write that came late, or a backup that was put back, is no newer than what the other place has.
func TestNewerOfBothCounts(t *testing.T) {
	for _, back := range []int{0, 1} {
		places := []*store{newStore(), newStore()}
		s := open(t, places[0], places[1])
		write(t, s, "x", "old")
		old := places[back].all()
		write(t, s, "x", "new")
		places[back].restore(old)
		other := open(t, places[0], places[1])
		if e, err := other.Newest(t.Context(), "x"); err != nil || e.Text != "new" {
			t.Errorf("got %q, %v", e.Text, err)
		}
		if back == 0 {
			want(t, open(t, places[0], nil), "x", "new") // it was put right
		} else {
			want(t, open(t, places[1], nil), "x", "new")
		}
		// Whoever has seen the newer one is not led astray by a store that has gone back.
		places[0].restore(map[string][]byte{})
		places[1].restore(map[string][]byte{})
		want(t, s, "x", "new")
	}
}

// What is written while nobody can tell what was there is later than that all the same, unless somebody has written after it.
func TestBlindChange(t *testing.T) {
	for _, later := range []bool{false, true} {
		a := newStore()
		before, blind := open(t, a, nil), open(t, a, nil)
		for i := range 10 {
			write(t, before, "x", fmt.Sprint(i))
		}
		a.breaks(errors.New("broken"))
		time.Sleep(5 * time.Millisecond)
		write(t, blind, "x", "blind")
		a.breaks(nil)
		text := "blind"
		if later {
			time.Sleep(5 * time.Millisecond)
			text = "later"
			write(t, before, "x", text)
		}
		blind.Flush(t.Context())
		if blind.Pending() {
			t.Error("it was not written")
		}
		want(t, open(t, a, nil), "x", text)
		want(t, blind, "x", text)
	}
}

// A lock that cannot be had costs no change.
func TestChangeWithoutALock(t *testing.T) {
	a := newStore()
	a.noLock = true
	write(t, open(t, a, nil), "x", "text")
	want(t, open(t, a, nil), "x", "text")
}

// A store that hangs is given up, and then left alone: what is written is written to the other place, and soon.
func TestStoreThatHangs(t *testing.T) {
	t.Parallel()
	a, b := newStore(), newStore()
	ends := make(chan struct{})
	s := open(t, a, b)
	write(t, s, "x", "old")
	a.mu.Lock()
	a.before = func(string) { <-ends }
	a.mu.Unlock()
	began := time.Now()
	write(t, s, "x", "new")
	write(t, s, "x", "newer")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	if n := s.Standing(); n.Unsaved != 0 || n.Uncopied != 1 {
		t.Errorf("it stands %+v", n)
	}
	want(t, s, "x", "newer")
	want(t, open(t, b, nil), "x", "newer")
	close(ends) // and what hung comes late
}

// What was changed by hand, moved to another name, or is nonsense does not open, and stays, unless the other place has better.
func TestForeign(t *testing.T) {
	a, b := newStore(), newStore()
	s := open(t, a, b)
	write(t, s, "x", "text of x")
	write(t, s, "y", "text of y")
	good := a.all()["dir/things/x"]
	for name, bad := range map[string][]byte{
		"another name":   a.all()["dir/things/y"],
		"another serial": []byte(strings.Replace(string(good), `"serial":1`, `"serial":7`, 1)),
		"nonsense":       []byte("nonsense"), "nothing": []byte("{}"), "null": []byte("null"),
	} {
		values := a.all()
		values["dir/things/x"] = bad
		a.restore(values)
		b.restore(values)
		other := open(t, a, b)
		if _, err := other.Get(t.Context(), "x"); !errors.Is(err, vault.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
		if n := other.Standing().Foreign; n != 1 {
			t.Errorf("%s: %d foreign", name, n)
		}
		if string(a.all()["dir/things/x"]) != string(bad) {
			t.Errorf("%s was written over", name)
		}
		values["dir/things/x"] = good
		b.restore(values)
		want(t, other, "x", "text of x")
		if n := other.Standing().Foreign; n != 0 {
			t.Errorf("%s: %d foreign when the copy is good", name, n)
		}
		want(t, open(t, a, nil), "x", "text of x") // it was put right
	}
	if names, err := s.Names(t.Context()); err != nil || !slices.Equal(names, []string{"x", "y"}) {
		t.Errorf("names %v, %v", names, err)
	}
	if err := s.Drop(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Newest(t.Context(), "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Drop: %v", err)
	}
	if names, err := open(t, a, b).Names(t.Context()); err != nil || !slices.Equal(names, []string{"y"}) {
		t.Errorf("names %v, %v", names, err)
	}
}

// filed is a store whose keys can be listed, and that tells how long ago each was stored.
type filed struct {
	*store
	ages map[string]time.Duration
}

func (s filed) List(_ context.Context, dir string, _ bool) (keys []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.values {
		if path.Dir(key) == dir {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (s filed) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return nil
}

func (s filed) Age(_ context.Context, key string) (time.Duration, error) { return s.ages[key], nil }

// TestStrays: what a killed process left beside a file that it wrote is no record, and does not stay.
func TestStrays(t *testing.T) {
	files := filed{newStore(), map[string]time.Duration{"dir/things/2253397822": time.Minute, "dir/things/143": time.Hour}}
	s := open(t, files, nil)
	write(t, s, "one", "1")
	for key := range files.ages {
		files.values[key] = []byte("half")
	}
	if names, err := s.Names(t.Context()); err != nil || len(names) != 1 || names[0] != "one" {
		t.Errorf("got %v, %v", names, err)
	}
	if all := files.all(); len(all) != 2 || all["dir/things/2253397822"] == nil {
		t.Errorf("left are %v", slices.Sorted(maps.Keys(all)))
	}
}
