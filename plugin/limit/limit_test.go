package limit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

var errRefused = &wechat.Error{API: "test", Code: 40029}

func newBucket(perMinute int) *Bucket {
	b := new(Bucket)
	b.Set("test", perMinute)
	return b
}

// from is a context for calls of a client.
func from(t testing.TB, client string) context.Context {
	t.Helper()
	return WithClient(t.Context(), netip.MustParseAddr(client))
}

func busy(err error) *Busy {
	b, _ := errors.AsType[*Busy](err)
	return b
}

func TestLimitsOfAReloadFillNoBucket(t *testing.T) {
	b := newBucket(3)
	call := func() error { return b.Do(t.Context(), func() error { return nil }) }
	for range 3 {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	b.Set("test", 3)
	if busy(call()) == nil {
		t.Error("the same limits set again filled the bucket")
	}
	b.Set("test", 600)
	if err := call(); err != nil {
		t.Errorf("a larger one is in force at once: %v", err)
	}
}

// Whatever becomes of a call, it counts.
func TestEveryCallCounts(t *testing.T) {
	for name, outcome := range map[string]error{
		"success": nil, "refused": errRefused, "busy": &wechat.Error{Code: -1}, "quota": &wechat.Error{Code: 45011},
		"token": &wechat.Error{Code: 40001}, "set-up": &wechat.Error{Code: 48001}, "time-out": &wechat.Error{Timeout: true},
		"other": errors.New("x"), "gone": context.Canceled,
	} {
		synctest.Test(t, func(t *testing.T) {
			b, made := newBucket(6), 0
			var err error
			for range 100 {
				err = b.Do(t.Context(), func() error { made++; return outcome })
			}
			if b := busy(err); made != 6 || b == nil || b.RetryAfter <= 0 || b.RetryAfter > 10*time.Second || b.Network || b.API != "test" {
				t.Errorf("%s: %d calls, then %v", name, made, err)
			}
			time.Sleep(10 * time.Second)
			if err := b.Do(t.Context(), func() error { made++; return outcome }); made != 7 || !errors.Is(err, outcome) {
				t.Errorf("%s: %d calls, then %v", name, made, err)
			}
		})
	}
}

func TestNetwork(t *testing.T) {
	for client, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "8.8.8.8": "8.8.8.0/24",
		"2001:db8:1:2ff:3::4": "2001:db8:1:200::/56", "2001:db8:1:2ff:3::4%eth0": "2001:db8:1:200::/56",
		"127.0.0.1": "", "::1": "", "::ffff:127.0.0.1": "", "10.1.2.3": "", "172.31.0.1": "", "192.168.0.1": "", "fd00::1": "",
		"169.254.1.1": "", "fe80::1%eth0": "", "100.64.0.1": "", "100.127.255.255": "", "0.0.0.0": "", "::": "", "224.0.0.1": "",
		"172.32.0.1": "172.32.0.0/24", "100.128.0.1": "100.128.0.0/24",
	} {
		got, ok := Network(netip.MustParseAddr(client))
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s: got %v, %t, want %q", client, got, ok, want)
		}
	}
}

// One network's calls that WeChat refuses are its own trouble.
func TestOneNetworksRefusals(t *testing.T) {
	for _, tc := range []struct{ perMinute, may int }{{1, 1}, {3, 1}, {4, 1}, {8, 2}, {100, 25}, {600, 150}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBucket(tc.perMinute)
			made := 0
			refused := func() error { made++; return errRefused }
			stranger := from(t, "203.0.113.9")
			for range tc.may {
				if err := b.Do(stranger, refused); !errors.Is(err, errRefused) {
					t.Fatalf("%d a minute: %v", tc.perMinute, err)
				}
				time.Sleep(time.Millisecond)
			}
			neighbour := from(t, "203.0.113.200")
			e := busy(b.Do(neighbour, refused))
			if e == nil || !e.Network || made != tc.may {
				t.Fatalf("%d a minute: %v after %d calls", tc.perMinute, e, made)
			}
			if tc.perMinute > 3 {
				for _, other := range []context.Context{from(t, "203.0.114.9"), from(t, "10.0.0.1"), t.Context()} {
					if err := b.Do(other, func() error { return nil }); err != nil {
						t.Errorf("%d a minute: another network gets %v", tc.perMinute, err)
					}
				}
			}
			time.Sleep(e.RetryAfter - time.Nanosecond)
			if busy(b.Do(neighbour, refused)) == nil {
				t.Errorf("%d a minute: one more before the minute is over", tc.perMinute)
			}
			time.Sleep(time.Nanosecond)
			if err := b.Do(neighbour, refused); !errors.Is(err, errRefused) {
				t.Errorf("%d a minute: after RetryAfter %v", tc.perMinute, err)
			}
			time.Sleep(time.Minute)
			b.use.shares.forget(time.Now())
			if len(b.use.shares.of)+len(b.use.shares.refusals) != 0 {
				t.Errorf("%d a minute: it remembers %v", tc.perMinute, b.use.shares)
			}
		})
	}
}

// Who lives behind the balancer is not known, so all of them share only the bucket.
func TestPrivateNetworksHaveNoShare(t *testing.T) {
	for _, client := range []string{"127.0.0.1", "10.0.0.1", "192.168.7.7", "fd00::1", "::1"} {
		b, made := newBucket(40), 0
		for range 100 {
			_ = b.Do(from(t, client), func() error { made++; return errRefused })
		}
		if made != 40 {
			t.Errorf("%s: %d calls", client, made)
		}
	}
}

// Networks come and go, calls take their time and fail in all ways: the bounds hold at every moment, and nobody is refused for
// what others do but by the bucket itself.
func TestBoundsAlwaysHold(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			perMinute := []int{5, 40, 600, 6000}[random.IntN(4)]
			b := newBucket(perMinute)
			began := time.Now()
			var mu sync.Mutex
			var made []time.Time
			refusedAt := make(map[string][]time.Time)
			underWay := 0
			var wg sync.WaitGroup
			for range 3000 {
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				client := fmt.Sprintf("203.0.%d.7", random.IntN(3))
				takes := time.Duration(random.IntN(2000)) * time.Millisecond
				outcome := []error{nil, errRefused, errRefused, &wechat.Error{Code: -1}}[random.IntN(4)]
				if client == "203.0.2.7" && outcome == errRefused {
					outcome = nil // this one asks in good faith only
				}
				wg.Go(func() {
					err := b.Do(from(t, client), func() error {
						mu.Lock()
						made = append(made, time.Now())
						underWay++
						if underWay > max(minAtOnce, perMinute/60) {
							t.Errorf("%d calls at once", underWay)
						}
						mu.Unlock()
						time.Sleep(takes)
						mu.Lock()
						defer mu.Unlock()
						underWay--
						if outcome == errRefused {
							refusedAt[client] = append(refusedAt[client], time.Now())
						}
						return outcome
					})
					if e := busy(err); e != nil && e.Network && client == "203.0.2.7" {
						t.Error("a network that was never refused has used up its share")
					}
				})
			}
			wg.Wait()
			for client, times := range refusedAt {
				slices.SortFunc(times, time.Time.Compare)
				for i := range times {
					if j := i + max(perMinute/4, 1); j < len(times) && times[j].Sub(times[i]) < time.Minute {
						t.Fatalf("%s: more than %d refused within %v", client, perMinute/4, times[j].Sub(times[i]))
					}
				}
			}
			if most := perMinute + int(time.Since(began).Minutes()*float64(perMinute)) + 1; len(made) > most {
				t.Errorf("%d calls, at most %d", len(made), most)
			}
		})
	}
}

// A whole bucket at once is no reason to refuse anybody, nor is it when all come from one network: they take turns.
func TestABucketfulAtOnce(t *testing.T) {
	for _, perMinute := range []int{8, 600} {
		synctest.Test(t, func(t *testing.T) {
			b := newBucket(perMinute)
			var wg sync.WaitGroup
			for range perMinute {
				wg.Go(func() {
					if err := b.Do(from(t, "203.0.113.9"), func() error { time.Sleep(100 * time.Millisecond); return nil }); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// Of a crowd of one network's that WeChat refuses, no more calls are made than may be refused.
func TestARefusedCrowd(t *testing.T) {
	for _, perMinute := range []int{1, 8, 40, 600} {
		synctest.Test(t, func(t *testing.T) {
			b := newBucket(perMinute)
			var made, network atomic.Int32
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					err := b.Do(from(t, "2001:db8::1"), func() error {
						made.Add(1)
						time.Sleep(50 * time.Millisecond)
						return errRefused
					})
					if e := busy(err); e != nil && e.Network {
						network.Add(1)
					}
				})
			}
			wg.Wait()
			if want := max(perMinute/4, 1); int(made.Load()) != want || network.Load() == 0 && perMinute > 1 {
				t.Errorf("%d a minute: %d calls, want %d; %d heard of their network", perMinute, made.Load(), want, network.Load())
			}
		})
	}
}

// When WeChat hangs, few calls hang with it, and who comes then is told at once.
func TestHangingWeChatPilesUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(6000)
		before := runtime.NumGoroutine()
		var made atomic.Int32
		var wg sync.WaitGroup
		ask := func() {
			wg.Go(func() {
				_ = b.Do(t.Context(), func() error { made.Add(1); time.Sleep(5 * time.Second); return &wechat.Error{Timeout: true} })
			})
		}
		for range 3000 {
			ask()
		}
		time.Sleep(hanging)
		synctest.Wait()
		most := max(minAtOnce, 6000/60)
		if n := runtime.NumGoroutine() - before; n > most+10 {
			t.Errorf("%d goroutines after %v", n, hanging)
		}
		for range 1000 {
			ask()
			synctest.Wait()
			if n := runtime.NumGoroutine() - before; n > most+10 {
				t.Fatalf("%d goroutines", n)
			}
		}
		if n := int(made.Load()); n != most {
			t.Errorf("%d calls", n)
		}
		wg.Wait()
		// it is well again
		if err := b.Do(t.Context(), func() error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

// Nobody waits for longer than two seconds, however slowly it goes on.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(600)
		var wg sync.WaitGroup
		for i := range 600 {
			wg.Go(func() {
				came := time.Now()
				var began time.Time
				err := b.Do(t.Context(), func() error {
					began = time.Now()
					time.Sleep(time.Second + time.Duration(i)*10*time.Millisecond)
					return nil
				})
				if err != nil {
					began = time.Now()
				}
				if waited := began.Sub(came); waited > patience {
					t.Errorf("waited %v: %v", waited, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestWhoeverGoesAwayWaitsNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(600)
		for range minAtOnce {
			go func() { _ = b.Do(t.Context(), func() error { time.Sleep(time.Second); return nil }) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := b.Do(ctx, func() error { t.Error("called"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		time.Sleep(2 * time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.use.waiting != 0 || b.use.calls != 0 {
			t.Errorf("%d wait, %d call", b.use.waiting, b.use.calls)
		}
	})
}

// A call that panics has ended all the same.
func TestPanicEndsACall(t *testing.T) {
	b := newBucket(600)
	func() {
		defer func() { _ = recover() }()
		_ = b.Do(from(t, "203.0.113.9"), func() error { panic("x") })
	}()
	if b.use.calls != 0 || len(b.use.shares.of) != 0 {
		t.Errorf("%d calls, %v", b.use.calls, b.use.shares)
	}
}

// What WeChat never refuses is shared all the same.
func TestDoShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(8)
		call := func(client string) error { return b.DoShared(from(t, client), func() error { return nil }) }
		for range 2 {
			if err := call("203.0.113.9"); err != nil {
				t.Fatal(err)
			}
		}
		if e := busy(call("203.0.113.9")); e == nil || !e.Network {
			t.Errorf("got %v", e)
		}
		if err := call("203.0.114.9"); err != nil {
			t.Errorf("another network gets %v", err)
		}
	})
}
