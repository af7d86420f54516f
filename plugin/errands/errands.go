// Package errands does what must be done at least once. Each errand lies in a store until it is done: it is tried again and again, ever
// less often, and by another process when the one that began it has ended.
//
// errands.go is what others call, try.go one try, queue.go whose turn it is.
package errands

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// Config is what Errands need to know.
type Config struct {
	// Shelf is where they lie. What is its own alone: nothing else may lie there.
	Shelf *kept.Shelf

	// Do does one errand. After an error it is tried again, unless that is of GiveUp. It may be done more than once, and by several
	// processes at the same time.
	Do func(ctx context.Context, m kept.Message) error

	What     string        // is done, for logs: "notification"
	Timeout  time.Duration // of one try; 0: 10 s
	MaxPause time.Duration // between two tries, the first of which is a second; 0: an hour
	Life     time.Duration // for how long one is tried; 0, or more than kept.MaxAge: that long
	Logger   *slog.Logger  // nil: silent
}

// The bounds of what a process does at a time and knows of.
const (
	maxAtOnce = 8
	maxKnown  = 20_000
)

// scanEvery is how often the store is looked at for the errands of processes that have ended; what is younger than orphaned is their
// own business.
const (
	scanEvery = time.Minute
	orphaned  = time.Minute
)

// stopPatience is how long Stop waits.
const stopPatience = 2 * time.Second

// Errands are what one configuration has to do. Any number of goroutines may use them, before Start and after Stop too: what is not done
// at the first try then waits in the store for another configuration, or another process.
type Errands struct {
	cfg Config

	mu      sync.Mutex
	known   map[string]*errand // by id: what is not done yet
	waiting queue              // those whose next try has not begun
	atOnce  int                // tries under way that the queue began
	working int                // goroutines
	idle    chan struct{}      // closed when there are none; nil: nobody waits for that
	timer   *time.Timer        // for the queue; nil: not started, or stopped
	scan    *time.Timer
}

// errand is one thing to do.
type errand struct {
	message kept.Message
	next    time.Time     // when it is tried
	tries   int           // that failed
	first   bool          // it is to be kept before it is tried
	kept    bool          // it lies in the store
	over    bool          // it is done, or given up
	done    chan struct{} // closed when it is over
}

// New makes Errands. It calls nobody and starts nothing.
func New(cfg Config) *Errands {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.MaxPause = cmp.Or(cfg.MaxPause, time.Hour)
	if cfg.Life <= 0 || cfg.Life > kept.MaxAge {
		cfg.Life = kept.MaxAge
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Errands{cfg: cfg, known: make(map[string]*errand)}
}

// Start tries what waits, in the background, also what another configuration or process has left.
func (e *Errands) Start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer != nil {
		return
	}
	e.timer = time.AfterFunc(time.Hour, e.wake)
	e.scan = time.AfterFunc(0, func() { e.look(0) })
	e.settle()
}

// Stop begins no more tries of what waits. It waits for those that are under way, two seconds at the most.
func (e *Errands) Stop() {
	e.mu.Lock()
	if e.timer != nil {
		e.timer.Stop()
		e.scan.Stop()
		e.timer, e.scan = nil, nil
	}
	if e.working == 0 {
		e.mu.Unlock()
		return
	}
	if e.idle == nil {
		e.idle = make(chan struct{})
	}
	idle := e.idle
	e.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(stopPatience):
	}
}

// Begin has an errand done in the background; it does not block. It lies in the store before it is tried. One that is known under the
// same id is not done twice here.
func (e *Errands) Begin(id, event string, body []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known[id] != nil {
		return
	}
	it := newErrand(id, event, body)
	it.first = true
	if e.timer == nil || len(e.known) >= maxKnown { // it waits for the next configuration, or for room
		e.work(func() { e.keep(it) })
		return
	}
	e.add(it)
	e.settle()
}

// Do does an errand now. It returns when that is over, or after patience: then it lies in the store, if that takes it, and goes on.
func (e *Errands) Do(ctx context.Context, id, event string, body []byte, patience time.Duration) {
	e.mu.Lock()
	it := e.known[id]
	if it == nil {
		it = newErrand(id, event, body)
		e.known[id] = it
		e.work(func() { e.try(it) })
	}
	e.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-it.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	e.keep(it)
}

// work does something in a goroutine that Stop waits for. e.mu is held.
func (e *Errands) work(do func()) {
	e.working++
	go func() {
		do()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.working--; e.working == 0 && e.idle != nil {
			close(e.idle)
			e.idle = nil
		}
	}()
}

// Len is how many errands this process knows of that are not done yet.
func (e *Errands) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.known)
}

func newErrand(id, event string, body []byte) *errand {
	return &errand{message: kept.Message{ID: id, Event: event, Plain: body}, done: make(chan struct{})}
}

// GiveUp makes an error after which an errand is not tried again.
func GiveUp(err error) error { return &givenUp{err} }

type givenUp struct{ err error }

func (g *givenUp) Error() string { return g.err.Error() }
func (g *givenUp) Unwrap() error { return g.err }

func isGivenUp(err error) bool {
	_, ok := errors.AsType[*givenUp](err)
	return ok
}
