package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// ticketEnds is when a ticket ends that was fetched as a bubble began.
var ticketEnds = synctestStart.Add(2 * time.Hour)

var errAge = errors.New("age: i/o timeout")

// blindStore is an agingStore that tells no age while it is blind.
type blindStore struct {
	*agingStore
	mu    sync.Mutex
	blind bool
}

func newBlindStore() *blindStore { return &blindStore{agingStore: newAgingStore()} }

func (s *blindStore) setBlind(blind bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blind = blind
}

func (s *blindStore) Age(ctx context.Context, key string) (time.Duration, error) {
	s.mu.Lock()
	blind := s.blind
	s.mu.Unlock()
	if blind {
		return 0, errAge
	}
	return s.agingStore.Age(ctx, key)
}

// checkTickets asks n for a ticket once a minute and tells of each that signs past its end.
func (n *node) checkTickets(t *testing.T, ended string, minutes int) {
	t.Helper()
	for range minutes {
		v, err := n.Keeper(APITicket).Get(t.Context(), n.env)
		if past := time.Since(ticketEnds); err == nil && v.Text == ended && past > -time.Minute {
			t.Errorf("the ticket was served %v after its end", past)
		}
		time.Sleep(time.Minute)
	}
}

// A node writes the record of a ticket again, as a count or a failure, and was not told how old it is. Who reads it next must not
// take the time of that writing for the time when the ticket came.
func TestRewriteOfUnknownAgeLengthensNoLife(t *testing.T) {
	for _, code := range []int{-1, 45009, 45011} { // a count given back, and failures that bind
		for _, blind := range []bool{false, true} {
			t.Run(fmt.Sprint(code, " blind ", blind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, store := newFake(), newBlindStore()
					a := newNode(t, w, nodeOptions{store: store})
					defer a.Stop(a.env)
					ticket := a.get(t, APITicket)
					synctest.Wait()
					time.Sleep(time.Hour + 56*time.Minute)
					store.setBlind(blind)
					w.setFail(func(Kind, int) error { return wechatError("getticket", code) })
					b := newNode(t, w, nodeOptions{store: store})
					b.env.LearnClock = func(context.Context) bool { return true } // it is right
					defer b.Stop(b.env)
					b.get(t, APITicket)
					synctest.Wait()
					_, _ = b.Keeper(APITicket).Get(t.Context(), b.env)
					time.Sleep(2 * time.Second)
					store.setBlind(false)
					time.Sleep(time.Minute)
					// Restarted, and WeChat tells it nothing.
					c := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute})
					defer c.Stop(c.env)
					c.env.LearnClock = func(context.Context) bool { return false }
					c.checkTickets(t, ticket, 12)
				})
			})
		}
	}
}

// Nobody tells this node how old a ticket is, neither the store nor WeChat, and its clock may be wrong.
func TestUnknownAgeAndUnknownTime(t *testing.T) {
	for name, store := range map[string]func() (Store, func()){
		"age fails": func() (Store, func()) {
			s := newBlindStore()
			return s, func() { s.setBlind(true) }
		},
		"no ages": func() (Store, func()) { return newStore(), func() {} },
	} {
		for _, nodes := range []int{1, 2} {
			t.Run(fmt.Sprint(name, " ", nodes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newFake()
					store, spoil := store()
					a := newNode(t, w, nodeOptions{store: store})
					defer a.Stop(a.env)
					ticket := a.get(t, APITicket)
					time.Sleep(2*time.Hour + 3*time.Minute)
					w.setFail(func(Kind, int) error { return wechatError("getticket", -1) })
					spoil()
					for range nodes {
						c := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute})
						c.env.LearnClock = func(context.Context) bool { return false }
						c.Start(c.env, APITicket)
						c.checkTickets(t, ticket, 8)
						c.Stop(c.env)
					}
				})
			})
		}
	}
}

// WeChat is asked for the time where the store tells no age, and what it says is enough.
func TestUnknownAgeIsNoHarmOnceTheTimeIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newBlindStore()
		a := newNode(t, w, nodeOptions{store: store})
		ticket := a.get(t, APITicket)
		a.Stop(a.env)
		store.setBlind(true)
		time.Sleep(time.Hour)
		var known atomic.Bool
		c := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute})
		c.env.Offset = func() time.Duration {
			if known.Load() {
				return 10 * time.Minute
			}
			return 0
		}
		c.env.LearnClock = func(context.Context) bool { known.Store(true); return true }
		defer c.Stop(c.env)
		w.setFail(func(Kind, int) error { return wechatError("getticket", 45009) }) // or it would ask for another at once
		if got := c.get(t, APITicket); got != ticket {
			t.Errorf("got %q, want the fleet's ticket", got)
		}
		time.Sleep(time.Hour - 30*time.Second)
		c.fails(t, APITicket) // it is in its last minute
	})
}

// A failure binds the fleet for as long as whoever met it said, by whichever clock it is read.
func TestFailureBindsEveryClockForAsLong(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		for _, aging := range []bool{true, false} {
			if !aging && skew > 0 {
				continue // nothing tells this one that the minute is not over
			}
			t.Run(fmt.Sprint(skew, " aging ", aging), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, store := newFake(), Store(newStore())
					if aging {
						store = newAgingStore()
					}
					w.setFail(func(Kind, int) error { return wechatError("stable_token", 45011) })
					a := newNode(t, w, nodeOptions{store: store})
					defer a.Stop(a.env)
					a.fails(t, AccessToken)
					synctest.Wait()
					w.setFail(nil)
					time.Sleep(30 * time.Second)
					began := time.Now()
					c := newNode(t, w, nodeOptions{store: store, skew: skew})
					defer c.Stop(c.env)
					for {
						if _, err := c.Keeper(AccessToken).Get(t.Context(), c.env); err == nil {
							break
						}
						if time.Sleep(time.Second); time.Since(began) > 20*time.Minute {
							break
						}
					}
					want := 30 * time.Second
					if !aging && skew < 0 {
						want = time.Minute // from when it was first seen
					}
					if took := time.Since(began); took < 28*time.Second || took > want+3*time.Second {
						t.Errorf("bound for %v, want %v", took, want)
					}
				})
			})
		}
	}
}
