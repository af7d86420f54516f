// Package turns decides whose call for a credential is made next, of all the accounts of a process. So many are made at the same
// time and no more; those that somebody waits for come first; the others are spread, so many a second.
//
// A Turn is taken before a store's lock is asked for: who waits for a turn must not make others wait for the lock. So that no
// store, and no other process that has the lock, keeps the turns from those who could use them, a turn that is not used for a
// second is taken away; the call that comes then takes it again, before others. Nothing is waited for while a call has a turn,
// but WeChat: a call that turns out to need another credential leaves its turn until that is there (see Within). So there is
// always a turn again after a while.
//
// turns.go has the order, turn.go what becomes of one turn.
package turns

import (
	"slices"
	"sync"
	"time"
)

const (
	// AtOnce is how many calls for credentials are under way in a process.
	AtOnce = 32

	// Unasked is how many of them may be such as nobody waits for: who comes and waits finds a turn that is free.
	Unasked = 24

	// Apart is the time between two calls that nobody waits for, aside from Sudden. Within a second
	// that makes 46 at most: they must not be more than 50 where they arrive, and what delays one on the way brings it closer to
	// the next.
	Apart = 25 * time.Millisecond
	// Sudden is how many such calls may begin at the same moment after a pause: all that one or two accounts need.
	Sudden = 6

	// Unused is for how long a turn is kept that is not used.
	Unused = time.Second
)

// Queue is where the calls of a process wait for their turns. Its zero value is ready for use, by any number of goroutines.
type Queue struct {
	mu      sync.Mutex
	held    int // turns that are held
	unasked int // of them, by those whom nobody waits for

	asked  []*Turn // who waits for a turn, and somebody for them
	others []*Turn // who waits for a turn besides
	paced  []*Turn // who has a turn that nobody waits for, and waits to use it

	full  time.Time   // until when the calls that began last, and nobody waited for, take if they are Apart
	timer *time.Timer // nil: not set
}

// New makes the turn of one call, or of several that are made one after the other. waited tells whether somebody waits for what
// they bring; it is asked under the Queue's lock. From when that is so on, Hurry must be called.
func (q *Queue) New(waited func() bool) *Turn { return &Turn{q: q, waited: waited} }

// give gives turns to those who are next. q.mu is held.
func (q *Queue) give() {
	for q.held < AtOnce && len(q.asked) > 0 {
		t := q.asked[0]
		q.asked = q.asked[1:]
		t.hold()
	}
	for q.held < AtOnce && q.unasked < Unasked && len(q.others) > 0 {
		t := q.others[0]
		q.others = q.others[1:]
		t.hold()
	}
}

// pace lets those begin that nobody waits for, as many as may be, and sets the timer for the next. q.mu is held.
func (q *Queue) pace() {
	if len(q.paced) == 0 {
		if q.timer != nil {
			q.timer.Stop()
			q.timer = nil
		}
		return
	}
	now := time.Now()
	if q.full.Before(now) {
		q.full = now
	}
	for len(q.paced) > 0 {
		if wait := q.full.Sub(now) - (Sudden-1)*Apart; wait > 0 {
			if q.timer == nil {
				q.timer = time.AfterFunc(wait, q.tick)
			}
			return
		}
		t := q.paced[0]
		q.paced = q.paced[1:]
		q.full = q.full.Add(Apart)
		t.begin()
	}
}

func (q *Queue) tick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.timer = nil
	q.pace()
}

// without gives a list without t.
func without(list []*Turn, t *Turn) []*Turn {
	return slices.DeleteFunc(list, func(other *Turn) bool { return other == t })
}
