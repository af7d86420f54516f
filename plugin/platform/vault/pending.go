package vault

import (
	"context"
	"maps"
	"path"
	"slices"
)

// pending is what is to be written again.
type pending struct {
	shelf string // the name of the shelf's folder
	entry Entry
	lacks [2]bool // which side
	blind bool    // nobody could tell what there was before, so that the number may be too low
}

// lacking is how many places of v's lack it.
func (p *pending) lacking(v *Vault) (n int) {
	for i, lacks := range p.lacks {
		if lacks && v.sides[i] != nil {
			n++
		}
	}
	return n
}

// note notes which sides lack e; none of them: what was noted before is done. Of those that are unknown it stays as it was.
func (s *Shelf) note(name string, e Entry, lacks, unknown [2]bool, blind bool) {
	key := s.key(name)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if old := s.memory.pending[key]; old != nil {
		for i := range lacks {
			lacks[i] = lacks[i] || unknown[i] && old.lacks[i]
		}
	}
	if lacks == [2]bool{} {
		delete(s.memory.pending, key)
		return
	}
	if old := s.memory.pending[key]; old != nil && old.blind && old.entry == e {
		blind = true
	}
	if lacks != [2]bool{true, true} && s.places() == 2 {
		blind = false // one place has taken it, and whoever reads finds the newer
	}
	s.memory.pending[key] = &pending{s.dir, e, lacks, blind}
}

// Pending tells whether anything is to be written again.
func (v *Vault) Pending() bool {
	v.memory.mu.Lock()
	defer v.memory.mu.Unlock()
	return len(v.memory.pending) > 0
}

// Flush writes again what could not be written. A place that fails once is left alone until the next time.
func (v *Vault) Flush(ctx context.Context) {
	v.memory.mu.Lock()
	keys := slices.Sorted(maps.Keys(v.memory.pending))
	v.memory.mu.Unlock()
	for _, key := range keys {
		if ctx.Err() != nil || !v.flush(ctx, key) {
			return
		}
	}
}

// flush writes one text again, and tells whether any place took it.
func (v *Vault) flush(ctx context.Context, key string) bool {
	defer v.memory.lock(key)()
	v.memory.mu.Lock()
	p := v.memory.pending[key]
	v.memory.mu.Unlock()
	if p == nil {
		return true
	}
	s, name := &Shelf{v, p.shelf, true}, path.Base(key)
	unlock, _ := s.lock(ctx, name)
	defer unlock()
	var sides [2]found
	for i := range sides {
		sides[i] = s.read(ctx, i, name)
	}
	e := p.entry
	for _, f := range sides {
		if f.err != nil || !f.newer(e) && f.Entry != e {
			continue
		}
		switch {
		case f.Entry == e:
			p.blind = false
		case p.blind && !f.Written.After(e.Written):
			e.Serial = f.Serial + 1 // what was written without knowing this is later all the same
		default:
			e = f.Entry // another process has written what is newer
		}
	}
	var lacks [2]bool
	took := false
	for i, f := range sides {
		if s.sides[i] == nil {
			continue
		}
		switch {
		case f.known() && !f.lacks(e):
		case f.known() && s.sides[i].put(ctx, s.dir, name, s.sealers.seal(e, key)) == nil:
			took = true
		default:
			lacks[i] = true
		}
	}
	s.memory.mu.Lock()
	if k, ok := s.memory.known[key]; ok && (e.newer(k.Entry) || k.Entry == p.entry) {
		s.memory.known[key] = known{e, s.now()}
	}
	s.memory.mu.Unlock()
	s.note(name, e, lacks, [2]bool{}, p.blind)
	return took || lacks == [2]bool{}
}
