package outbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// backend takes letters, or does not.
type backend struct {
	mu    sync.Mutex
	got   map[string]int // by id
	tries []time.Time
	fails bool
	hangs time.Duration
}

func (b *backend) send(_ context.Context, m kept.Message) error {
	time.Sleep(b.hangs)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries = append(b.tries, time.Now())
	if b.fails {
		return errors.New("the backend is away")
	}
	if b.got == nil {
		b.got = make(map[string]int)
	}
	b.got[m.ID+" "+m.Event+" "+string(m.Plain)]++
	return nil
}

// all gives what was sent, and when it was tried.
func (b *backend) all() (got map[string]int, tries []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.got), slices.Clone(b.tries)
}

func (b *backend) sent() map[string]int {
	got, _ := b.all()
	return got
}

func (b *backend) set(fails bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fails = fails
}

func idOf(i int) string { return fmt.Sprintf("%032x", i) }

// newOutbox makes one whose store is a process's memory, which several may share.
func newOutbox(t *testing.T, memory *kept.Memory, b *backend) (*Outbox, *kept.Shelf) {
	t.Helper()
	shelf, err := kept.New(kept.Config{Memory: memory, Dir: "test", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Shelf: shelf, Send: b.send}), shelf
}

func waiting(t *testing.T, shelf *kept.Shelf) int {
	t.Helper()
	list, err := shelf.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(backend)
		o, shelf := newOutbox(t, kept.NewMemory(), b)
		o.Start()
		defer o.Stop()
		for i := range 20 {
			o.Put(idOf(i), "authorized", []byte("body"))
		}
		synctest.Wait()
		if len(b.sent()) != 20 || b.sent()[idOf(3)+" authorized body"] != 1 || o.Len() != 0 || waiting(t, shelf) != 0 {
			t.Errorf("got %v, %d known, %d in the store", b.sent(), o.Len(), waiting(t, shelf))
		}
	})
}

// TestUntilItIsTaken has a backend be away for a day. It is tried ever less often, an hour apart in the end.
func TestUntilItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fails: true}
		o, shelf := newOutbox(t, kept.NewMemory(), b)
		o.Start()
		defer o.Stop()
		o.Put(idOf(1), "authorized", []byte("body"))
		o.Put(idOf(1), "authorized", []byte("body")) // the same again
		time.Sleep(24 * time.Hour)
		_, tries := b.all()
		if n := len(tries); n < 25 || n > 40 || waiting(t, shelf) != 1 {
			t.Errorf("got %d tries, %d in the store", n, waiting(t, shelf))
		}
		for i := 1; i < len(tries); i++ {
			if pause := tries[i].Sub(tries[i-1]); pause > MaxPause*9/8+time.Second || i == 1 && pause > 2*time.Second {
				t.Errorf("got a pause of %v before try %d", pause, i+1)
			}
		}
		b.set(false)
		time.Sleep(2 * time.Hour)
		if b.sent()[idOf(1)+" authorized body"] != 1 || o.Len() != 0 || waiting(t, shelf) != 0 {
			t.Errorf("got %v, %d known, %d in the store", b.sent(), o.Len(), waiting(t, shelf))
		}
	})
}

// TestAnotherProcess has one process end before its letters are sent.
func TestAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := kept.NewMemory()
		away, there := &backend{fails: true}, new(backend)
		other, _ := newOutbox(t, memory, there)
		other.Start() // before there is anything
		defer other.Stop()
		synctest.Wait()
		dying, shelf := newOutbox(t, memory, away)
		dying.Start()
		dying.Put(idOf(1), "authorized", []byte("body"))
		dying.Stop()
		stopped, _ := newOutbox(t, memory, away) // never started: a configuration that has ended
		stopped.Put(idOf(2), "unauthorized", []byte("more"))
		if len(there.sent()) != 0 {
			t.Fatal("letters were sent that another process is at work on")
		}
		time.Sleep(3 * time.Minute)
		if there.sent()[idOf(1)+" authorized body"] != 1 || there.sent()[idOf(2)+" unauthorized more"] != 1 || waiting(t, shelf) != 0 {
			t.Errorf("got %v, %d in the store", there.sent(), waiting(t, shelf))
		}
	})
}

// TestSentElsewhere does not send again what another process has sent meanwhile.
func TestSentElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fails: true}
		o, shelf := newOutbox(t, kept.NewMemory(), b)
		o.Start()
		defer o.Stop()
		o.Put(idOf(1), "authorized", []byte("body"))
		synctest.Wait()
		if err := shelf.Accepted(t.Context(), idOf(1)); err != nil {
			t.Fatal(err)
		}
		b.set(false)
		time.Sleep(time.Minute)
		if len(b.sent()) != 0 || o.Len() != 0 {
			t.Errorf("got %v, %d known", b.sent(), o.Len())
		}
	})
}

// TestNextConfiguration sends after a reload what the configuration before could not.
func TestNextConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := kept.NewMemory()
		b := &backend{fails: true}
		before, _ := newOutbox(t, memory, b)
		before.Start()
		before.Put(idOf(1), "authorized", []byte("body"))
		synctest.Wait()
		before.Stop()
		b.set(false)
		after, shelf := newOutbox(t, memory, b)
		after.Start()
		defer after.Stop()
		synctest.Wait()
		if b.sent()[idOf(1)+" authorized body"] != 1 || waiting(t, shelf) != 0 {
			t.Errorf("got %v, %d in the store", b.sent(), waiting(t, shelf))
		}
	})
}

// TestGivenUp forgets what nobody has taken for seven days.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{fails: true}
		o, shelf := newOutbox(t, kept.NewMemory(), b)
		o.Start()
		defer o.Stop()
		o.Put(idOf(1), "authorized", []byte("body"))
		time.Sleep(kept.MaxAge + 3*time.Hour)
		if o.Len() != 0 || waiting(t, shelf) != 0 {
			t.Errorf("got %d known, %d in the store", o.Len(), waiting(t, shelf))
		}
	})
}

// TestStopWaits waits for tries under way, and not for ever.
func TestStopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hangs := range []time.Duration{time.Second, time.Minute} {
			b := &backend{hangs: hangs}
			o, _ := newOutbox(t, kept.NewMemory(), b)
			o.Start()
			o.Put(idOf(1), "authorized", nil)
			synctest.Wait()
			began := time.Now()
			o.Stop()
			if took := time.Since(began); took != min(hangs, stopPatience) {
				t.Errorf("got %v for a backend that takes %v", took, hangs)
			}
			time.Sleep(hangs)
		}
	})
}
