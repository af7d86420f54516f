package wake

import (
	"context"
	"time"
)

// wait lets l be ready. s.mu is held.
func (s *Scheduler) wait(l *Sleeper) {
	latest := time.Now().Add(Patience)
	if l.by.IsZero() || latest.Before(l.by) {
		l.by = latest
	}
	s.seq++
	l.seq, l.where = s.seq, waiting
	s.ready.add(l)
}

// begin looks after those that are ready, as many as may be: first whatever must be done soonest, so that nothing waits for
// ever however much there is to do. s.mu is held.
func (s *Scheduler) begin() {
	for s.young < AtOnce && len(s.ready) > 0 {
		l := s.ready[0]
		s.ready.remove(l)
		l.where = tended
		ctx, cancel := context.WithCancel(context.Background())
		l.cancel = cancel
		s.young++
		go s.run(ctx, l)
	}
}

// run looks after l once.
func (s *Scheduler) run(ctx context.Context, l *Sleeper) {
	old, over := false, false
	linger := time.AfterFunc(Lingering, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !over {
			old = true
			s.young--
			s.begin()
		}
	})
	nap, within := l.tend(ctx)
	linger.Stop()

	s.mu.Lock()
	defer s.mu.Unlock()
	l.cancel()
	l.cancel = nil
	if over = true; !old {
		s.young--
	}
	now := time.Now()
	if l.by = (time.Time{}); within > 0 {
		l.by = now.Add(within)
	}
	switch {
	case l.where == ended:
		close(l.done)
	case l.poked:
		l.poked = false
		s.wait(l)
	default:
		l.at, l.where = now.Add(nap), asleep
		s.naps.add(l)
		s.set()
	}
	s.begin()
}

// set sets the timer for whoever sleeps for the shortest. s.mu is held.
func (s *Scheduler) set() {
	if len(s.naps) == 0 {
		if s.timer != nil {
			s.timer.Stop()
			s.timer = nil
		}
		return
	}
	next := s.naps[0].at
	switch in := time.Until(next); {
	case s.timer == nil:
		s.timer = time.AfterFunc(in, s.ring)
	case next.Equal(s.rings):
		return
	default:
		s.timer.Reset(in)
	}
	s.rings = next
}

// ring wakes up those whose time has come.
func (s *Scheduler) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for now := time.Now(); len(s.naps) > 0 && !now.Before(s.naps[0].at); {
		l := s.naps[0]
		s.naps.remove(l)
		s.wait(l)
	}
	s.rings = time.Time{}
	s.begin()
	s.set()
}
