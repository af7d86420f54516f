package errands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// Any error of the store leaves an errand in the memory of this process, and the store's guard warns of it.

// try tries an errand once, and puts it into the queue again where that fails.
func (e *Errands) try(it *errand) {
	if it.first {
		e.keep(it)
	}
	err := e.read(it)
	if errors.Is(err, kept.ErrNone) { // another process did it
		e.end(it)
		return
	}
	if err == nil {
		err = e.do(it)
	}
	if err == nil {
		e.end(it)
		return
	}
	log := e.cfg.Logger.With(slog.String("id", it.message.ID), slog.String("event", it.message.Event), slog.Any("error", err))
	if isGivenUp(err) || !it.message.Time.IsZero() && time.Since(it.message.Time) > e.cfg.Life {
		log.Error(e.cfg.What + " is given up")
		e.end(it)
		return
	}
	e.failed(it)
	if it.tries == 1 {
		log.Warn(e.cfg.What + " failed and is tried again")
	} else {
		log.Debug(e.cfg.What+" failed again", slog.Int("tries", it.tries))
	}
}

// do calls Do, with a panic as an error.
func (e *Errands) do(it *errand) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), e.cfg.Timeout)
	defer cancel()
	return e.cfg.Do(ctx, it.message)
}

// read looks whether an errand that lay in the store still does, and reads one that another process began. The error is kept.ErrNone
// when it does not, or does not open.
func (e *Errands) read(it *errand) error {
	e.mu.Lock()
	lies, known := it.kept, it.message.Plain != nil
	e.mu.Unlock()
	if !lies || it.first {
		return nil
	}
	m, err := e.cfg.Shelf.Get(context.Background(), it.message.ID)
	switch {
	case known && !errors.Is(err, kept.ErrNone):
		return nil
	case err != nil:
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	it.message, it.tries = m, m.Tries
	return nil
}

// failed has an errand wait for its next try.
func (e *Errands) failed(it *errand) {
	e.keep(it)
	e.mu.Lock()
	defer e.mu.Unlock()
	if it.message.Time.IsZero() {
		it.message.Time = time.Now()
	}
	it.first = false
	it.tries++
	pause := min(time.Second<<min(it.tries-1, 30), e.cfg.MaxPause)
	it.next = time.Now().Add(pause + rand.N(pause/8+1)) // several processes need not come at the same time
	if e.timer == nil {                                 // stopped: it lies in the store
		delete(e.known, it.message.ID)
		return
	}
	e.enqueue(it)
}

// keep has an errand lie in the store.
func (e *Errands) keep(it *errand) {
	e.mu.Lock()
	done := it.over || it.kept
	m := it.message
	e.mu.Unlock()
	if done || e.cfg.Shelf.Failed(context.Background(), m, 0) != nil {
		return
	}
	e.mu.Lock()
	it.kept = true
	done = it.over
	e.mu.Unlock()
	if done { // meanwhile
		e.drop(it)
	}
}

// end is for an errand that is done or given up.
func (e *Errands) end(it *errand) {
	e.mu.Lock()
	it.over = true
	lies := it.kept
	if e.known[it.message.ID] == it {
		delete(e.known, it.message.ID)
	}
	close(it.done)
	e.mu.Unlock()
	if lies {
		e.drop(it)
	}
}

func (e *Errands) drop(it *errand) {
	_ = e.cfg.Shelf.Accepted(context.Background(), it.message.ID) // else it is done once more
}
