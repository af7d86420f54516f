package simulation

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"
)

// scheduler owns time and the order of steps in one bubble of testing/synctest. Whatever a Keeper asks of the world
// outside it (a call, the store, the time, its turn) stops its goroutine here. Only when all goroutines have stopped does
// the scheduler let the next thing happen, one at a time: where several could, the seed decides. All that the world does,
// it does on the scheduler's goroutine, so that nothing of it needs a lock, and what is drawn is drawn in one order.
//
// What a Keeper does between two stops on several goroutines at once must give the same in any order.
type scheduler struct {
	rng   *rand.Rand
	began time.Time

	mu      sync.Mutex
	arrived []arrival
	bell    chan struct{} // rung when somebody arrives

	alike func(string) // told where nobody can tell who of two came first

	queue  agenda   // what happens later
	ready  []*entry // what may happen now
	count  int      // of entries, ever
	parked int      // goroutines that have stopped
	turns  int64    // ever
	moved  bool     // somebody was let go on since all had stopped
}

// turn is a goroutine that has stopped.
type turn struct {
	done   chan struct{}
	number atomic.Int64 // in the order of their beginning: contexts of two who want the same may end together

	at   time.Duration // when it stopped, where that matters
	left bool          // its context ended; it waits to be told so
	over bool          // it goes on
	err  error
}

// arrival is what the scheduler is to do for somebody as soon as all have stopped.
type arrival struct {
	key   string // who wants what, the same in each run
	begin func()
}

// entry is something that happens at a time.
type entry struct {
	due   time.Duration
	count int
	do    func()
}

type agenda []*entry

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].due < a[j].due || a[i].due == a[j].due && a[i].count < a[j].count
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(*entry)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return e
}

func newScheduler(seed uint64) *scheduler {
	return &scheduler{rng: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), bell: make(chan struct{}, 1)}
}

// now is the time since the bubble began.
func (s *scheduler) now() time.Duration { return time.Since(s.began) }

// span draws a time.
func (s *scheduler) span(low, high time.Duration) time.Duration {
	return low + time.Duration(s.rng.Int64N(int64(high-low)))
}

// chance draws whether something happens that happens once in n times.
func (s *scheduler) chance(n int) bool { return s.rng.IntN(n) == 0 }

// after has do happen when so much time has passed. Only the scheduler's goroutine may call it.
func (s *scheduler) after(d time.Duration, do func()) {
	s.count++
	heap.Push(&s.queue, &entry{due: s.now() + d, count: s.count, do: do})
}

// spawn starts a goroutine.
func (s *scheduler) spawn(f func()) {
	s.moved = true
	go f()
}

// wait stops the calling goroutine until the scheduler calls finish for it. begin, which the scheduler runs when the turn
// has arrived, says what leads to that. It is told when ctx ends.
func (s *scheduler) wait(ctx context.Context, key string, begin func(*turn)) error {
	t := &turn{done: make(chan struct{})}
	s.tell(key, func() {
		s.parked++
		s.turns++
		t.number.Store(s.turns)
		begin(t)
	})
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
	}
	s.tell(fmt.Sprintf("%s left %012d", key, t.number.Load()), func() {
		t.left = true
		s.after(s.span(time.Microsecond, time.Millisecond), func() { s.finish(t, ctx.Err()) })
	})
	<-t.done
	return t.err
}

// tell has begin run by the scheduler, as soon as all have stopped. It must let nobody go on at once.
func (s *scheduler) tell(key string, begin func()) {
	s.mu.Lock()
	s.arrived = append(s.arrived, arrival{key, begin})
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// finish lets a goroutine go on.
func (s *scheduler) finish(t *turn, err error) {
	if t.over {
		return
	}
	t.over, t.err = true, err
	s.moved = true
	s.parked--
	close(t.done)
}

// settle waits until all goroutines have stopped, and takes in who has arrived. In which order they came says nothing.
func (s *scheduler) settle() {
	if !s.moved {
		return
	}
	synctest.Wait()
	s.moved = false
	select {
	case <-s.bell:
	default:
	}
	s.mu.Lock()
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	slices.SortStableFunc(arrived, func(a, b arrival) int { return strings.Compare(a.key, b.key) })
	for i, a := range arrived {
		if i > 0 && a.key == arrived[i-1].key {
			s.alike(a.key)
		}
		a.begin()
	}
}

// run lets things happen until over says so.
func (s *scheduler) run(over func() bool) {
	s.moved = true
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		s.settle()
		if over() {
			return
		}
		now := s.now()
		for len(s.queue) > 0 && s.queue[0].due <= now {
			s.ready = append(s.ready, heap.Pop(&s.queue).(*entry))
		}
		if n := len(s.ready); n > 0 {
			i := s.rng.IntN(n)
			e := s.ready[i]
			s.ready = slices.Delete(s.ready, i, i+1)
			e.do()
			continue
		}
		// Until then timers of the Keepers may go off.
		if len(s.queue) > 0 {
			next.Reset(s.queue[0].due - now)
		} else {
			next.Reset(time.Hour)
		}
		select {
		case <-next.C:
		case <-s.bell:
		}
		s.moved = true
	}
}
