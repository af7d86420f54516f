// Package dedupe does what arrives again and again once: work that succeeded is not repeated for a day, and work that goes
// on is joined.
//
// A Memory is what a process knows; it outlives configurations. A Group is one configuration's side of it, with the store:
// on a store that can be claimed (Redis) the whole fleet does a thing once. On any other that can list its keys, each
// process writes down what it has done, for itself after a restart.
package dedupe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Life is how long a name is remembered: a day, an hour more for what arrives late, and one to be sure.
const Life = 26 * time.Hour

// Name names a thing: the first half of a SHA-256.
type Name [16]byte

// ErrElsewhere says that another process has been at it for longer than a caller can wait.
var ErrElsewhere = errors.New("another process is still at work on the same")

// Config is what a Group needs to know.
type Config struct {
	Memory *Memory          // required
	Store  credential.Store // nil, or one that can neither be claimed nor listed: names are lost with the process
	Prefix string           // of the store's keys, without a slash at its end
	Logger *slog.Logger     // nil: silent
	Now    func() time.Time // nil: time.Now
}

// Group does things once. Any number of goroutines may use it, before Start and after Stop too.
type Group struct {
	memory  *Memory
	claims  *claims  // nil: the store cannot be claimed
	journal *journal // nil: the store cannot be listed
	now     func() time.Time
}

// New makes a Group. It calls nobody and starts nothing.
func New(cfg Config) *Group {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Group{memory: cfg.Memory, now: cfg.Now}
	guard := &guard{logger: cfg.Logger}
	switch store := cfg.Store.(type) {
	case Claiming:
		g.claims = &claims{store: store, prefix: cfg.Prefix + "/", guard: guard}
	case Listing:
		g.journal = newJournal(store, cfg, guard)
	}
	return g
}

// Start reads, in the background, what was done before a restart. Without it the first Do does.
func (g *Group) Start() {
	if g.journal != nil {
		g.journal.load()
	}
}

// Stop writes down what is not written yet. It returns within two seconds.
func (g *Group) Stop() {
	if g.journal != nil {
		g.journal.stop()
	}
}

// Do does work, unless it was done under this name before; then known is true. While it goes on here, callers of
// the same name join it: they get its value and error, or their own context's error if that ends first. The work itself
// does not end with anybody's context. Work that returns an error, or panics, may be done again.
//
// Beside the work itself, Do takes a second at most when the store is slow, and WaitElsewhere at most when another
// process is at work; then the error is ErrElsewhere.
func (g *Group) Do(ctx context.Context, name Name, work func() (any, error)) (value any, known bool, err error) {
	if g.journal != nil {
		g.journal.await(ctx)
	}
	f, leads := g.memory.join(name)
	if f == nil {
		return nil, true, nil
	}
	if leads {
		g.lead(name, f, work)
		return f.value, f.known, f.err
	}
	select {
	case <-f.done:
		return f.value, f.known, f.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// flight is work that goes on.
type flight struct {
	done  chan struct{} // closed when it has ended
	value any
	known bool
	err   error
}

// lead does the work for all that have joined. Callers of Do see a panic of it as an error.
func (g *Group) lead(name Name, f *flight, work func() (any, error)) {
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("panic: %v", r)
		}
		g.memory.end(name, f, g.now())
	}()
	if g.claims != nil {
		release, known, err := g.claims.take(name)
		if known || err != nil {
			f.known, f.err = known, err
			return
		}
		done := false
		defer func() { release(done) }()
		f.value, f.err = work()
		done = f.err == nil
		return
	}
	if f.value, f.err = work(); f.err == nil && g.journal != nil {
		g.journal.add(name)
	}
}

// batchSize is how many names are forgotten together, and written under one key.
const batchSize = 1 << 14

// MaxNames bounds what a process remembers: some 60 MB. Past it the oldest names are forgotten, before their day is over;
// what they name is done again if it still arrives.
const MaxNames = 1 << 20

// Memory is what a process knows.
type Memory struct {
	mu      sync.Mutex
	flights map[Name]*flight
	done    map[Name]struct{}
	batches []batch // of done, the oldest first
}

// batch is names that were done in the same hour.
type batch struct {
	hour  int64 // since 1970
	names []Name
}

// NewMemory makes a Memory that knows nothing.
func NewMemory() *Memory {
	return &Memory{flights: make(map[Name]*flight), done: make(map[Name]struct{})}
}

// join gives the flight of this name, and whether the caller is to lead it; nil when it was done before.
func (m *Memory) join(name Name) (f *flight, leads bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.done[name]; ok {
		return nil, false
	}
	if f = m.flights[name]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	m.flights[name] = f
	return f, true
}

// end ends a flight; f's other fields are set.
func (m *Memory) end(name Name, f *flight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.flights, name)
	if f.err == nil {
		m.add(name, hourOf(now), now)
	}
	close(f.done)
}

// learn adds what a store knows, names of one hour.
func (m *Memory) learn(hour int64, names []Name, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		m.add(name, hour, now)
	}
}

// add notes that a name is done. m.mu is held.
func (m *Memory) add(name Name, hour int64, now time.Time) {
	if _, ok := m.done[name]; ok {
		return
	}
	m.done[name] = struct{}{}
	i := len(m.batches) - 1
	for i >= 0 && m.batches[i].hour > hour { // when a store tells of hours past
		i--
	}
	if i < 0 || m.batches[i].hour != hour || len(m.batches[i].names) >= batchSize {
		i++
		m.batches = append(m.batches, batch{})
		copy(m.batches[i+1:], m.batches[i:])
		m.batches[i] = batch{hour: hour}
	}
	m.batches[i].names = append(m.batches[i].names, name)
	for len(m.done) > MaxNames || isOver(m.batches[0].hour, now) && len(m.batches) > 1 {
		for _, old := range m.batches[0].names {
			delete(m.done, old)
		}
		m.batches[0].names = nil
		m.batches = m.batches[1:]
	}
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// isOver tells whether names of an hour need not be remembered any more.
func isOver(hour int64, now time.Time) bool { return now.Sub(time.Unix((hour+1)*3600, 0)) > Life }
