// Package vault keeps what must not be lost: texts, sealed, under names, in a store and in a copy of it elsewhere, of which the
// newer counts.
//
// Each text has a serial number that grows with each writing, whoever writes. A text is written to both places before its change
// is over; where one of them, or both, did not take it, Flush writes it again, and Standing says so. What one place has lost, or
// has an older text of, is put right whenever it is read. What cannot be opened, because it is damaged or was sealed with a key
// that is gone, counts as ErrForeign unless the other place has better: only Change writes over it.
//
// vault.go has what callers use to read, change.go how a text is changed, pending.go what is written again, sealed.go what lies in
// the stores, room.go the kinds of stores.
package vault

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// ErrForeign says that what lies there cannot be opened.
var ErrForeign = errors.New("what is stored cannot be opened: it is damaged, or was sealed with a key that is not configured any more")

// errNone says that there is no such place.
var errNone = errors.New("no store")

// memoryLife is for how long what this process has seen counts as a third copy. It must be shorter than the life of whatever says
// that something is gone.
const memoryLife = 24 * time.Hour

// Config is what a Vault needs to know.
type Config struct {
	Memory  *Memory          // required
	Store   storeguard.Store // nil: texts lie in this process alone
	Copy    storeguard.Store // nil: there is no copy
	Dir     string           // of the stores' keys, without a slash at its end
	Secrets []string         // the first seals, each opens; at least one
	Logger  *slog.Logger     // nil: silent
	Now     func() time.Time // nil: time.Now
}

// Vault is one configuration's side of what is kept. Any number of goroutines may use it.
type Vault struct {
	memory  *Memory
	sides   [2]*side // the store and the copy; each may be nil
	dir     string
	sealers sealers
	logger  *slog.Logger
	now     func() time.Time
}

// Memory is what a process knows of what is kept. It outlives configurations.
type Memory struct {
	names [64]sync.Mutex // held while a name of theirs is changed

	mu      sync.Mutex
	known   map[string]known
	pending map[string]*pending
	foreign map[string]bool
}

type known struct {
	Entry
	seen time.Time
}

// NewMemory makes a Memory that knows nothing.
func NewMemory() *Memory {
	return &Memory{known: make(map[string]known), pending: make(map[string]*pending), foreign: make(map[string]bool)}
}

// Entry is a text as it was written.
type Entry struct {
	Serial  int64     // grows with each writing
	Written time.Time // by the clock of who wrote it; to the millisecond
	Text    string
}

// newer tells whether e counts more than other.
func (e Entry) newer(other Entry) bool {
	return e.Serial > other.Serial || e.Serial == other.Serial && e.Written.After(other.Written)
}

// New makes a Vault. It calls nobody.
func New(cfg Config) (*Vault, error) {
	v := &Vault{memory: cfg.Memory, dir: cfg.Dir, logger: cfg.Logger, now: cfg.Now}
	if v.logger == nil {
		v.logger = slog.New(slog.DiscardHandler)
	}
	if v.now == nil {
		v.now = time.Now
	}
	var err error
	if v.sealers, err = newSealers(cfg.Secrets); err != nil {
		return nil, err
	}
	if cfg.Store != nil {
		v.sides[0] = newSide(cfg.Store, "the store", v.logger)
	}
	if cfg.Copy != nil {
		v.sides[1] = newSide(cfg.Copy, "the copy", v.logger)
	}
	return v, nil
}

// Shelf is texts of one kind.
type Shelf struct {
	*Vault
	dir      string
	remember bool
}

// Shelf gives a shelf by its name. What it holds is remembered in this process, too, as a third copy, if remember says so.
func (v *Vault) Shelf(name string, remember bool) *Shelf {
	return &Shelf{v, v.dir + "/" + name, remember}
}

func (s *Shelf) key(name string) string { return s.dir + "/" + name }

// Get gives a text as the store has it; as the copy has it, or this process, where the store has none or fails. It fails with
// fs.ErrNotExist where there is none, with ErrForeign, or as the store did.
func (s *Shelf) Get(ctx context.Context, name string) (Entry, error) {
	if s.sides[0] != nil {
		if found := s.read(ctx, 0, name); found.err == nil {
			if k, ok := s.remembered(name); !ok || !k.newer(found.Entry) {
				s.learn(name, found.Entry)
				return found.Entry, nil
			}
		}
	}
	return s.Newest(ctx, name)
}

// Newest gives the newest text that the store, the copy and this process have, and puts right what one of them lacks. It fails as
// Get does.
func (s *Shelf) Newest(ctx context.Context, name string) (Entry, error) {
	best, sides, err := s.newest(ctx, name)
	if err == nil {
		s.repair(ctx, name, best, sides)
	}
	return best, err
}

// found is what a side has.
type found struct {
	Entry
	err    error // fs.ErrNotExist, ErrForeign, or of the side
	sealed int   // with which key
}

// newest is Newest without putting anything right.
func (s *Shelf) newest(ctx context.Context, name string) (best Entry, sides [2]found, err error) {
	var wg sync.WaitGroup
	for i := range sides {
		wg.Go(func() { sides[i] = s.read(ctx, i, name) })
	}
	wg.Wait()
	err = fs.ErrNotExist
	for _, f := range sides {
		switch {
		case f.err == nil:
			if err != nil || f.newer(best) {
				best, err = f.Entry, nil
			}
		case err != nil && !errors.Is(f.err, fs.ErrNotExist) && !errors.Is(f.err, errNone) && !errors.Is(err, ErrForeign):
			err = f.err
		}
	}
	if k, ok := s.remembered(name); ok && (err != nil || k.newer(best)) {
		best, err = k.Entry, nil
	}
	switch {
	case err == nil:
		s.learn(name, best)
	case errors.Is(err, ErrForeign):
		s.noteForeign(name)
	}
	return best, sides, err
}

// read reads what a side has.
func (s *Shelf) read(ctx context.Context, i int, name string) found {
	side := s.sides[i]
	if side == nil {
		return found{err: errNone}
	}
	raw, err := side.get(ctx, s.dir, name)
	if err != nil {
		return found{err: err}
	}
	e, sealed, err := s.sealers.open(raw, s.key(name))
	return found{e, err, sealed}
}

// Names lists the names, sorted: those of the store, of the copy, and of what this process could not write yet. It fails where
// neither place can be listed.
func (s *Shelf) Names(ctx context.Context) ([]string, error) {
	names := make(map[string]bool)
	var failed error
	answered := s.sides == [2]*side{}
	for _, side := range s.sides {
		if side == nil {
			continue
		}
		listed, err := side.names(ctx, s.dir)
		if err != nil {
			failed = err
			continue
		}
		answered = true
		for _, name := range listed {
			names[name] = true
		}
	}
	if !answered {
		return nil, failed
	}
	for _, name := range s.heldHere() {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// Drop removes a text, from everywhere.
func (s *Shelf) Drop(ctx context.Context, name string) error {
	defer s.memory.lock(s.key(name))()
	s.forget(name)
	var failed error
	for _, side := range s.sides {
		if side == nil {
			continue
		}
		if err := side.drop(ctx, s.dir, name); err != nil {
			failed = err
		}
	}
	return failed
}

// Standing tells how much is not where it should be.
type Standing struct {
	Unsaved  int // texts that no place has taken yet
	Uncopied int // texts that one place has taken and the other has not
	Foreign  int // texts that cannot be opened
}

// Standing tells how the Vault stands, as far as this process knows.
func (v *Vault) Standing() (s Standing) {
	m := v.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.pending {
		if p.lacking(v) == v.places() {
			s.Unsaved++
		} else {
			s.Uncopied++
		}
	}
	s.Foreign = len(m.foreign)
	return s
}

// places is how many there are.
func (v *Vault) places() (n int) {
	for _, side := range v.sides {
		if side != nil {
			n++
		}
	}
	return n
}

// Alike compares the names that the store and the copy have, and puts right what one of them lacks: where a store has lost all,
// nobody need ask for each first.
func (s *Shelf) Alike(ctx context.Context) {
	if s.places() < 2 {
		return
	}
	var names [2][]string
	for i, side := range s.sides {
		var err error
		if names[i], err = side.names(ctx, s.dir); err != nil {
			return
		}
		slices.Sort(names[i])
	}
	for i := range names {
		for _, name := range names[i] {
			if _, ok := slices.BinarySearch(names[1-i], name); !ok && ctx.Err() == nil {
				_, _ = s.Newest(ctx, name) // what cannot be read stays where it is
			}
		}
	}
}
