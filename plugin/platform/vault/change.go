package vault

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// lockWait is how long a change waits for that of another process. Then it is made all the same.
const lockWait = 2 * time.Second

// ErrUnchanged is what a change returns that changes nothing.
var ErrUnchanged = errors.New("nothing to change")

// Change changes a text. change is given what there is, or why there is nothing: fs.ErrNotExist, ErrForeign, or what keeps anybody
// from telling, for neither place can be read. What it gives is written; ErrUnchanged, or another error, leaves everything as it
// is. Where the store's lock cannot be had and another process changes the same text at the same time, the later change counts.
//
// It returns when the text is written to both places, or as many as take it: the rest is Flush's. Its error is that of change, and
// none of the stores'.
func (s *Shelf) Change(ctx context.Context, name string, change func(old Entry, err error) (text string, e error)) (Entry, error) {
	defer s.memory.lock(s.key(name))()
	unlock, _ := s.lock(ctx, name)
	defer unlock()
	old, sides, err := s.newest(ctx, name)
	text, failed := change(old, err)
	if errors.Is(failed, ErrUnchanged) && err == nil {
		s.put(ctx, name, old, sides, false) // where it is lacking
	}
	if failed != nil {
		return old, failed
	}
	blind := err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrForeign)
	e := Entry{Serial: old.Serial + 1, Written: time.UnixMilli(s.now().UnixMilli()), Text: text}
	s.learn(name, e)
	for i := range sides {
		if !errors.Is(sides[i].err, ErrForeign) {
			sides[i] = found{err: fs.ErrNotExist} // whatever is there is older
		}
	}
	s.put(ctx, name, e, sides, blind)
	return e, nil
}

// lock waits until no other process changes a text.
func (s *Shelf) lock(ctx context.Context, name string) (unlock func(), locked bool) {
	if s.sides[0] == nil {
		return func() {}, true
	}
	return Lock(ctx, s.sides[0].share, s.key(name)+".lock", lockWait)
}

// Lock waits for a lock, so long at the most, and tells whether it has it. unlock is to be called in any case.
func (v *Vault) Lock(ctx context.Context, name string, wait time.Duration) (unlock func(), locked bool) {
	if v.sides[0] == nil {
		return func() {}, true
	}
	return Lock(ctx, v.sides[0].share, v.dir+"/"+name+".lock", wait)
}

// Lock is Vault.Lock for any store.
func Lock(ctx context.Context, share *storeguard.Share, key string, wait time.Duration) (unlock func(), locked bool) {
	ctx, cancel := context.WithCancel(ctx)
	patience := time.AfterFunc(wait, cancel)
	err := share.Lock(ctx, key)
	patience.Stop()
	if err != nil {
		cancel()
		return func() {}, false
	}
	return func() {
		defer cancel()
		share.Unlock(context.WithoutCancel(ctx), key)
	}, true
}

// repair puts right what a side lacks of e, or has sealed with an older key.
func (s *Shelf) repair(ctx context.Context, name string, e Entry, sides [2]found) {
	for i, f := range sides {
		if s.sides[i] != nil && f.lacks(e) {
			defer s.memory.lock(s.key(name))()
			// Another one may have written meanwhile: what is read under the lock counts.
			unlock, _ := s.lock(ctx, name)
			defer unlock()
			if e, sides, err := s.newest(ctx, name); err == nil {
				s.put(ctx, name, e, sides, false)
			}
			return
		}
	}
}

// known tells whether the side could be read.
func (f found) known() bool {
	return f.err == nil || errors.Is(f.err, fs.ErrNotExist) || errors.Is(f.err, ErrForeign)
}

// lacks tells whether e is to be written to the side. One that fails lacks nothing that could be written.
func (f found) lacks(e Entry) bool {
	if f.err != nil {
		return f.known()
	}
	return e.newer(f.Entry) || f.sealed > 0
}

// put writes e to the sides that lack it, both at the same time, and notes what could not be written. The name's lock is held.
func (s *Shelf) put(ctx context.Context, name string, e Entry, sides [2]found, blind bool) {
	// Whoever gives up waiting must not make it half done.
	ctx = context.WithoutCancel(ctx)
	var wg sync.WaitGroup
	var lacking, unknown [2]bool
	for i, side := range s.sides {
		if side == nil || !sides[i].lacks(e) {
			unknown[i] = side != nil && !sides[i].known()
			continue
		}
		if errors.Is(sides[i].err, ErrForeign) {
			s.logger.Warn("what cannot be opened is written over", slog.String("key", s.key(name)), slog.String("in", side.name))
		}
		wg.Go(func() {
			lacking[i] = side.put(ctx, s.dir, name, s.sealers.seal(e, s.key(name))) != nil // of errors the guard warns
		})
	}
	wg.Wait()
	s.note(name, e, lacking, unknown, blind)
}
