package credential

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestThousandFirstCallersCostOneCallEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = 300 * time.Millisecond
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if got := n.get(t, APITicket); got != "api_ticket-1" {
					t.Errorf("got %q", got)
				}
			})
		}
		wg.Wait()
		if w.count(AccessToken) != 1 || w.count(APITicket) != 1 {
			t.Errorf("WeChat saw %d token and %d ticket calls, want 1 and 1", w.count(AccessToken), w.count(APITicket))
		}
	})
}

func TestCallerThatGoesAwayDoesNotEndTheFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = time.Second
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := n.Keeper(AccessToken).Get(ctx, n.env); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		n.get(t, AccessToken)
		if w.count(AccessToken) != 1 {
			t.Errorf("%d calls, want 1", w.count(AccessToken))
		}
	})
}

func TestOneRenewalALifetimeWhileTheOldValueIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore()})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		synctest.Wait()
		before := n.get(t, AccessToken)
		time.Sleep(115*time.Minute - time.Second)
		if got := n.get(t, AccessToken); got != before {
			t.Errorf("renewed too early: %q", got)
		}
		time.Sleep(2 * time.Minute) // five minutes before the end, and jitter
		if got := n.get(t, AccessToken); got == before {
			t.Error("not renewed in the background")
		}
		time.Sleep(22 * time.Hour)
		if got := w.count(AccessToken); got < 12 || got > 13 {
			t.Errorf("%d tokens in a day, want 12 or 13", got)
		}
	})
}

func TestRenewalWithoutTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		n.get(t, AccessToken)
		time.Sleep(117 * time.Minute)
		if got := n.get(t, AccessToken); got != "access_token-1" {
			t.Errorf("the request had to wait for a renewal: %q", got)
		}
		synctest.Wait()
		if got := n.get(t, AccessToken); got != "access_token-2" {
			t.Errorf("not renewed in the background: %q", got)
		}
	})
}

func TestExpiredIsNeverServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore()})
		n.Start(n.env, APITicket)
		defer n.Stop(n.env)
		synctest.Wait()
		w.setFail(func(Kind, int) error { return wechatError("getticket", -1) })
		time.Sleep(2*time.Hour - 61*time.Second)
		n.get(t, APITicket)
		time.Sleep(2 * time.Second) // a minute before its end a ticket signs no more
		u := n.fails(t, APITicket)
		if wait := time.Until(u.RetryAt); wait < 0 || wait > time.Minute {
			t.Errorf("RetryAt in %v", wait)
		}
		if !strings.Contains(u.Error(), "api_ticket") {
			t.Errorf("error %q does not name the credential", u)
		}
		w.setFail(nil)
		time.Sleep(time.Minute)
		n.get(t, APITicket)
	})
}

func TestOnlyTheFirstCallersWaitForATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = 5 * time.Second
		w.fail = func(Kind, int) error { return &wechat.Error{API: "stable_token", Timeout: true} }
		n := newNode(t, w, nodeOptions{})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		n.fails(t, AccessToken)
		waited := 0
		for range 6000 {
			start := time.Now()
			u := n.fails(t, AccessToken)
			if took := time.Since(start); took > time.Second {
				t.Fatalf("waited %v", took)
			} else if took > 0 {
				waited++
			}
			if time.Until(u.RetryAt) > time.Minute {
				t.Fatalf("RetryAt in %v", time.Until(u.RetryAt))
			}
			time.Sleep(100 * time.Millisecond)
		}
		if waited > 100 {
			t.Errorf("%d of 6000 waited", waited)
		}
		w.mu.Lock()
		w.delay, w.fail = 200*time.Millisecond, nil
		w.mu.Unlock()
		time.Sleep(5*time.Second + time.Minute) // what is under way, and a back-off step
		n.get(t, AccessToken)
	})
}

func TestFailuresCostFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			name    string
			code    int
			atMost  int // calls in an hour with a request every 100 ms, or every second
			recover time.Duration
		}{
			{"busy", -1, 120, time.Minute},
			{"minute quota", 45011, 61, time.Minute},
			{"day quota", 45009, 3, 30 * time.Minute},
			{"bad secret", 40125, 16, 5 * time.Minute},
			{"IP not white-listed", 40164, 16, 5 * time.Minute},
			{"frozen", 40243, 16, 5 * time.Minute},
		} {
			for _, store := range []*fakeStore{nil, newStore()} {
				w := newFake()
				w.fail = func(Kind, int) error { return wechatError("stable_token", tc.code) }
				o := nodeOptions{}
				if store != nil {
					o.store = store
				}
				n := newNode(t, w, o)
				n.Start(n.env, AccessToken)
				step := 100 * time.Millisecond
				if racetest.Enabled {
					step = time.Second
				}
				for range time.Hour / step {
					n.fails(t, AccessToken)
					time.Sleep(step)
				}
				if got := w.count(AccessToken); got > tc.atMost {
					t.Errorf("%s: %d calls in an hour, want at most %d", tc.name, got, tc.atMost)
				}
				w.setFail(nil)
				time.Sleep(tc.recover + time.Second)
				n.get(t, AccessToken)
				n.Stop(n.env)
			}
		}
	})
}

func TestRejection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = 200 * time.Millisecond
		n := newNode(t, w, nodeOptions{store: newStore(), classic: true})
		defer n.Stop(n.env)
		old := n.get(t, AccessToken)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid)
				if err != nil || v.Text != "access_token-2" {
					t.Errorf("Reject = %q, %v", v.Text, err)
				}
			})
		}
		wg.Wait()
		if w.count(AccessToken) != 2 {
			t.Errorf("%d calls, want 2", w.count(AccessToken))
		}
		// A late complaint about the old token changes nothing.
		if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid); err != nil || v.Text != "access_token-2" {
			t.Errorf("late Reject = %q, %v", v.Text, err)
		}
		if w.count(AccessToken) != 2 {
			t.Errorf("%d calls after a late complaint, want 2", w.count(AccessToken))
		}
	})
}

func TestRejectionTakesTheFleetsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store, classic: true})
		b := newNode(t, w, nodeOptions{store: store, classic: true})
		defer a.Stop(a.env)
		defer b.Stop(b.env)
		old := a.get(t, AccessToken)
		synctest.Wait()
		if got := b.get(t, AccessToken); got != old {
			t.Fatalf("b fetched %q of its own", got)
		}
		for _, n := range []*node{a, b} {
			if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid); err != nil || v.Text != "access_token-2" {
				t.Errorf("Reject = %q, %v", v.Text, err)
			}
			synctest.Wait()
		}
		if w.count(AccessToken) != 2 {
			t.Errorf("%d calls, want 2", w.count(AccessToken))
		}
	})
}

func TestDeadStableToken(t *testing.T) {
	t.Run("forced refresh", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newFake()
			w.stable = true
			n := newNode(t, w, nodeOptions{store: newStore()})
			defer n.Stop(n.env)
			old := n.get(t, AccessToken)
			v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid)
			if err != nil || v.Text == old {
				t.Errorf("Reject = %q, %v", v.Text, err)
			}
			if w.forced != 1 || w.count(AccessToken) != 3 {
				t.Errorf("%d forced of %d calls, want 1 of 3", w.forced, w.count(AccessToken))
			}
		})
	})
	for name, o := range map[string]nodeOptions{
		"not allowed": {store: newStore(), noForce: true},
		"no store":    {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				w.stable = true
				n := newNode(t, w, o)
				defer n.Stop(n.env)
				old := n.get(t, AccessToken)
				if _, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid); err == nil {
					t.Error("Reject gave the dead token")
				}
				for range 600 { // requests go on for ten minutes, and WeChat goes on refusing
					if v, err := n.Keeper(AccessToken).Get(t.Context(), n.env); err == nil {
						_, _ = n.Keeper(AccessToken).Reject(t.Context(), n.env, v.Text, errInvalid)
					}
					time.Sleep(time.Second)
				}
				if w.forced != 0 || w.count(AccessToken) > 60 {
					t.Errorf("%d forced of %d calls in ten minutes", w.forced, w.count(AccessToken))
				}
				time.Sleep(2 * time.Hour)
				if got := n.get(t, AccessToken); got == old {
					t.Error("no recovery after WeChat rotated the token")
				}
			})
		})
	}
}

func TestStableTokenThatIsNotRotatedYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		nodes := make([]*node, 3)
		store := newStore()
		for i := range nodes {
			// Clocks ahead of WeChat's by up to two seconds are not noticed.
			nodes[i] = newNode(t, w, nodeOptions{store: store, skew: time.Duration(i) * time.Second})
			nodes[i].Start(nodes[i].env, AccessToken)
			defer nodes[i].Stop(nodes[i].env)
			synctest.Wait()
		}
		time.Sleep(24 * time.Hour)
		if got := w.count(AccessToken); got > 30 {
			t.Errorf("%d token calls of 3 nodes in a day, want about 13", got)
		}
	})
}

// WeChat rotates a stable token five minutes before its end, whoever asks for one before that. An operator who does so early costs a call
// and no more: he does not have the same token asked for again and again.
func TestStableTokenThatIsRefreshedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{store: newStore()})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		time.Sleep(time.Hour)
		if _, err := n.Keeper(AccessToken).Refresh(t.Context(), n.env, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := w.count(AccessToken); got > 3 {
			t.Errorf("%d calls, want the first, the operator's, and one when it is rotated", got)
		}
	})
}

func TestForcedRefreshesAreCapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		for range 24 * 60 {
			if v, err := n.Keeper(AccessToken).Get(t.Context(), n.env); err == nil {
				_, _ = n.Keeper(AccessToken).Reject(t.Context(), n.env, v.Text, errInvalid)
			}
			time.Sleep(time.Minute)
		}
		if w.forced < 15 || w.forced > 30 { // a day by the test's clock may touch two of WeChat's
			t.Errorf("%d forced refreshes in 24 hours", w.forced)
		}
	})
}

func TestReloadKeepsTheValueAndTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = time.Second
		first := newNode(t, w, nodeOptions{store: newStore()})
		first.Start(first.env, APITicket)
		synctest.Wait() // the token call is under way
		second := newNode(t, w, nodeOptions{store: newStore()})
		second.Keepers = first.Keepers
		second.Start(second.env, APITicket)
		first.Stop(first.env)
		second.get(t, APITicket)
		if w.count(AccessToken) != 1 || w.count(APITicket) != 1 {
			t.Errorf("%d token and %d ticket calls across a reload", w.count(AccessToken), w.count(APITicket))
		}
		second.Stop(second.env)
		second.get(t, APITicket) // requests in flight may outlive their configuration
	})
}

func TestStopEndsASlowFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = time.Hour
		n := newNode(t, w, nodeOptions{store: newStore()})
		n.Start(n.env, AccessToken)
		synctest.Wait()
		start := time.Now()
		n.Stop(n.env)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("Stop took %v", took)
		}
		n.fails(t, AccessToken)
	})
}

func TestStopRevertsToTheConfigurationBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		stores := []*fakeStore{newStore(), newStore()}
		a := newNode(t, w, nodeOptions{store: stores[0]})
		b := newNode(t, w, nodeOptions{store: stores[1]})
		b.Keepers = a.Keepers
		a.Start(a.env)
		b.Start(b.env)
		b.Stop(b.env) // a reload that failed after Start
		a.get(t, AccessToken)
		synctest.Wait()
		if len(stores[0].stored) == 0 || len(stores[1].stored) != 0 {
			t.Errorf("stored in %v and %v", stores[0].stored, stores[1].stored)
		}
		a.Stop(a.env)
	})
}

func TestAnotherSecretStartsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.fail = func(Kind, int) error { return wechatError("stable_token", 40125) }
		a := newNode(t, w, nodeOptions{store: store, secret: "wrong"})
		a.Start(a.env, AccessToken)
		synctest.Wait()
		a.fails(t, AccessToken)
		w.setFail(nil)
		b := newNode(t, w, nodeOptions{store: store, secret: "right"})
		b.Keepers = a.Keepers
		b.Start(b.env, AccessToken)
		a.Stop(a.env)
		b.get(t, AccessToken)
		b.Stop(b.env)
	})
}

func TestSuspendedMachineServesNothingExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		n.get(t, AccessToken)
		synctest.Wait()
		// The wall clock went on while the monotonic one stood still.
		n.env.Now = func() time.Time { return time.Now().Round(0).Add(3 * time.Hour) }
		if got := n.get(t, AccessToken); got == "access_token-1" {
			t.Error("served a token that ended an hour ago")
		}
	})
}

// Somebody else replaces each token as soon as we have it: WeChat must not be asked as fast as requests come, whoever
// begins the renewal: a caller, the loop, or the next request after a repeated call failed.
func TestQuarrelAboutTokensIsSpacedOut(t *testing.T) {
	for name, warm := range map[string][]Kind{"warm": {AccessToken}, "cold": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				w.delay = 50 * time.Millisecond
				n := newNode(t, w, nodeOptions{store: newStore(), classic: true})
				n.Start(n.env, warm...)
				defer n.Stop(n.env)
				request := newNode(t, w, nodeOptions{}).env // of a configuration that is not the current one
				request.Now = func() time.Time {
					time.Sleep(time.Millisecond) // so that the loop may come first
					return time.Now()
				}
				k := n.Keeper(AccessToken)
				for range 6000 { // ten minutes
					if v, err := k.Get(t.Context(), request); err == nil {
						if v, err = k.Reject(t.Context(), request, v.Text, errInvalid); err == nil {
							k.Drop(v.Text, errInvalid)
						}
					}
					time.Sleep(100 * time.Millisecond)
				}
				if got := w.count(AccessToken); got > 30 {
					t.Errorf("%d calls in ten minutes", got)
				}
			})
		})
	}
}

func TestRefusalWhileTheTokenIsBeingRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		w.delay = 200 * time.Millisecond
		// This clock runs ahead unnoticed, so that the renewal comes before WeChat rotates the token.
		n := newNode(t, w, nodeOptions{store: newStore(), skew: time.Second})
		defer n.Stop(n.env)
		old := n.get(t, AccessToken)
		time.Sleep(115*time.Minute - 1500*time.Millisecond)
		n.Keeper(AccessToken).state.Current().RenewAt = n.env.Now()
		n.get(t, AccessToken) // begins a renewal that will bring the same token
		time.Sleep(100 * time.Millisecond)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid); err != nil || v.Text == old {
					t.Errorf("Reject = %q, %v", v.Text, err)
				}
			})
		}
		wg.Wait()
		if w.forced != 1 || w.count(AccessToken) != 3 {
			t.Errorf("%d forced of %d calls, want 1 of 3", w.forced, w.count(AccessToken))
		}
	})
}

// WeChat may refuse a token by mistake. Where it insists on it and none can be forced, the token gets another chance.
func TestTokenRefusedByMistake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.stable = true
		n := newNode(t, w, nodeOptions{store: newStore(), noForce: true})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		old := n.get(t, AccessToken)
		if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid); err == nil {
			t.Errorf("Reject gave %q at once", v.Text)
		}
		time.Sleep(10 * time.Second)
		if got := n.get(t, AccessToken); got != old {
			t.Errorf("got %q", got)
		}
		if got := w.count(AccessToken); got > 4 {
			t.Errorf("%d calls", got)
		}
	})
}

func TestStopIsNotHeldUpByAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, newFake(), nodeOptions{})
		b := newNode(t, newFake(), nodeOptions{})
		b.Keepers = a.Keepers
		slow := func() time.Time {
			time.Sleep(time.Millisecond) // so that the loop ends later than it is told to
			return time.Now()
		}
		a.env.Now, b.env.Now = slow, slow
		a.Start(a.env, AccessToken)
		time.Sleep(500 * time.Microsecond)
		stopped := make(chan struct{})
		go func() {
			a.Stop(a.env)
			close(stopped)
		}()
		synctest.Wait()
		b.Start(b.env, AccessToken)
		select {
		case <-stopped:
		case <-time.After(time.Minute):
			t.Error("Stop waits for a loop that another configuration wants")
		}
		b.Stop(b.env)
		<-stopped
	})
}

func TestEachChangeOfTheConfigurationStartsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		wrong := newNode(t, w, nodeOptions{secret: "wrong"})
		w.fail = func(Kind, int) error {
			if e := wrong.Keeper(AccessToken).pick(nil); e == nil || e.Secret == "wrong" {
				return wechatError("stable_token", 40125)
			}
			return nil
		}
		right := newNode(t, w, nodeOptions{secret: "right"})
		right.Keepers = wrong.Keepers
		right.Start(right.env)
		wrong.Start(wrong.env)
		wrong.fails(t, AccessToken)
		wrong.Stop(wrong.env) // the reload came to nothing
		right.get(t, AccessToken)
		right.Keeper(AccessToken).Drop("access_token-2", errInvalid)

		wrong.Start(wrong.env)
		wrong.fails(t, AccessToken)
		again := newNode(t, w, nodeOptions{secret: "right"})
		again.Keepers = wrong.Keepers
		again.Start(again.env)
		time.Sleep(3 * time.Second) // the refusal's own
		again.get(t, AccessToken)
		for _, n := range []*node{right, wrong, again} {
			n.Stop(n.env)
		}
	})
}

// Only who comes right behind a failed attempt is told of it instead of waiting for the next one.
func TestFailureOfLongAgoHurriesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		w.delay = 3 * time.Second
		w.fail = func(Kind, int) error { return wechatError("stable_token", -1) }
		n := newNode(t, w, nodeOptions{})
		defer n.Stop(n.env)
		n.fails(t, AccessToken)
		w.setFail(nil)
		time.Sleep(10 * time.Minute)
		n.get(t, AccessToken)
	})
}

// Somebody else who takes the token away once or twice in a row is healed at once; only a lasting quarrel is slowed down.
func TestRevokedTwiceInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore(), classic: true})
		defer n.Stop(n.env)
		for range pace.FreeRenewals {
			old := n.get(t, AccessToken)
			v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, old, errInvalid)
			if err != nil || v.Text == old {
				t.Fatalf("Reject = %q, %v", v.Text, err)
			}
			synctest.Wait()
		}
		_, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, n.get(t, AccessToken), errInvalid)
		for range 3 {
			synctest.Wait()
			if err == nil {
				_, err = n.Keeper(AccessToken).Reject(t.Context(), n.env, n.get(t, AccessToken), errInvalid)
			}
		}
		e, ok := errors.AsType[*wechat.Error](err)
		if !ok || e.Code != 40001 {
			t.Errorf("a quarrel ends in %v, which does not say what WeChat said", err)
		}
	})
}
