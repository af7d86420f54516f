package directory_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

// liar is a source that gives its one account for every name.
type liar struct{ *fake }

func (l liar) Look(ctx context.Context, _ string) (directory.Entry, error) {
	return l.fake.Look(ctx, id(1))
}

// TestUnknownNames: 100,000 of them are few looks and little memory, one network's are fewer, and known accounts notice nothing.
func TestUnknownNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s")
		for n := range 1000 {
			s.set(id(n+1), "")
		}
		d := open(s)
		for n := range 500 {
			want(t, d, id(n+1), id(n+1))
		}
		s.looked()
		most := racetest.Fewer(100_000)
		began := time.Now()
		for n := range most {
			if _, err := d.Find(t.Context(), fmt.Sprintf("name-%d", n), fmt.Sprintf("203.%d.%d.0/24", n/250%250, n%250)); err == nil {
				t.Fatal("found")
			}
			time.Sleep(100 * time.Microsecond)
		}
		took := time.Since(began)
		if n := s.looked(); n > 50+int(50*took.Seconds()) {
			t.Errorf("%d looks in %v", n, took)
		}
		want(t, d, id(1), id(1)) // known, and looked at again
		time.Sleep(2 * time.Second)
		s.looked()
		for n := range 1000 {
			_, _ = d.Find(t.Context(), fmt.Sprintf("other-%d", n), "203.0.113.0/24")
		}
		if n := s.looked(); n > 10 {
			t.Errorf("%d looks for one network at once", n)
		}
		want(t, d, id(600), id(600)) // another one finds
		time.Sleep(time.Second)
		if e, err := d.Find(t.Context(), id(700), "203.0.113.0/24"); err != nil {
			t.Errorf("got %+v, %v", e, err)
		}
	})
}

// What is found for the first time costs nothing, so that a process that has just started finds all that there are.
func TestFirstRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake("s")
		d := open(s)
		for n := range racetest.Fewer(10_000) {
			s.set(id(n+1), "")
			if e, err := d.Find(t.Context(), id(n+1), "203.0.113.0/24"); err != nil {
				t.Fatalf("account %d: got %+v, %v", n, e, err)
			}
		}
	})
}

func TestMemory(t *testing.T) {
	clock := time.Now()
	d := directory.New(directory.Config{
		Sources: []directory.Source{newFake("s")}, Taken: func(string) bool { return false }, Now: func() time.Time { return clock },
	})
	find := func(n int) {
		for i := range n {
			clock = clock.Add(20 * time.Millisecond) // as many looks as may be
			_, _ = d.Find(t.Context(), fmt.Sprintf("name-%d", i), fmt.Sprintf("203.%d.%d.0/24", i/250%250, i%250))
		}
	}
	find(racetest.Fewer(20_000))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	find(racetest.Fewer(30_000))
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(d)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("%d bytes more", grown)
	}
}
