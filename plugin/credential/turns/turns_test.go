package turns_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/turns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func nobody() bool   { return false }
func somebody() bool { return true }

// calls is WeChat as turns see it.
type calls struct {
	mu      sync.Mutex
	under   int
	most    int
	unasked []time.Time // when calls began that nobody waited for
}

func (c *calls) make(asked bool, takes time.Duration) {
	c.mu.Lock()
	c.under++
	c.most = max(c.most, c.under)
	if !asked {
		c.unasked = append(c.unasked, time.Now())
	}
	c.mu.Unlock()
	time.Sleep(takes)
	c.mu.Lock()
	c.under--
	c.mu.Unlock()
}

// inASecond is how many calls that nobody waited for began within one second at most.
func (c *calls) inASecond() (most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := 0
	for i, at := range c.unasked {
		for at.Sub(c.unasked[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		var weChat calls
		var wg sync.WaitGroup
		for i := range 3000 {
			asked := i%3 == 0
			wg.Go(func() {
				turn := q.New(func() bool { return asked })
				defer turn.Leave()
				if err := turn.Take(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond) // the store: some lose their turn
				err := turn.Use(t.Context(), func(context.Context) error {
					weChat.make(asked, time.Duration(rand.IntN(400))*time.Millisecond)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if weChat.most > turns.AtOnce {
			t.Errorf("%d calls at once", weChat.most)
		}
		if most := weChat.inASecond(); most > 50 || len(weChat.unasked) != 2000 {
			t.Errorf("%d in a second that nobody waited for, %d in all", most, len(weChat.unasked))
		}
	})
}

// Who is waited for does not wait behind who is not, however many there are, and finds a turn at once where WeChat hangs for those.
func TestAskedComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		var weChat calls
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				turn := q.New(nobody)
				if err := turn.Take(t.Context()); err == nil {
					_ = turn.Use(t.Context(), func(context.Context) error { weChat.make(false, 5*time.Second); return nil })
				}
			})
		}
		time.Sleep(3 * time.Second)
		for range turns.AtOnce - turns.Unasked {
			began := time.Now()
			wg.Go(func() {
				turn := q.New(somebody)
				_ = turn.Take(t.Context())
				_ = turn.Use(t.Context(), func(context.Context) error {
					if waited := time.Since(began); waited > 0 {
						t.Errorf("waited %v", waited)
					}
					time.Sleep(5 * time.Second)
					return nil
				})
			})
		}
		wg.Wait()
	})
}

// Who begins to be waited for while in the queue, or while spread, is called at once.
func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		var wg sync.WaitGroup
		var all []*turns.Turn
		var at [200]time.Duration
		began := time.Now()
		for i := range at {
			turn := q.New(nobody)
			all = append(all, turn)
			wg.Go(func() {
				_ = turn.Use(t.Context(), func(context.Context) error { at[i] = time.Since(began); return nil })
			})
			synctest.Wait()
		}
		last := len(all) - 1
		all[last].Hurry()   // it has no turn yet
		all[last-1].Hurry() // nor does it
		all[10].Hurry()     // it has one, and must wait
		synctest.Wait()
		wg.Wait()
		for _, i := range []int{last, last - 1, 10} {
			if at[i] > 0 {
				t.Errorf("%d was called after %v", i, at[i])
			}
		}
		if most := 200 * turns.Apart; at[last-2] > most || at[last-2] < most/2 {
			t.Errorf("the last one was called after %v", at[last-2])
		}
	})
}

// A turn that is not used is somebody else's, and taken again before others when it is needed.
func TestUnusedTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		var slow []*turns.Turn
		for range turns.AtOnce {
			turn := q.New(somebody)
			_ = turn.Take(t.Context())
			slow = append(slow, turn) // it waits for a store
		}
		began := time.Now()
		other := q.New(somebody)
		_ = other.Use(t.Context(), func(context.Context) error {
			if waited := time.Since(began); waited != turns.Unused {
				t.Errorf("waited %v for a turn that nobody used", waited)
			}
			return nil
		})
		for _, turn := range slow {
			_ = turn.Use(t.Context(), func(context.Context) error { return nil })
		}
		if waited := time.Since(began); waited != turns.Unused {
			t.Errorf("waited until %v", waited)
		}
	})
}

// Calls that need another credential first do not keep those from being fetched that they wait for.
func TestAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		var weChat calls
		var wg sync.WaitGroup
		for range 10 * turns.AtOnce {
			wg.Go(func() {
				ticket := q.New(somebody)
				err := ticket.Use(t.Context(), func(ctx context.Context) error {
					turns.Within(ctx).Aside(ctx, func() {
						token := q.New(somebody)
						_ = token.Use(t.Context(), func(context.Context) error { weChat.make(true, time.Second); return nil })
					})
					weChat.make(true, time.Second)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if weChat.most > turns.AtOnce {
			t.Errorf("%d calls at once", weChat.most)
		}
	})
}

func TestWhoeverGoesAwayWaitsNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns.Queue
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var began, gone atomic.Int32
		hold := make(chan struct{})
		for range 2 * turns.AtOnce {
			for _, waited := range []func() bool{somebody, nobody} {
				turn := q.New(waited)
				wg.Go(func() {
					err := turn.Use(ctx, func(context.Context) error { began.Add(1); <-hold; return nil })
					if errors.Is(err, context.Canceled) {
						gone.Add(1)
					}
				})
			}
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if n := int(began.Load() + gone.Load()); n != 4*turns.AtOnce || gone.Load() < 3*turns.AtOnce {
			t.Errorf("%d went away, %d are left", gone.Load(), began.Load())
		}
		close(hold)
		wg.Wait()
		// all turns are there again
		for range turns.AtOnce {
			if err := q.New(somebody).Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * turns.Unused)
	})
}

// TestNoTurnForWhoIsGone: a flight whose configuration was stopped calls nobody, though a turn is free.
func TestNoTurnForWhoIsGone(t *testing.T) {
	var q turns.Queue
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		turn := q.New(func() bool { return true })
		if err := turn.Use(ctx, func(context.Context) error { return nil }); err == nil {
			t.Fatal("it called")
		}
	}
}
