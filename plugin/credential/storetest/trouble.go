package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Trouble is how a test makes trouble for a store. What is nil is not tried.
type Trouble struct {
	// Stall makes the server hang: connections stay open and nothing is answered, until resume.
	Stall func(t testing.TB) (resume func())

	// Hold takes a lock in a process, or on a handle, that dies with it: nothing gives the lock back.
	Hold func(t testing.TB, name string)

	// Free is how long after its holder's death a lock may be had again, at most.
	Free time.Duration
}

// Promises is what RunTrouble has seen of a store.
type Promises struct {
	Ages    bool          // it tells how long ago a key was stored
	Expires bool          // keys end by themselves
	Call    time.Duration // what a call takes: to store, to load
	Lock    time.Duration // what a lock that is free takes, with giving it back
	Free    time.Duration // after how long the lock of a dead holder was free; 0: not tried
	Stalled string        // what a call meets while the server hangs; empty: not tried
	GaveUp  time.Duration // after how long it did so, of the 500 ms that its context had
	Back    time.Duration // after how long the store worked again when the server went on
}

// String is a row of a table.
func (p Promises) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
	return fmt.Sprintf("ages %v, keys end %v, call %s, lock %s, lock of a dead holder free after %s, stalled: %q after %s, back after %s",
		p.Ages, p.Expires, round(p.Call), round(p.Lock), p.Free.Round(time.Second/10), p.Stalled, round(p.GaveUp), round(p.Back))
}

// RunTrouble checks how a store bears trouble, and tells what it promises. It logs that as a row, too.
func RunTrouble(t *testing.T, open func(t testing.TB) credential.Store, trouble Trouble) (p Promises) {
	t.Helper()
	store := open(t)
	_, p.Ages = store.(credential.Aging)
	_, p.Expires = store.(credential.Expiring)
	t.Run("times", func(t *testing.T) { testTimes(t, store, &p) })
	if trouble.Hold != nil {
		t.Run("dead holder", func(t *testing.T) { testDeadHolder(t, store, trouble, &p) })
	}
	if trouble.Stall != nil {
		t.Run("stall", func(t *testing.T) { testStall(t, store, trouble, &p) })
	}
	t.Log(p)
	return p
}

// testTimes measures and judges nothing.
func testTimes(t *testing.T, store credential.Store, p *Promises) {
	ctx := t.Context()
	const rounds = 10
	began := time.Now()
	for range rounds {
		if err := store.Store(ctx, "wechat_card/times/api_ticket", []byte("v")); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(ctx, "wechat_card/times/api_ticket"); err != nil {
			t.Fatal(err)
		}
	}
	p.Call = time.Since(began) / (2 * rounds)
	began = time.Now()
	for range rounds {
		if err := errors.Join(store.Lock(ctx, "times"), store.Unlock(ctx, "times")); err != nil {
			t.Fatal(err)
		}
	}
	p.Lock = time.Since(began) / rounds
}

func testDeadHolder(t *testing.T, store credential.Store, trouble Trouble, p *Promises) {
	trouble.Hold(t, "dead-holder")
	died := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), trouble.Free+patience)
	defer cancel()
	if err := store.Lock(ctx, "dead-holder"); err != nil {
		t.Fatal(err)
	}
	if p.Free = time.Since(died); p.Free > trouble.Free+patience/2 {
		t.Errorf("the lock was free after %s", p.Free)
	}
	if p.Free < time.Second {
		t.Errorf("the lock was free after %s: was it held at all?", p.Free)
	}
	if err := store.Unlock(t.Context(), "dead-holder"); err != nil {
		t.Error(err)
	}
}

// testStall hangs the server. A call must not succeed, nor outlast its context by much; afterwards the key has the old value
// or the new one.
func testStall(t *testing.T, store credential.Store, trouble Trouble, p *Promises) {
	const key = "wechat_card/stall/api_ticket"
	if err := store.Store(t.Context(), key, []byte("old")); err != nil {
		t.Fatal(err)
	}
	resume := trouble.Stall(t)
	for name, op := range map[string]func(context.Context) error{
		"load":  func(ctx context.Context) error { _, err := store.Load(ctx, key); return err },
		"store": func(ctx context.Context) error { return store.Store(ctx, key, []byte("new")) },
		"lock":  func(ctx context.Context) error { return store.Lock(ctx, "stall") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		began := time.Now()
		err := op(ctx)
		took := time.Since(began)
		cancel()
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if took > 3*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		p.Stalled, p.GaveUp = err.Error(), max(p.GaveUp, took)
	}
	resume()
	resumed := time.Now()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		got, err := store.Load(ctx, key)
		cancel()
		if err == nil {
			if string(got) != "old" && string(got) != "new" {
				t.Errorf("afterwards the key has %q", got)
			}
			break
		}
		if time.Since(resumed) > 3*patience {
			t.Fatalf("the server goes on, the store does not: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.Back = time.Since(resumed)
}
