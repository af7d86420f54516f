package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
)

func (n *node) lend(t testing.TB, kind Kind) (string, time.Duration) {
	t.Helper()
	text, left, err := n.Keeper(kind).Lend(t.Context(), n.env)
	if err != nil {
		t.Fatalf("Lend(%s): %v", kind, err)
	}
	return text, left
}

func (n *node) knows(t testing.TB, text string) bool {
	t.Helper()
	known, err := n.Keeper(AccessToken).Knows(t.Context(), n.env, text)
	if err != nil {
		t.Fatalf("Knows(%s): %v", text, err)
	}
	return known
}

func TestLentFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		if text, left := n.lend(t, AccessToken); text != "access_token-1" || left != 2*time.Hour {
			t.Errorf("got %s for %v", text, left)
		}
		time.Sleep(time.Hour)
		if text, left := n.lend(t, AccessToken); text != "access_token-1" || left != time.Hour {
			t.Errorf("got %s for %v", text, left)
		}
		time.Sleep(59*time.Minute + 20*time.Second)
		if text, left := n.lend(t, AccessToken); text != "access_token-1" || left != 40*time.Second {
			t.Errorf("got %s for %v", text, left)
		}
		synctest.Wait()
		if text, left := n.lend(t, AccessToken); text != "access_token-2" || left != 2*time.Hour {
			t.Errorf("after a renewal that the lending began: got %s for %v", text, left)
		}
	})
}

func TestWhatEndsWithinASecondIsNotLent(t *testing.T) {
	for name, tc := range map[string]struct {
		back bool // WeChat is back when the value has ended
		want string
	}{"WeChat is back": {true, "access_token-3"}, "WeChat is away": {false, ""}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				n := newNode(t, w, nodeOptions{})
				defer n.Stop(n.env)
				n.lend(t, AccessToken)
				time.Sleep(2*time.Hour - 500*time.Millisecond)
				w.setFail(func(_ Kind, call int) error {
					if tc.back && call > 2 {
						return nil
					}
					return wechatError("stable_token", 45009)
				})
				n.get(t, AccessToken) // it is good for a call
				synctest.Wait()
				if tc.back {
					n.Keeper(AccessToken).state.Configure("another") // the failure's wait is over
				}
				text, _, err := n.Keeper(AccessToken).Lend(t.Context(), n.env)
				u, unavailable := errors.AsType[*Unavailable](err)
				if text != tc.want || unavailable != (tc.want == "") {
					t.Errorf("got %q, %v", text, err)
				}
				if unavailable && !u.RetryAt.After(time.Now()) {
					t.Errorf("try again at %v", u.RetryAt)
				}
			})
		})
	}
}

// NTP has the clock go a little slower than timers do: when the wait for the value's end is over, it has a moment to live.
func TestWhatEndsByASlewedClockIsNotLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{slewed: true})
		defer n.Stop(n.env)
		n.lend(t, AccessToken)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 45009) })
		time.Sleep(2*time.Hour + 220*time.Millisecond) // half a second is left by the slower clock
		n.get(t, AccessToken)
		synctest.Wait()
		w.setFail(nil)
		n.Keeper(AccessToken).state.Configure("another") // the failure's wait is over
		w.delay = time.Second                            // the renewal that comes of the first question ends behind the value
		if text, _, err := n.Keeper(AccessToken).Lend(t.Context(), n.env); err != nil || text == "access_token-1" {
			t.Errorf("got %q, %v", text, err)
		}
	})
}

func TestLendingStopsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		n.lend(t, AccessToken)
		time.Sleep(2*time.Hour - 500*time.Millisecond)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 45009) })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, _, err := n.Keeper(AccessToken).Lend(ctx, n.env); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		w.delay = time.Second
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		n.lend(t, AccessToken)
		time.Sleep(time.Minute)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err != nil {
					t.Error(err)
				}
				if text, _ := n.lend(t, AccessToken); text != "access_token-2" {
					t.Errorf("lent %s", text)
				}
			})
		}
		wg.Wait()
		for range 40 {
			time.Sleep(20 * time.Second)
			if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err != nil {
				t.Error(err)
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.forced != pace.MaxForcedADay {
			t.Errorf("%d forced refreshes, want the %d that the guard allows", w.forced, pace.MaxForcedADay)
		}
	})
}

func TestForceWithoutAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err != nil {
			t.Error(err)
		}
		if text, _ := n.lend(t, AccessToken); text != "access_token-1" || w.forced != 0 {
			t.Errorf("lent %s after %d forced refreshes", text, w.forced)
		}
	})
}

func TestForceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		n.lend(t, AccessToken)
		time.Sleep(time.Minute)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 45009) })
		if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err == nil {
			t.Error("no error")
		}
		if text, _ := n.lend(t, AccessToken); text != "access_token-1" {
			t.Errorf("lent %s", text)
		}
	})
}

func TestKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{store: newStore()})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		first, _ := n.lend(t, AccessToken)
		for _, text := range []string{"", "access_token-2", first[1:], first + " "} {
			if n.knows(t, text) {
				t.Errorf("knows %q", text)
			}
		}
		if !n.knows(t, first) {
			t.Error("does not know the current one")
		}
		time.Sleep(2*time.Hour - 2*time.Minute)
		second, _ := n.lend(t, AccessToken)
		if second == first || !n.knows(t, first) || !n.knows(t, second) {
			t.Errorf("after a rotation from %s to %s, one of them is unknown", first, second)
		}
		time.Sleep(2 * time.Minute)
		if n.knows(t, first) || !n.knows(t, second) {
			t.Error("when the first has ended, only the second is good")
		}
		if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err != nil {
			t.Error(err)
		}
		third, _ := n.lend(t, AccessToken)
		time.Sleep(4 * time.Minute)
		if third == second || !n.knows(t, second) || !n.knows(t, third) {
			t.Errorf("after a refresh by force from %s to %s, one of them is unknown", second, third)
		}
		time.Sleep(time.Minute)
		if n.knows(t, second) {
			t.Error("the second was replaced five minutes ago")
		}
		n.Keeper(AccessToken).Drop(third, errInvalid)
		if n.knows(t, third) {
			t.Error("WeChat refused the third")
		}
	})
}

func TestKnowsWhatTheFleetKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		store := newStore()
		a, b := newNode(t, w, nodeOptions{store: store}), newNode(t, w, nodeOptions{store: store})
		defer a.Stop(a.env)
		defer b.Stop(b.env)
		first := a.get(t, AccessToken)
		synctest.Wait()
		b.get(t, AccessToken)
		time.Sleep(time.Minute)
		if _, err := a.Keeper(AccessToken).Force(t.Context(), a.env); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		second := a.get(t, AccessToken)
		if second == first || !b.knows(t, second) || !b.knows(t, first) {
			t.Errorf("the other node does not know both %s and %s", first, second)
		}

		restarted := newNode(t, w, nodeOptions{store: store})
		defer restarted.Stop(restarted.env)
		if !restarted.knows(t, second) {
			t.Errorf("after a restart, %s is unknown", second)
		}
	})
}

func TestKnowsNothingWithoutAValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 40164) })
		known, err := n.Keeper(AccessToken).Knows(t.Context(), n.env, "access_token-1")
		if _, ok := errors.AsType[*Unavailable](err); known || !ok {
			t.Errorf("got %v, %v", known, err)
		}
	})
}

// TestLentElsewhere has a process ask again, after nearly two hours, for what another process that lends it has replaced half an
// hour ago: a classic token, or a ticket.
func TestLentElsewhere(t *testing.T) {
	for _, kind := range []Kind{AccessToken, APITicket} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, store := newFake(), newStore()
				a := newNode(t, w, nodeOptions{store: store, classic: true})
				defer a.Stop(a.env)
				b := newNode(t, w, nodeOptions{store: store, classic: true})
				defer b.Stop(b.env)
				replaced := func() bool {
					was := w.count(kind)
					a.lend(t, kind)
					synctest.Wait()
					return w.count(kind) > was
				}
				b.lend(t, kind)
				for range 3 { // and see how WeChat gives tickets
					time.Sleep(50 * time.Minute)
					replaced()
				}
				b.get(t, kind)
				for !replaced() {
					time.Sleep(time.Minute)
				}
				want := a.get(t, kind)
				time.Sleep(30 * time.Minute)
				if got := b.get(t, kind); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}
}

// TestForceByAWrongClock has two processes force refreshes, 14 s apart. The clock of the second is ten minutes off, and it does
// not know how long ago the first one did so, unless WeChat tells it the time.
func TestForceByAWrongClock(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		for _, tells := range []bool{false, true} {
			t.Run(fmt.Sprint(skew, " told ", tells), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, store := newFake(), newAgingStore()
					w.stable = true
					a := newNode(t, w, nodeOptions{store: store})
					defer a.Stop(a.env)
					b := newNode(t, w, nodeOptions{store: store, skew: skew})
					defer b.Stop(b.env)
					var offset time.Duration
					b.env.Offset = func() time.Duration { return offset }
					b.env.LearnClock = func(context.Context) bool {
						if tells {
							offset = -skew
						}
						return tells
					}
					force := func(n *node, after time.Duration, want int) {
						t.Helper()
						time.Sleep(after)
						if _, err := n.Keeper(AccessToken).Force(t.Context(), n.env); err != nil {
							t.Error(err)
						}
						if w.forced != want {
							t.Errorf("%d forced refreshes, want %d", w.forced, want)
						}
					}
					a.get(t, AccessToken)
					b.get(t, AccessToken)
					force(a, time.Minute, 1)
					force(b, 14*time.Second, 1)
					if tells {
						force(b, time.Minute, 2)
					}
				})
			})
		}
	}
}
