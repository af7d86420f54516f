// Package wake looks after very many things, each when its time has come: with one timer for all of them, and goroutines only
// while there is something to do.
//
// wake.go is what its users see, due.go the order in which things are looked after, heaps.go who sleeps and who is ready.
package wake

import (
	"context"
	"sync"
	"time"
)

const (
	// AtOnce is how many things are looked after at the same time.
	AtOnce = 32

	// Lingering is how long one thing may take before another one is looked after in its place: whatever it waits for, be it a
	// store or another process, is nothing that the others should wait for too.
	Lingering = 2 * time.Second

	// Patience is how long something that has no end of its own may wait behind what has.
	Patience = 5 * time.Minute
)

// Tend looks after a thing. It returns how long it may be left alone then, and how long it is until that must have been done
// again at the latest; 0: it does not say. ctx ends with the thing's Sleeper.
type Tend func(ctx context.Context) (nap, within time.Duration)

// Scheduler looks after things. Its zero value is ready for use, by any number of goroutines.
type Scheduler struct {
	mu    sync.Mutex
	naps  naps
	ready ready
	young int    // how many are being looked after, but for those that take long
	seq   uint64 // of the last one that became ready

	timer *time.Timer // nil: nobody sleeps
	rings time.Time   // when it is set for
}

// Sleeper is one thing that is looked after until it ends.
type Sleeper struct {
	s    *Scheduler
	tend Tend

	at    time.Time // asleep: until when
	by    time.Time // when it must have been looked after; zero: that was not said
	seq   uint64    // ready: who came first
	index int       // in the heap where it is

	where  place
	poked  bool          // while it was being looked after: once more
	cancel func()        // of who looks after it
	done   chan struct{} // closed when that has ended; nil: nobody waits for that
}

type place uint8

// Where a Sleeper is.
const (
	asleep place = iota
	waiting
	tended
	ended
)

// Add has tend called at once, or when its turn comes, and then again and again.
func (s *Scheduler) Add(tend Tend) *Sleeper {
	l := &Sleeper{s: s, tend: tend}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait(l)
	s.begin()
	return l
}

// Poke has it looked after at once, or when its turn comes; once more, if it is being looked after now.
func (l *Sleeper) Poke() {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	switch l.where {
	case asleep:
		s.naps.remove(l)
		s.wait(l)
		s.begin()
		s.set()
	case tended:
		l.poked = true
	case waiting, ended:
	}
}

// End has it looked after no more. It gives what is closed when nobody does any more; nil when nobody does.
func (l *Sleeper) End() <-chan struct{} {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	was := l.where
	l.where = ended
	switch was {
	case asleep:
		s.naps.remove(l)
		s.set()
	case waiting:
		s.ready.remove(l)
	case tended:
		l.cancel()
		l.done = make(chan struct{})
	case ended:
	}
	if l.done == nil {
		return nil
	}
	return l.done
}
