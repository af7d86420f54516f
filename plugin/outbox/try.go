package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/kept"
)

// Any error of the store leaves a letter in the memory of this process, and the store's guard warns of it.

// try tries to send a letter once, and has it wait for its next try where that fails.
func (o *Outbox) try(l *letter) {
	err := o.read(l)
	if errors.Is(err, kept.ErrNone) { // another process has sent it, or it is too old
		o.end(l)
		return
	}
	if err == nil {
		err = o.send(l)
	}
	if err == nil {
		o.end(l)
		return
	}
	log := o.cfg.Logger.With(slog.String("id", l.message.ID), slog.String("event", l.message.Event), slog.Any("error", err))
	if l.tries == 0 {
		log.Warn("notification failed and is sent again")
	} else {
		log.Debug("notification failed again", slog.Int("tries", l.tries+1))
	}
	o.failed(l)
}

// read looks whether a letter that was put into the store still lies there, and reads one that another process put there.
func (o *Outbox) read(l *letter) error {
	if !l.kept || l.tries == 0 && l.message.Plain != nil {
		return nil
	}
	m, err := o.cfg.Shelf.Get(context.Background(), l.message.ID)
	if l.message.Plain != nil {
		if errors.Is(err, kept.ErrNone) {
			return err
		}
		return nil
	}
	if err == nil {
		l.message = m
	}
	return err
}

// send calls Send, with a panic as an error.
func (o *Outbox) send(l *letter) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), o.cfg.Timeout)
	defer cancel()
	return o.cfg.Send(ctx, l.message)
}

// failed has a letter wait for its next try. One that the store never took is given up in the end, as those in the store are.
func (o *Outbox) failed(l *letter) {
	if !l.kept {
		o.keep(l)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.message.Time.IsZero() {
		l.message.Time = time.Now()
	}
	if time.Since(l.message.Time) > kept.MaxAge {
		o.cfg.Logger.Error("notification is given up", slog.String("id", l.message.ID), slog.String("event", l.message.Event))
		l.over = true
		delete(o.known, l.message.ID)
		return
	}
	l.tries++
	pause := min(time.Second<<min(l.tries-1, 30), MaxPause)
	l.next = time.Now().Add(pause + rand.N(pause/8+1)) //nolint:gosec // several processes need not come at the same time
	if o.timer == nil && l.kept {
		delete(o.known, l.message.ID) // it waits for the next configuration
		return
	}
	o.enqueue(l)
}

// keep has a letter lie in the store.
func (o *Outbox) keep(l *letter) {
	if o.cfg.Shelf.Failed(context.Background(), l.message, 0) == nil {
		o.mu.Lock()
		l.kept = true
		o.mu.Unlock()
	}
}

// end is for a letter that is sent.
func (o *Outbox) end(l *letter) {
	if l.kept {
		_ = o.cfg.Shelf.Accepted(context.Background(), l.message.ID) // else it is sent once more
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	l.over = true
	if o.known[l.message.ID] == l {
		delete(o.known, l.message.ID)
	}
}
