package wake_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/wake"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLookedAfterAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		began := time.Now()
		var times []time.Duration
		l := s.Add(func(context.Context) (nap, within time.Duration) {
			times = append(times, time.Since(began))
			return time.Duration(len(times)) * time.Minute, 0
		})
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		if done := l.End(); done != nil {
			t.Error("somebody looks after what sleeps")
		}
		time.Sleep(time.Hour)
		if got := fmt.Sprint(times); got != "[0s 1m0s 3m0s 6m0s]" {
			t.Errorf("looked after at %s", got)
		}
	})
}

// A poke in the midst of it is not lost: what it was for may have come too late to be seen.
func TestPoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		times := 0
		l := s.Add(func(context.Context) (nap, within time.Duration) {
			times++
			time.Sleep(time.Second)
			return time.Hour, 0
		})
		synctest.Wait()
		for range 10 {
			l.Poke()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if times != 2 {
			t.Errorf("%d times, want once more", times)
		}
		l.Poke()
		time.Sleep(time.Minute)
		synctest.Wait()
		if times != 3 {
			t.Errorf("%d times, want 3", times)
		}
		l.End()
		l.Poke()
		time.Sleep(2 * time.Hour)
		if times != 3 {
			t.Errorf("looked after behind its end")
		}
	})
}

func TestEndEndsWhatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		l := s.Add(func(ctx context.Context) (nap, within time.Duration) {
			<-ctx.Done()
			time.Sleep(time.Second)
			return 0, 0
		})
		synctest.Wait()
		began := time.Now()
		<-l.End()
		if took := time.Since(began); took != time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// What ends first comes first, and what has no end has one all the same.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		var mu sync.Mutex
		var order []string
		add := func(name string, takes, within time.Duration) *wake.Sleeper {
			first := true
			return s.Add(func(context.Context) (time.Duration, time.Duration) {
				if first {
					first = false
					return time.Hour, time.Hour + within
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(takes)
				return time.Hour, 0
			})
		}
		for i := range wake.AtOnce { // they take all there is
			defer add(fmt.Sprint("busy", i), time.Duration(i+1)*time.Millisecond, time.Second).End() // and end one by one
		}
		synctest.Wait()
		time.Sleep(time.Nanosecond)
		for name, within := range map[string]time.Duration{"c": 3 * time.Minute, "a": time.Minute, "d": time.Hour, "b": 2 * time.Minute} {
			defer add(name, time.Second, within).End()
		}
		synctest.Wait()
		time.Sleep(time.Hour + time.Minute)
		synctest.Wait()
		if got := order[wake.AtOnce:]; !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Errorf("in the order %v", got)
		}
	})
}

// Whatever hangs does not keep the others waiting, and the number of goroutines is bounded where nothing does.
func TestWhatHangsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		var all []*wake.Sleeper
		var mu sync.Mutex
		under, most, done := 0, 0, 0
		for range 2 * wake.AtOnce {
			all = append(all, s.Add(func(ctx context.Context) (nap, within time.Duration) {
				<-ctx.Done()
				return time.Hour, 0
			}))
		}
		for range 1000 {
			all = append(all, s.Add(func(context.Context) (nap, within time.Duration) {
				mu.Lock()
				under++
				most = max(most, under)
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				under--
				done++
				return time.Hour, 0
			}))
		}
		time.Sleep(2*wake.Lingering + 4*time.Second)
		synctest.Wait()
		if done != 1000 || most > wake.AtOnce {
			t.Errorf("%d of 1000 were looked after, %d at once", done, most)
		}
		var ending []<-chan struct{}
		for _, l := range all {
			if ended := l.End(); ended != nil {
				ending = append(ending, ended)
			}
		}
		for _, ended := range ending {
			<-ended
		}
	})
}

// Ten thousand that sleep need no goroutine, and each is woken in its time.
func TestTenThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s wake.Scheduler
		var mu sync.Mutex
		late := time.Duration(0)
		var all []*wake.Sleeper
		for i := range 10_000 {
			nap := time.Hour + time.Duration(i*7919%10_000)*time.Millisecond
			var due time.Time
			all = append(all, s.Add(func(context.Context) (time.Duration, time.Duration) {
				if mu.Lock(); !due.IsZero() {
					late = max(late, time.Since(due))
				}
				due = time.Now().Add(nap)
				mu.Unlock()
				return nap, 0
			}))
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if late > time.Millisecond {
			t.Errorf("woken %v late", late)
		}
		for _, l := range all {
			if l.End() != nil {
				t.Fatal("it sleeps, and somebody looks after it")
			}
		}
	})
}
