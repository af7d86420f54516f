package credential

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// lateStore is one process's way to a store, on which writes may take their time, whatever their context says.
type lateStore struct {
	*agingStore
	mu   sync.Mutex
	late map[int]time.Duration // of the n-th write
	key  string                // of this key; empty: of all
	n    int
}

func (s *lateStore) Store(ctx context.Context, key string, value []byte) error {
	var late time.Duration
	s.mu.Lock()
	if s.key == "" || s.key == key {
		late = s.late[s.n]
		s.n++
	}
	s.mu.Unlock()
	time.Sleep(late)
	return s.agingStore.Store(context.WithoutCancel(ctx), key, value)
}

// A write hangs and comes late: what it stores is older than what another process has stored meanwhile. Whoever reads the
// store then must find the newer value, whether or not the writer lives still.
func TestLateWriteHidesNothingNewer(t *testing.T) {
	const counted, stored, copied = 0, 1, 2 // which write: the count before the call, the value, its copy
	for _, which := range []int{counted, stored, copied} {
		for name, ends := range map[string]bool{"lives": false, "was stopped": true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, shared := newFake(), newAgingStore()
					a := newNode(t, w, nodeOptions{store: &lateStore{agingStore: shared, late: map[int]time.Duration{which: 10 * time.Minute}}})
					older := a.get(t, AccessToken)
					if ends {
						defer func() { synctest.Wait() }()
						go a.Stop(a.env)
					} else {
						defer a.Stop(a.env)
					}
					time.Sleep(2 * time.Minute)
					b := newNode(t, w, nodeOptions{store: shared})
					defer b.Stop(b.env)
					newer := b.get(t, AccessToken)
					if which == copied && newer != older {
						t.Fatalf("got %q, want what is stored", newer)
					}
					for range 5 {
						time.Sleep(5 * time.Minute)
						c := newNode(t, w, nodeOptions{store: shared})
						if got := c.get(t, AccessToken); got != newer {
							t.Errorf("write %d: %v after the start a process finds %q, want %q", which, time.Since(synctestStart), got, newer)
						}
						c.Stop(c.env)
					}
				})
			})
		}
	}
}

// Of what came late the store says that it is younger than it is.
func TestLateWriteLengthensNoLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shared := newFake(), newAgingStore()
		late := &lateStore{agingStore: shared, late: map[int]time.Duration{1: 9 * time.Minute}} // behind the count
		a := newNode(t, w, nodeOptions{store: late})
		late.key = a.Keeper(APITicket).renewal.Name
		defer a.Stop(a.env)
		ticket := a.get(t, APITicket)
		time.Sleep(time.Hour + 58*time.Minute)
		w.setFail(func(Kind, int) error { return wechatError("getticket", -1) })
		c := newNode(t, w, nodeOptions{store: shared, skew: -10 * time.Minute})
		defer c.Stop(c.env)
		c.env.LearnClock = func(context.Context) bool { return false }
		c.checkTickets(t, ticket, 12)
	})
}

// slowStore is one process's way to a store that a write reaches long after its caller was told that it took too long.
type slowStore struct {
	*agingStore
	late   time.Duration
	writes atomic.Int32
	which  int32 // of the writes is late
}

func (s *slowStore) Store(ctx context.Context, key string, value []byte) error {
	if s.writes.Add(1) != s.which {
		return s.agingStore.Store(ctx, key, value)
	}
	time.AfterFunc(s.late, func() { _ = s.agingStore.Store(context.WithoutCancel(ctx), key, value) })
	<-ctx.Done()
	return ctx.Err()
}

// A write reaches the store when it has been given up, so the store takes what it holds for younger than it is. A reader
// whose clock is behind must not sign with it in its last minute for that.
func TestGivenUpWriteThatArrivesLengthensNoLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, shared := newFake(), newAgingStore()
		slow := &slowStore{agingStore: shared, late: 25 * time.Second, which: 5} // count, token, copy, count, and the ticket
		a := newNode(t, w, nodeOptions{store: slow})
		defer a.Stop(a.env)
		a.get(t, AccessToken)
		synctest.Wait()
		ticket := a.get(t, APITicket)
		time.Sleep(5 * time.Minute)
		w.setFail(func(Kind, int) error { return wechatError("getticket", -1) })
		b := newNode(t, w, nodeOptions{store: shared, skew: -10 * time.Minute})
		defer b.Stop(b.env)
		b.get(t, APITicket)
		time.Sleep(time.Until(ticketEnds.Add(-57 * time.Second)))
		for range 60 {
			if v, err := b.Keeper(APITicket).Get(t.Context(), b.env); err == nil && v.Text == ticket {
				t.Fatalf("the ticket was served %v before its end", time.Until(ticketEnds))
			}
			time.Sleep(time.Second)
		}
	})
}

// A failure that ends while the store is looked into binds nobody any more: whoever asked then is not told a moment that is over.
func TestBlockThatEndsDuringTheLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store})
		n.Start(n.env)
		defer n.Stop(n.env)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", -1) })
		u := n.fails(t, AccessToken)
		w.setFail(nil)
		store.mu.Lock()
		store.slow = 90 * time.Millisecond
		store.mu.Unlock()
		time.Sleep(time.Until(u.RetryAt) - 50*time.Millisecond)
		n.get(t, AccessToken)
	})
}
