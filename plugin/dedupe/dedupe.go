// Package dedupe does what arrives again and again once: work that succeeded is not repeated for a day, and work that goes
// on is joined.
//
// A Memory is what a process knows; it outlives configurations. A Group is one configuration's side of it, with the store:
// on a store that can be claimed (Redis) the whole fleet does a thing once. On any other that can list its keys, each
// process writes down what it has done, for itself after a restart.
package dedupe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// Config is what a Group needs to know.
type Config struct {
	Memory *Memory          // required
	Store  storeguard.Store // nil, or one that can neither be claimed nor listed: names are lost with the process
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
	guard := storeguard.New(cfg.Logger, storeguard.Words{
		Fails: "store fails; what WeChat repeats is told apart by this process alone",
		Works: "store works again for what WeChat repeats",
	})
	switch store := cfg.Store.(type) {
	case Claiming:
		g.claims = &claims{store: store, prefix: cfg.Prefix + "/", guard: guard}
	case Listing:
		g.journal = &journal{store: store, dir: cfg.Prefix, memory: cfg.Memory, guard: guard, now: cfg.Now}
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
// Beside the work itself, Do takes a second at most when the store is slow, a quarter more when it hangs, and WaitElsewhere
// at most when another process is at work; then the error is ErrElsewhere.
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
