// Package outbox sends what must be sent at least once. Each letter lies in a store until it is sent: it is tried again and again, ever
// less often, and by another process when the one that put it there has ended.
//
// outbox.go is what others call, try.go one try, queue.go whose turn it is.
package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// Config is what an Outbox needs to know.
type Config struct {
	// Shelf is where letters lie, and nothing else does.
	Shelf *kept.Shelf

	// Send sends one letter; after an error it is tried again. It may be sent more than once, and by several processes.
	Send func(ctx context.Context, m kept.Message) error

	Timeout time.Duration // of one try; 0: 10 s
	Logger  *slog.Logger  // nil: silent
}

// The bounds of an Outbox.
const (
	MaxPause = time.Hour // between two tries, the first of which is a second

	maxAtOnce = 8      // tries
	maxKnown  = 20_000 // letters that a process knows of; more lie in the store alone
)

// scanEvery is how often the store is looked at for the letters of processes that have ended; what is younger than orphaned is their
// own business.
const (
	scanEvery = time.Minute
	orphaned  = time.Minute
)

// stopPatience is how long Stop waits.
const stopPatience = 2 * time.Second

// Outbox is what one configuration has to send. Any number of goroutines may use it, before Start and after Stop too: what is put
// there then waits for another configuration, or another process.
type Outbox struct {
	cfg Config

	mu      sync.Mutex
	known   map[string]*letter // by id: what is not sent yet
	waiting queue              // those whose next try has not begun
	working int                // tries under way
	idle    chan struct{}      // closed when there are none; nil: nobody waits for that
	timer   *time.Timer        // for the queue; nil: not started, or stopped
	scan    *time.Timer
}

// letter is one thing to send.
type letter struct {
	message kept.Message
	next    time.Time // when it is tried
	tries   int       // that failed
	kept    bool      // it lies in the store
	over    bool      // it is sent, or given up
}

// New makes an Outbox. It calls nobody and starts nothing.
func New(cfg Config) *Outbox {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Outbox{cfg: cfg, known: make(map[string]*letter)}
}

// Start sends what waits, in the background, also what another configuration or process has left.
func (o *Outbox) Start() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		return
	}
	o.timer = time.AfterFunc(MaxPause, o.wake)
	o.scan = time.AfterFunc(0, func() { o.look(0) })
	o.settle()
}

// Stop begins no more tries. It waits for those that are under way, two seconds at the most.
func (o *Outbox) Stop() {
	o.mu.Lock()
	if o.timer != nil {
		o.timer.Stop()
		o.scan.Stop()
		o.timer, o.scan = nil, nil
	}
	if o.working == 0 {
		o.mu.Unlock()
		return
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(stopPatience):
	}
}

// Put has a letter sent in the background. It returns when that lies in the store, or after a second or so when the store does not take
// it: then it is lost with the process. What is put under an id that is not sent yet is put once. id is 32 hex digits.
func (o *Outbox) Put(id, event string, body []byte) {
	o.mu.Lock()
	if o.known[id] != nil {
		o.mu.Unlock()
		return
	}
	l := &letter{message: kept.Message{ID: id, Event: event, Plain: body}, next: time.Now()}
	o.known[id] = l
	o.mu.Unlock()
	o.keep(l)
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.kept && (o.timer == nil || len(o.known) > maxKnown) {
		delete(o.known, id)
		return
	}
	o.enqueue(l)
}

// Len is how many letters this process knows of that are not sent yet.
func (o *Outbox) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.known)
}
