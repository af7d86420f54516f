package credential

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/state"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestRestartFindsTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store})
		ticket := a.get(t, APITicket)
		a.Stop(a.env)
		time.Sleep(15 * time.Minute)
		b := newNode(t, w, nodeOptions{store: store})
		b.Start(b.env, APITicket, AccessToken)
		defer b.Stop(b.env)
		if got := b.get(t, APITicket); got != ticket {
			t.Errorf("got %q after a restart, want %q", got, ticket)
		}
		synctest.Wait()
		if w.count(AccessToken) != 1 || w.count(APITicket) != 1 {
			t.Errorf("%d token and %d ticket calls across a restart", w.count(AccessToken), w.count(APITicket))
		}
	})
}

func TestStoreHoldsNothingInClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store})
		n.get(t, APITicket)
		n.Stop(n.env)
		if len(store.data) != 4 {
			t.Errorf("%d records, want 2 and the copies of their values", len(store.data))
		}
		for key, raw := range store.data {
			for _, secret := range []string{"access_token-1", "api_ticket-1", "s3cr3t", "wx0123456789abcdef"} {
				if bytes.Contains(raw, []byte(secret)) || strings.Contains(key, secret) {
					t.Errorf("%s holds %s", key, secret)
				}
			}
		}
	})
}

func TestSealedValueIsBoundToItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store})
		a.get(t, APITicket)
		a.Stop(a.env)
		// A token in the ticket's place must not sign, nor a value whose life was lengthened.
		token, ticket := a.Keeper(AccessToken).renewal.Name, a.Keeper(APITicket).renewal.Name
		was := store.data[ticket]
		store.data[ticket] = store.data[token]
		b := newNode(t, w, nodeOptions{store: store})
		if got := b.get(t, APITicket); got != "api_ticket-2" {
			t.Errorf("got %q out of the token's record", got)
		}
		b.Stop(b.env)
		store.data[ticket] = bytes.Replace(was, []byte(`"expires":9`), []byte(`"expires":10`), 1)
		c := newNode(t, w, nodeOptions{store: store})
		if got := c.get(t, APITicket); got == "api_ticket-1" {
			t.Error("took a value whose life was altered")
		}
		c.Stop(c.env)
	})
}

// A record that is well-formed, but of another secret or name, is replaced: worth one word, and no more.
func TestForeignValueIsWorthOneWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store, secret: "another"})
		theirs := a.get(t, AccessToken)
		a.Stop(a.env)
		key := a.Keeper(AccessToken).renewal.Name
		foreign := store.data[key]
		var log bytes.Buffer
		b := newNode(t, w, nodeOptions{store: store})
		b.env.Logger = slog.New(slog.NewTextHandler(&log, nil))
		b.Start(b.env, AccessToken)
		for range 3 {
			if got := b.get(t, AccessToken); got == theirs {
				t.Fatalf("%q was taken out of another account's record", got)
			}
			synctest.Wait()
			_ = store.Store(t.Context(), key, foreign)
			time.Sleep(2 * time.Hour)
		}
		b.Stop(b.env)
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), key) {
			t.Errorf("%d warnings, want one that names the key: %s", n, &log)
		}
		if strings.Contains(log.String(), "access_token-") {
			t.Errorf("the log holds a token: %s", &log)
		}
	})
}

func TestFleetRenewsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.delay = 100 * time.Millisecond
		var nodes []*node
		for range 20 {
			n := newNode(t, w, nodeOptions{store: store})
			n.Start(n.env, AccessToken, APITicket)
			nodes = append(nodes, n)
		}
		time.Sleep(24 * time.Hour)
		for _, n := range nodes {
			if n.get(t, APITicket) != nodes[0].get(t, APITicket) {
				t.Error("nodes hold different tickets")
			}
			n.Stop(n.env)
		}
		for kind, most := range map[Kind]int{AccessToken: 13, APITicket: 14} {
			if got := w.count(kind); got > most {
				t.Errorf("20 nodes fetched %d of %s in a day, want %d", got, kind, most)
			}
		}
	})
}

func TestStoresThatFail(t *testing.T) {
	for name, spoil := range map[string]func(*fakeStore){
		"down":       func(s *fakeStore) { s.fail = errReadOnly },
		"read-only":  func(s *fakeStore) { s.readOnly = true },
		"dead locks": func(s *fakeStore) { s.dead = true },
		"hanging":    func(s *fakeStore) { s.hang = make(chan struct{}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, store := newFake(), newStore()
				spoil(store)
				n := newNode(t, w, nodeOptions{store: store})
				n.Start(n.env, AccessToken)
				start := time.Now()
				n.get(t, AccessToken)
				if took := time.Since(start); took > 13*time.Second {
					t.Errorf("first answer after %v", took)
				}
				for range 24 * 60 {
					start := time.Now()
					n.get(t, AccessToken)
					if took := time.Since(start); took > 0 {
						t.Errorf("a warm answer took %v", took)
					}
					time.Sleep(time.Minute)
				}
				if got := w.count(AccessToken); got > 13 {
					t.Errorf("%d calls in a day, want 13", got)
				}
				if store.hang != nil {
					close(store.hang)
				}
				n.Stop(n.env)
			})
		})
	}
}

func TestGarbageInTheStoreCostsOneCall(t *testing.T) {
	for name, garbage := range map[string]string{
		"empty": "", "text": "hello", "array": "[]", "null": "null", "half": `{"version":1,"val`,
		"other version": `{"version":99}`,
		"huge":          strings.Repeat("x", 1<<20),
		"foreign":       `{"version":1,"value":{"sealed":"AAAA","obtained":946684800000,"expires":9466920000000,"renew":946691500000}}`,
		"future":        `{"version":1,"value":{"sealed":"AAAA","obtained":9946684800000,"expires":9946692000000,"renew":9946691500000}}`,
		"negative":      `{"version":1,"value":{"sealed":"AAAA","obtained":-1,"expires":-5}}`,
		"bad failure":   `{"version":1,"failure":{"errcode":45009,"until":99999999999999,"config":"x"},"calls":{"day":"x","normal":-5}}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, store := newFake(), newStore()
				n := newNode(t, w, nodeOptions{store: store})
				store.data[n.Keeper(AccessToken).renewal.Name] = []byte(garbage)
				n.get(t, AccessToken)
				n.Stop(n.env)
				b := newNode(t, w, nodeOptions{store: store})
				b.get(t, AccessToken)
				b.Stop(b.env)
				if got := w.count(AccessToken); got != 1 {
					t.Errorf("%d calls, want 1", got)
				}
			})
		})
	}
}

func TestNothingInTheStoreBindsForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store, classic: true})
		defer n.Stop(n.env)
		for _, garbage := range []string{
			`{"version":1,"failure":{"errcode":45009,"until":UNTIL,"count":9223372036854775807,"config":"CONFIG"},"calls":{}}`,
			`{"version":1,"calls":{"day":"20000101","normal":-100000}}`,
			`{"version":1,"calls":{"day":"20000101","forced":-100000}}`,
		} {
			until := strconv.FormatInt(time.Now().Add(24*time.Hour).UnixMilli(), 10)
			garbage = strings.NewReplacer("UNTIL", until, "CONFIG", n.env.Fingerprint()).Replace(garbage)
			store.data[n.Keeper(AccessToken).renewal.Name] = []byte(garbage)
			n.get(t, AccessToken)
			synctest.Wait()
			rec, err := record.Parse(store.data[n.Keeper(AccessToken).renewal.Name])
			if err != nil || rec.Calls.Normal != 1 || rec.Calls.Forced != 0 {
				t.Errorf("%s became %+v, %v", garbage, rec, err)
			}
			time.Sleep(3 * time.Hour)
		}
	})
}

func TestAccountWideFailureBindsTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		size := 20
		if racetest.Enabled {
			size = 5
		}
		for code, atMost := range map[int]int{45009: 3, 40125: 16, 45011: 61, 40164: size * 16, -1: size * 120} {
			w, store := newFake(), newStore()
			w.fail = func(Kind, int) error { return wechatError("stable_token", code) }
			var nodes []*node
			for range size {
				n := newNode(t, w, nodeOptions{store: store})
				n.Start(n.env, AccessToken)
				nodes = append(nodes, n)
			}
			time.Sleep(time.Hour)
			if got := w.count(AccessToken); got > atMost {
				t.Errorf("%d: %d nodes made %d calls in an hour, want at most %d", code, size, got, atMost)
			}
			for _, n := range nodes {
				n.Stop(n.env)
			}
		}
	})
}

func TestLateHolderOverwritesNothingNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		slow := newNode(t, w, nodeOptions{store: store})
		w.delay = 20 * time.Second
		done := make(chan string)
		go func() { done <- slow.get(t, AccessToken) }()
		synctest.Wait()
		time.Sleep(time.Second)
		w.mu.Lock()
		w.delay = 0
		w.mu.Unlock()
		fast := newNode(t, w, nodeOptions{store: store})
		start := time.Now()
		newer := fast.get(t, AccessToken)
		if took := time.Since(start); took > renewal.ColdWait+time.Second {
			t.Errorf("waited %v for a holder that slept", took)
		}
		<-done
		synctest.Wait()
		third := newNode(t, w, nodeOptions{store: store})
		if got := third.get(t, AccessToken); got != newer {
			t.Errorf("the store holds %q, want %q", got, newer)
		}
		for _, n := range []*node{slow, fast, third} {
			n.Stop(n.env)
		}
	})
}

func TestWrongClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
			w, store := newFake(), newStore()
			good := newNode(t, w, nodeOptions{store: store})
			good.Start(good.env, APITicket)
			synctest.Wait()
			ticket := good.get(t, APITicket)
			synctest.Wait()
			bad := newNode(t, w, nodeOptions{store: store, skew: skew, offset: -skew})
			if got := bad.get(t, APITicket); got != ticket {
				t.Errorf("skew %v: a good ticket was not taken: %q", skew, got)
			}
			good.Stop(good.env)
			time.Sleep(2*time.Hour - 30*time.Second)
			if got := bad.get(t, APITicket); got == ticket {
				t.Errorf("skew %v: an expired ticket was served", skew)
			}
			bad.Stop(bad.env)
		}
	})
}

// A store may renew a lock's lease for as long as the context lasts that it was taken with.
func TestLockIsKeptForTheWholeFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store})
		w.fail = func(Kind, int) error {
			if store.lockCtx.Err() != nil {
				t.Error("the lock's context ended before the fetch")
			}
			return nil
		}
		n.get(t, AccessToken)
		n.Stop(n.env)
		if store.lockCtx.Err() == nil {
			t.Error("the lock's context does not end")
		}
	})
}

func TestLockIsGivenBackThoughTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.fail = func(Kind, int) error { return wechatError("stable_token", -1) }
		n := newNode(t, w, nodeOptions{store: store})
		defer n.Stop(n.env)
		store.noUnlock = 2
		n.fails(t, AccessToken)
		time.Sleep(5 * time.Second)
		if _, locks := store.counts(); locks != 0 {
			t.Error("a lock is left over")
		}
		w.setFail(nil)
		start := time.Now()
		n.get(t, AccessToken)
		if took := time.Since(start); took > time.Second {
			t.Errorf("the next attempt took %v", took)
		}
	})
}

func TestRejectionTakesNothingOlderFromTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store, classic: true})
		n.Start(n.env, AccessToken)
		defer n.Stop(n.env)
		first := n.get(t, AccessToken)
		synctest.Wait()
		store.mu.Lock()
		store.readOnly = true // what is renewed now does not get there
		store.mu.Unlock()
		time.Sleep(117 * time.Minute)
		second := n.get(t, AccessToken)
		store.mu.Lock()
		store.readOnly = false
		store.mu.Unlock()
		if second == first {
			t.Fatal("not renewed")
		}
		if v, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, second, errInvalid); err != nil || v.Text == first || v.Text == second {
			t.Errorf("Reject = %q, %v", v.Text, err)
		}
	})
}

func TestTwoRejectionsAtOnceTakeNothingOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store, classic: true})
		defer n.Stop(n.env)
		first := n.get(t, AccessToken)
		synctest.Wait()
		store.mu.Lock()
		store.readOnly = true // the first value stays there
		store.mu.Unlock()
		second, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, first, errInvalid)
		if err != nil || second.Text == first {
			t.Fatalf("Reject = %q, %v", second.Text, err)
		}
		synctest.Wait()
		if third, err := n.Keeper(AccessToken).Reject(t.Context(), n.env, second.Text, errInvalid); err != nil ||
			third.Text == first || third.Text == second.Text {
			t.Errorf("Reject = %q, %v", third.Text, err)
		}
	})
}

func TestLateFailureOverwritesNothingNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.fail = func(_ Kind, call int) error {
			if call == 1 {
				return wechatError("stable_token", 45009)
			}
			return nil
		}
		slow := newNode(t, w, nodeOptions{store: store})
		w.delay = 20 * time.Second
		late := make(chan string)
		go func() { late <- slow.get(t, AccessToken) }()
		time.Sleep(time.Second)
		w.mu.Lock()
		w.delay = 0
		w.mu.Unlock()
		fast := newNode(t, w, nodeOptions{store: store})
		newer := fast.get(t, AccessToken)
		if got := <-late; got != newer {
			t.Errorf("who waited for the call that failed has %q, want %q", got, newer)
		}
		synctest.Wait()
		third := newNode(t, w, nodeOptions{store: store})
		if got := third.get(t, AccessToken); got != newer {
			t.Errorf("the store holds %q, want %q", got, newer)
		}
		for _, n := range []*node{slow, fast, third} {
			n.Stop(n.env)
		}
	})
}

func TestReachedCapIsWaitedOutByWeChatsClock(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, 0, time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(15*time.Hour + 10*time.Minute) // it is 23:10 on 2000-01-01 at WeChat
				w, store := newFake(), newStore()
				n := newNode(t, w, nodeOptions{store: store, classic: true, skew: skew, offset: -skew})
				defer n.Stop(n.env)
				store.data[n.Keeper(AccessToken).renewal.Name] = []byte(`{"version":1,"calls":{"day":"20000101","normal":1600}}`)
				n.Start(n.env, AccessToken)
				time.Sleep(30 * time.Minute)
				if wait := n.fails(t, AccessToken).RetryAt.Sub(n.env.Now()); wait != 20*time.Minute {
					t.Errorf("next attempt in %v, want 20 min", wait)
				}
				time.Sleep(19 * time.Minute)
				if loads, _ := store.counts(); loads > 100 || w.count(AccessToken) > 0 {
					t.Errorf("%d loads and %d calls before midnight", loads, w.count(AccessToken))
				}
				time.Sleep(2 * time.Minute)
				n.get(t, AccessToken)
			})
		})
	}
}

func TestValueThatComesDuringStopIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.delay = 2800 * time.Millisecond
		store.slow = 200 * time.Millisecond
		n := newNode(t, w, nodeOptions{store: store})
		n.Start(n.env, AccessToken)
		time.Sleep(1700 * time.Millisecond) // 800 ms for the store, and the fetch ends 1.9 s after Stop began
		n.Stop(n.env)
		if _, locks := store.counts(); locks != 0 {
			t.Error("a lock is left over")
		}
		next := newNode(t, w, nodeOptions{store: store})
		if got := next.get(t, AccessToken); got != "access_token-1" {
			t.Errorf("after the restart there is %q", got)
		}
		next.Stop(next.env)
	})
}

func TestFleetsValueIsTakenWhenOursSignsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		ours, fleets := newStore(), newStore()
		a := newNode(t, w, nodeOptions{store: ours})
		a.get(t, APITicket)
		time.Sleep(3 * time.Minute)
		b := newNode(t, w, nodeOptions{store: fleets})
		newer := b.get(t, APITicket)
		time.Sleep(117*time.Minute - 30*time.Second)
		key := a.Keeper(APITicket).renewal.Name
		raw, err := fleets.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		_ = ours.Store(t.Context(), key, raw)
		w.setFail(func(Kind, int) error { return wechatError("getticket", -1) })
		if got := a.get(t, APITicket); got != newer {
			t.Errorf("got %q, want %q", got, newer)
		}
		a.Stop(a.env)
		b.Stop(b.env)
	})
}

// A clock is far behind, and WeChat tells so only after the node has taken its ticket from the store.
func TestClockThatTurnsOutWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		good := newNode(t, w, nodeOptions{store: store})
		ticket := good.get(t, APITicket)
		good.Stop(good.env)
		time.Sleep(time.Hour)
		var offset atomic.Int64
		bad := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute})
		bad.env.Offset = func() time.Duration { return time.Duration(offset.Load()) }
		w.setFail(func(Kind, int) error { return wechatError("getticket", 45009) }) // or it would look at the ticket again
		if got := bad.get(t, APITicket); got != ticket {
			t.Fatalf("got %q", got)
		}
		time.Sleep(30 * time.Minute)
		offset.Store(int64(10 * time.Minute))
		if got := bad.get(t, APITicket); got != ticket {
			t.Errorf("got %q half an hour before the end", got)
		}
		time.Sleep(29*time.Minute - time.Second)
		if got := bad.get(t, APITicket); got != ticket {
			t.Errorf("got %q a minute before the end", got)
		}
		time.Sleep(2 * time.Second)
		bad.fails(t, APITicket)
		bad.Stop(bad.env)
	})
}

// A clock is ten minutes off, WeChat has not told so yet, and the store tells no age.
func TestWrongClockWithAnAgelessStore(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		for _, aging := range []bool{false, true} {
			t.Run(fmt.Sprint(skew, " aging ", aging), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, store := newFake(), Store(newStore())
					if aging {
						store = newAgingStore()
					}
					good := newNode(t, w, nodeOptions{store: store})
					ticket := good.get(t, APITicket)
					good.Stop(good.env)
					time.Sleep(time.Hour)
					var offset, asked atomic.Int64
					bad := newNode(t, w, nodeOptions{store: store, skew: skew})
					bad.env.Offset = func() time.Duration { return time.Duration(offset.Load()) }
					bad.env.LearnClock = func(context.Context) bool {
						asked.Add(1)
						time.Sleep(time.Second)
						offset.Store(int64(-skew))
						return true
					}
					defer bad.Stop(bad.env)
					w.setFail(func(Kind, int) error { return wechatError("getticket", 45009) }) // or it would ask for another at once
					if got := bad.get(t, APITicket); got != ticket {
						t.Errorf("got %q, want the ticket of the store", got)
					}
					if n := asked.Load(); (n == 0) != aging {
						t.Errorf("asked %d times for the time", n)
					}
					for range 120 {
						time.Sleep(30 * time.Second)
						v, err := bad.Keeper(APITicket).Get(t.Context(), bad.env)
						if err == nil && v.Text == ticket && time.Since(synctestStart) > 2*time.Hour {
							t.Fatal("an expired ticket was served")
						}
					}
				})
			})
		}
	}
}

// synctestStart is when each synctest bubble begins.
var synctestStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Others wait for a lock whose holder tells that the quota is used up, and is killed before it gives the lock back.
func TestWaitersAreToldOfAFailureThatBindsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.delay = 500 * time.Millisecond
		w.fail = func(Kind, int) error { return wechatError("stable_token", 45009) }
		holder := newNode(t, w, nodeOptions{store: store})
		store.noUnlock = 1000
		go func() { _, _ = holder.Keeper(AccessToken).Get(t.Context(), holder.env) }()
		time.Sleep(100 * time.Millisecond)
		waiter := newNode(t, w, nodeOptions{store: store})
		start := time.Now()
		u := waiter.fails(t, AccessToken)
		if took := time.Since(start); took > 5*time.Second || w.count(AccessToken) != 1 {
			t.Errorf("told after %v; %d calls, want 1", took, w.count(AccessToken))
		}
		if wait := time.Until(u.RetryAt); wait < 29*time.Minute {
			t.Errorf("next attempt in %v", wait)
		}
		holder.Stop(holder.env)
		waiter.Stop(waiter.env)
	})
}

// What binds the fleet binds a node whose clock is behind, though it seems to last for longer than it can.
func TestFleetsFailureBindsAClockThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.fail = func(Kind, int) error { return wechatError("stable_token", 45009) }
		good := newNode(t, w, nodeOptions{store: store})
		good.fails(t, AccessToken)
		good.Stop(good.env)
		bad := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute})
		defer bad.Stop(bad.env)
		u := bad.fails(t, AccessToken)
		if wait := u.RetryAt.Sub(bad.env.Now()); w.count(AccessToken) != 1 || wait < 29*time.Minute || wait > renewal.MaxUntil {
			t.Errorf("%d calls, want 1; next attempt in %v", w.count(AccessToken), wait)
		}
		w.setFail(nil)
		time.Sleep(45 * time.Minute)
		bad.get(t, AccessToken)
	})
}

// This node may not fetch tokens, and will not for a day, but may use those of the others.
func TestTicketNeedsNotWaitForAnotherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.fail = func(kind Kind, _ int) error {
			if kind == AccessToken {
				return wechatError("stable_token", 89506)
			}
			return nil
		}
		refused := newNode(t, w, nodeOptions{store: store})
		refused.Start(refused.env, AccessToken, APITicket)
		time.Sleep(time.Minute)
		refused.fails(t, APITicket)
		w.setFail(nil)
		other := newNode(t, w, nodeOptions{store: store})
		other.get(t, AccessToken)
		other.Stop(other.env)
		time.Sleep(state.LookPause)
		refused.get(t, AccessToken)
		refused.get(t, APITicket)
		refused.Stop(refused.env)
	})
}

// The clock was set back: by it the stored ticket lives still, but by the monotonic one it has ended.
func TestEndedValueIsNotTakenFromTheStoreAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore()})
		defer n.Stop(n.env)
		ticket := n.get(t, APITicket)
		synctest.Wait()
		n.Keeper(APITicket).state.Current().Ends = n.env.Now().Add(-time.Second)
		if got := n.get(t, APITicket); got == ticket {
			t.Error("an expired ticket was served")
		}
	})
}

// This node may not fetch for a day. It must take each new token of the others before the old one ends.
func TestNodeThatMayNotFetchLivesOnTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		other := newNode(t, w, nodeOptions{store: store})
		other.Start(other.env, AccessToken)
		defer other.Stop(other.env)
		time.Sleep(time.Second)
		refused := newNode(t, w, nodeOptions{store: store})
		calls := 0
		refused.env.Fetch = func(context.Context, Kind, bool) (wechat.Grant, error) {
			calls++
			return wechat.Grant{}, wechatError("stable_token", 89506)
		}
		refused.get(t, AccessToken)
		refused.Keeper(AccessToken).state.Current().RenewAt = time.Now() // so that it is the first to try
		for range 7 * 3600 {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { refused.get(t, AccessToken) })
			}
			wg.Wait()
			time.Sleep(time.Second)
		}
		if calls == 0 || calls > 4 {
			t.Errorf("%d calls in seven hours", calls)
		}
		refused.Stop(refused.env)
	})
}

func TestStoreThatGivesNoLockIsWorthAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		store.readOnly = true
		n := newNode(t, w, nodeOptions{store: store})
		var log bytes.Buffer
		n.env.Logger = slog.New(slog.NewTextHandler(&log, nil))
		n.get(t, AccessToken)
		n.Stop(n.env)
		if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "lock") {
			t.Errorf("the log says nothing of the lock: %s", &log)
		}
	})
}

func TestOutageUsesUpNoCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.delay = 5 * time.Second
		w.fail = func(kind Kind, _ int) error {
			if kind == APITicket {
				return &wechat.Error{API: "getticket", Timeout: true}
			}
			return nil
		}
		size := 10
		if racetest.Enabled {
			size = 4
		}
		var nodes []*node
		for range size {
			n := newNode(t, w, nodeOptions{store: store})
			n.Start(n.env, APITicket)
			nodes = append(nodes, n)
		}
		time.Sleep(8 * time.Hour)
		w.setFail(nil)
		time.Sleep(2 * time.Minute)
		for _, n := range nodes {
			n.get(t, APITicket)
			n.Stop(n.env)
		}
		raw, err := store.Load(t.Context(), nodes[0].Keeper(APITicket).renewal.Name)
		if err != nil {
			t.Fatal(err)
		}
		if rec, err := record.Parse(raw); err != nil || rec.Calls.Normal > len(nodes) {
			t.Errorf("%s, %v", raw, err)
		}
	})
}

// agingStore tells how long ago a key was stored. between is called once, between the two calls of the next read.
type agingStore struct {
	*fakeStore
	at      map[string]time.Time
	between func()
}

func newAgingStore() *agingStore {
	return &agingStore{fakeStore: newStore(), at: map[string]time.Time{}}
}

func (s *agingStore) Store(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	s.at[key] = time.Now()
	s.mu.Unlock()
	return s.fakeStore.Store(ctx, key, value)
}

func (s *agingStore) Load(ctx context.Context, key string) ([]byte, error) {
	defer s.interfere()
	return s.fakeStore.Load(ctx, key)
}

func (s *agingStore) Age(_ context.Context, key string) (time.Duration, error) {
	defer s.interfere()
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.at[key]
	if !ok {
		return 0, fs.ErrNotExist
	}
	return time.Since(at), nil
}

func (s *agingStore) interfere() {
	if f := s.between; f != nil {
		s.between = nil
		f()
	}
}

// rewrite writes a record again, as it is, by a good clock.
func rewrite(t *testing.T, store *agingStore, key string) {
	t.Helper()
	now := time.Now()
	age, err := store.Age(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := store.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := record.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	rec.Aged(age, now)
	rec.Restamp(now)
	if raw, err = json.Marshal(rec); err != nil {
		t.Fatal(err)
	}
	if err := store.Store(t.Context(), key, raw); err != nil {
		t.Fatal(err)
	}
}

// Another node writes the record again between the two calls that tell its text and its age.
func TestRecordThatIsRewrittenWhileItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newAgingStore()
		good := newNode(t, w, nodeOptions{store: store})
		ticket := good.get(t, APITicket)
		good.Stop(good.env)
		time.Sleep(110 * time.Minute)
		bad := newNode(t, w, nodeOptions{store: store, skew: -10 * time.Minute}) // it does not know yet
		defer bad.Stop(bad.env)
		store.between = func() {
			rewrite(t, store, good.Keeper(APITicket).renewal.Name)
		}
		bad.get(t, APITicket)
		time.Sleep(9*time.Minute + 30*time.Second)
		if got := bad.get(t, APITicket); got == ticket {
			t.Error("a ticket was served in its last minute")
		}
	})
}

// A record that was put back from a backup is as young as the store says, but its ticket is not.
func TestRecordFromABackupIsNotTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newAgingStore()
		a := newNode(t, w, nodeOptions{store: store})
		ticket := a.get(t, APITicket)
		a.Stop(a.env)
		key := a.Keeper(APITicket).renewal.Name
		raw, err := store.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		_ = store.Store(t.Context(), key, raw)
		b := newNode(t, w, nodeOptions{store: store})
		if got := b.get(t, APITicket); got == ticket {
			t.Error("a ticket was served that had ended a day ago")
		}
		b.Stop(b.env)
	})
}

// What the store holds is what we have: to read it again changes nothing and ends no back-off.
func TestOwnValueIsNotTakenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newAgingStore()
		store.slow = 300 * time.Millisecond
		n := newNode(t, w, nodeOptions{store: store})
		defer n.Stop(n.env)
		n.get(t, AccessToken)
		time.Sleep(115*time.Minute + 20*time.Second)
		k := n.Keeper(AccessToken)
		k.state.Current().RenewAt = time.Now()
		w.setFail(func(Kind, int) error { return wechatError("stable_token", 40164) })
		for range 100 {
			n.get(t, AccessToken)
			time.Sleep(500 * time.Millisecond)
		}
		if got := w.count(AccessToken); got > 2 {
			t.Errorf("%d calls in less than a minute after a failure", got-1)
		}
		if s := k.Status(n.env); s.Adopted > 0 {
			t.Errorf("taken %d times from the store", s.Adopted)
		}
	})
}

func TestNobodyElseIsToldThatNothingMayBeForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		store.slow = 200 * time.Millisecond
		store.readOnly = true // no lock, no force
		n := newNode(t, w, nodeOptions{store: store})
		defer n.Stop(n.env)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := n.Keeper(AccessToken).Refresh(t.Context(), n.env, true); !errors.Is(err, renewal.ErrNoForce) {
				t.Errorf("Refresh: %v", err)
			}
		})
		time.Sleep(100 * time.Millisecond)
		wg.Go(func() { n.get(t, AccessToken) })
		wg.Wait()
	})
}

// agelessStore reads well but cannot tell ages, as a read-only folder.
type agelessStore struct{ *fakeStore }

func (agelessStore) Age(context.Context, string) (time.Duration, error) { return 0, errReadOnly }

func TestAgeThatFailsIsNoFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a := newNode(t, w, nodeOptions{store: store})
		a.get(t, AccessToken)
		a.Stop(a.env)
		var log bytes.Buffer
		b := newNode(t, w, nodeOptions{store: agelessStore{store}, logger: slog.New(slog.NewTextHandler(&log, nil))})
		b.env.Logger = slog.New(slog.DiscardHandler) // what it says of the store is what counts
		b.env.LearnClock = func(context.Context) bool { return true }
		b.get(t, AccessToken)
		b.Stop(b.env)
		if w.count(AccessToken) != 1 || log.Len() > 0 {
			t.Errorf("%d calls, log %s", w.count(AccessToken), log.String())
		}
	})
}

// An operator does not wait for a lock until the old value ends.
func TestRefreshWaitsForALockNoLongerThanCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		n := newNode(t, w, nodeOptions{store: store})
		defer n.Stop(n.env)
		old := n.get(t, AccessToken)
		time.Sleep(time.Minute)
		store.mu.Lock()
		store.dead = true
		store.mu.Unlock()
		start := time.Now()
		v, err := n.Keeper(AccessToken).Refresh(t.Context(), n.env, false)
		if took := time.Since(start); err != nil || v.Text == old || took > renewal.ColdWait+time.Second {
			t.Errorf("%q, %v after %v", v.Text, err, took)
		}
	})
}

// A reload of Caddy's waits for the configuration that ends. What is stored last is no reason to wait for long.
func TestStopDoesNotWaitLongForASlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		w := newFake()
		n := newNode(t, w, nodeOptions{store: s})
		s.slow, w.delay = 950*time.Millisecond, 2*time.Second
		go func() { _, _ = n.Keeper(AccessToken).Get(t.Context(), n.env) }()
		for w.count(AccessToken) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		began := time.Now()
		n.Stop(n.env)
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
