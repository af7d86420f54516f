package credential

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const testLifetime = time.Minute

// barredNode is a node whose address WeChat refuses, with the times at which it called all the same.
type barredNode struct {
	*node

	mu    sync.Mutex
	calls []time.Time
	open  bool // WeChat takes its calls again
}

// newBarredNode makes a node that WeChat refuses with code.
func newBarredNode(t *testing.T, w *fakeWeChat, o nodeOptions, code int) *barredNode {
	b := &barredNode{node: newNode(t, w, o)}
	pass := b.env.Fetch
	b.env.Fetch = func(ctx context.Context, kind Kind, force bool) (wechat.Grant, error) {
		if kind != AccessToken {
			if _, err := b.Keeper(AccessToken).Get(ctx, b.env); err != nil {
				return wechat.Grant{}, err
			}
		}
		b.mu.Lock()
		b.calls = append(b.calls, time.Now())
		open := b.open
		b.mu.Unlock()
		if open {
			return pass(ctx, kind, force)
		}
		return wechat.Grant{}, &wechat.Error{API: "getticket", Code: code, Msg: "invalid ip 203.0.113.7, not in whitelist"}
	}
	return b
}

// count is how often b called.
func (b *barredNode) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.calls)
}

func (b *barredNode) setOpen(open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = open
}

// check tells of calls that are less than a minute apart.
func (b *barredNode) check(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := 1; i < len(b.calls); i++ {
		if apart := b.calls[i].Sub(b.calls[i-1]); apart < time.Minute {
			t.Errorf("calls %d and %d of %d are %v apart", i-1, i, len(b.calls), apart)
		}
	}
}

func TestRefusedAddressCostsOneCallAMinute(t *testing.T) {
	codes := []int{40164, 45035, 61004, 89501}
	if racetest.Enabled {
		codes = codes[:1]
	}
	for _, code := range codes {
		for _, traffic := range []bool{true, false} {
			t.Run(fmt.Sprint(code, " traffic ", traffic), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, store := newFake(), newStore()
					w.lifetime = testLifetime
					other := newNode(t, w, nodeOptions{store: store})
					other.Start(other.env, Kinds...)
					defer other.Stop(other.env)
					time.Sleep(time.Second)
					b := newBarredNode(t, w, nodeOptions{store: store}, code)
					b.Start(b.env, Kinds...)
					defer b.Stop(b.env)
					time.Sleep(time.Second)
					for range 3600 {
						for _, kind := range Kinds {
							if traffic {
								b.get(t, kind)
							} else if s := b.Keeper(kind).Status(b.env); s.State != Fresh && s.State != Renewing {
								t.Fatalf("%s is %s though others renew it", kind, s.State)
							}
						}
						time.Sleep(time.Second)
					}
					b.check(t)
					if b.count() < 2 {
						t.Errorf("%d calls in an hour: it must notice when it is let in again", b.count())
					}
					for _, kind := range Kinds {
						s := b.Keeper(kind).Status(b.env)
						if e, ok := errors.AsType[*wechat.Error](s.LastError); !ok || e.RefusedIP() != "203.0.113.7" || s.LastErrorAt.IsZero() {
							t.Errorf("the status of %s does not name the address: %+v", kind, s)
						}
						if s.Adopted < 50 {
							t.Errorf("%s was taken from the others %d times", kind, s.Adopted)
						}
					}
				})
			})
		}
	}
}

// Without others there is nothing to serve, and still only one call a minute, whoever asks for what.
func TestRefusedAddressWithoutOthers(t *testing.T) {
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprint("store ", shared), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, store := newFake(), Store(nil)
				if shared {
					store = newStore()
				}
				b := newBarredNode(t, w, nodeOptions{store: store}, 40164)
				b.Start(b.env, Kinds...)
				defer b.Stop(b.env)
				for range 3600 {
					for _, kind := range Kinds {
						u := b.fails(t, kind)
						if wait := time.Until(u.RetryAt); wait < 0 || wait > 5*time.Minute {
							t.Fatalf("%s: next attempt in %v", kind, wait)
						}
					}
					time.Sleep(time.Second)
				}
				b.check(t)
				b.setOpen(true)
				time.Sleep(5 * time.Minute)
				for _, kind := range Kinds {
					b.get(t, kind)
				}
			})
		})
	}
}

func TestRefusedAddressIsForgottenByRefreshAndByAnotherSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		b := newBarredNode(t, w, nodeOptions{store: newStore()}, 40164)
		b.Start(b.env)
		b.fails(t, AccessToken)
		time.Sleep(time.Second)
		if _, err := b.Keeper(APITicket).Refresh(t.Context(), b.env, false); err == nil || b.count() != 2 {
			t.Errorf("a refresh made %d calls: %v", b.count()-1, err)
		}
		synctest.Wait()
		b.fails(t, JSAPITicket)
		if b.count() != 2 {
			t.Errorf("%d calls, want none behind a refresh that was refused", b.count()-2)
		}
		b.setOpen(true)
		if _, err := b.Keeper(APITicket).Refresh(t.Context(), b.env, false); err != nil {
			t.Error(err)
		}
		b.get(t, JSAPITicket)
		for _, kind := range Kinds {
			if s := b.Keeper(kind).Status(b.env); s.State != Fresh {
				t.Errorf("%s is %s", kind, s.State)
			}
		}

		b.setOpen(false)
		time.Sleep(2 * time.Hour)
		b.fails(t, AccessToken)
		b.setOpen(true)
		again := newNode(t, w, nodeOptions{secret: "another"})
		again.Keepers = b.Keepers
		again.Start(again.env)
		again.get(t, AccessToken)
		again.Stop(again.env)
		b.Stop(b.env)
	})
}

// A forced refresh that must not be made tries nothing, and so lets nobody else try either.
func TestRefusedAddressOutlivesAForcedRefreshThatTriesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBarredNode(t, newFake(), nodeOptions{}, 40164) // without a store none is allowed
		b.Start(b.env, Kinds...)
		defer b.Stop(b.env)
		synctest.Wait()
		for range 10 {
			time.Sleep(50 * time.Second)
			_, _ = b.Keeper(AccessToken).Refresh(t.Context(), b.env, true)
		}
		b.check(t)
	})
}

// A ticket's attempt is made with the token that it needs: it must not be in the token's way.
func TestRefusedAddressWhereOnlyTicketsAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBarredNode(t, newFake(), nodeOptions{}, 40164)
		b.Start(b.env, APITicket)
		defer b.Stop(b.env)
		for range 1800 {
			b.fails(t, APITicket)
			time.Sleep(time.Second)
		}
		b.check(t)
		if b.count() < 5 {
			t.Errorf("%d calls in half an hour", b.count())
		}
		b.setOpen(true)
		time.Sleep(5 * time.Minute)
		b.get(t, APITicket)
	})
}

// WeChat takes the address again, and whoever asks while that is being found out is not told the old refusal.
func TestProbeOfARefusedAddressBarsNobody(t *testing.T) {
	for _, first := range Kinds {
		for _, then := range Kinds {
			for _, open := range []bool{true, false} {
				t.Run(fmt.Sprint(first, " then ", then, " open ", open), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newFake()
						b := newBarredNode(t, w, nodeOptions{}, 40164)
						pass := b.env.Fetch
						b.env.Fetch = func(ctx context.Context, kind Kind, force bool) (wechat.Grant, error) {
							time.Sleep(300 * time.Millisecond)
							return pass(ctx, kind, force)
						}
						defer b.Stop(b.env)
						b.fails(t, AccessToken)
						b.setOpen(open)
						time.Sleep(6 * time.Hour)
						got := make(chan error, 1)
						go func() {
							_, err := b.Keeper(first).Get(t.Context(), b.env)
							got <- err
						}()
						time.Sleep(100 * time.Millisecond)
						_, err := b.Keeper(then).Get(t.Context(), b.env)
						if (err == nil) != open {
							t.Errorf("while it is probed: %v", err)
						}
						if err := <-got; (err == nil) != open {
							t.Errorf("the probe: %v", err)
						}
						if n := b.count(); !open && n != 2 {
							t.Errorf("%d calls, want the first and the probe", n)
						}
					})
				})
			}
		}
	}
}

// The attempt after a refusal fails for another reason: that is what callers are told, and that says how long to wait.
func TestAnotherFailureBehindARefusedAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		cause error
		wait  time.Duration // at most, until all is well when it is
	}{
		"secret":  {wechatError("stable_token", 40125), time.Minute},
		"busy":    {wechatError("stable_token", -1), 2 * time.Second},
		"quota":   {wechatError("stable_token", 45009), 30 * time.Minute},
		"minute":  {wechatError("stable_token", 45011), time.Minute},
		"network": {&wechat.Error{API: "stable_token", Err: errors.New("connection refused")}, 2 * time.Second},
		"timeout": {&wechat.Error{API: "stable_token", Timeout: true}, 2 * time.Second},
		"panic":   {nil, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				cause := wechatError("stable_token", 40164)
				w.setFail(func(Kind, int) error { return cause })
				n := newNode(t, w, nodeOptions{})
				defer n.Stop(n.env)
				for range 4 { // so that the next wait is the longest
					u := n.fails(t, AccessToken)
					time.Sleep(time.Until(u.RetryAt) + time.Second)
				}
				if cause = tc.cause; cause == nil {
					w.setFail(func(Kind, int) error { panic("boom") })
				}
				u := n.fails(t, AccessToken)
				for range 2 {
					if e, ok := errors.AsType[*wechat.Error](u); ok && e.Code == 40164 || time.Until(u.RetryAt) > tc.wait {
						t.Errorf("told %v, next attempt in %v", u.Err, time.Until(u.RetryAt))
					}
					u = n.fails(t, AccessToken)
				}
				if s := n.Keeper(AccessToken).Status(n.env); s.LastError == nil || time.Until(s.NextAttempt) > tc.wait {
					t.Errorf("status: %v, next attempt %v", s.LastError, s.NextAttempt)
				}
				w.setFail(nil)
				began := time.Now()
				for _, err := n.Keeper(AccessToken).Get(t.Context(), n.env); err != nil; _, err = n.Keeper(AccessToken).Get(t.Context(), n.env) {
					if time.Sleep(100 * time.Millisecond); time.Since(began) > time.Hour {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took > tc.wait+time.Second {
					t.Errorf("well again after %v, want %v", took, tc.wait)
				}
			})
		})
	}
}
