package turns

import (
	"context"
	"time"
)

// Turn is one flight's right to ask. One goroutine uses it; Hurry may be called by any.
type Turn struct {
	q      *Queue
	waited func() bool

	// q.mu protects what follows.
	state state
	asked bool          // somebody waits
	had   bool          // it was taken before
	next  chan struct{} // closed when what is waited for has come
	idle  *time.Timer   // takes the turn away that is not used
}

type state uint8

const (
	out     state = iota // it has no turn
	waiting              // for one
	held                 // it has one, and does not use it
	paced                // it has one, and waits until it may use it
	using                // it has one, and calls
)

// Take waits for the turn, or for the end of ctx.
func (t *Turn) Take(ctx context.Context) error {
	q := t.q
	q.mu.Lock()
	if t.state != out {
		q.mu.Unlock()
		return nil
	}
	next := make(chan struct{})
	t.next, t.state = next, waiting
	t.asked = t.asked || t.waited()
	list := &q.others
	if t.asked {
		list = &q.asked
	}
	if t.had { // it may hold a lock
		*list = append([]*Turn{t}, *list...)
	} else {
		*list = append(*list, t)
	}
	q.give()
	q.mu.Unlock()
	return t.wait(ctx, next)
}

// wait waits for next. Where ctx has ended, there is no turn, though it may have come at the same time.
func (t *Turn) wait(ctx context.Context, next <-chan struct{}) error {
	select {
	case <-next:
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		t.Leave()
		return err
	}
	return nil
}

// hold gives t its turn. q.mu is held.
func (t *Turn) hold() {
	t.q.held++
	if !t.asked {
		t.q.unasked++
	}
	t.state, t.had = held, true
	t.idle = time.AfterFunc(Unused, func() {
		t.q.mu.Lock()
		defer t.q.mu.Unlock()
		if t.state == held {
			t.leave()
		}
	})
	close(t.next)
}

// Use calls call, which asks for a credential, when the turn has come for it, and ends the turn. It fails without a call when ctx
// ends before. The context that call gets tells Within whose turn it is.
func (t *Turn) Use(ctx context.Context, call func(context.Context) error) error {
	if err := t.use(ctx); err != nil {
		return err
	}
	defer t.Leave()
	return call(context.WithValue(ctx, turnKey{}, t))
}

// use waits until the turn may be used.
func (t *Turn) use(ctx context.Context) error {
	q := t.q
	for {
		if err := t.Take(ctx); err != nil {
			return err
		}
		q.mu.Lock()
		if t.state == held { // else it was taken away in this very moment
			break
		}
		q.mu.Unlock()
	}
	t.idle.Stop()
	if t.asked {
		t.state = using
		q.mu.Unlock()
		return nil
	}
	next := make(chan struct{})
	t.next, t.state = next, paced
	q.paced = append(q.paced, t)
	q.pace()
	q.mu.Unlock()
	return t.wait(ctx, next)
}

// begin lets t use its turn. q.mu is held.
func (t *Turn) begin() {
	t.state = using
	close(t.next)
}

// Hurry tells that somebody waits from now on.
func (t *Turn) Hurry() {
	q := t.q
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.asked {
		return
	}
	t.asked = true
	switch t.state {
	case waiting:
		q.others = without(q.others, t)
		q.asked = append(q.asked, t)
	case paced:
		q.paced = without(q.paced, t)
		q.unasked--
		t.begin()
	case held, using:
		q.unasked--
	case out:
	}
	q.give()
}

// Leave ends the turn, and the wait for one.
func (t *Turn) Leave() {
	t.q.mu.Lock()
	defer t.q.mu.Unlock()
	t.leave()
}

// leave is Leave. q.mu is held.
func (t *Turn) leave() {
	q := t.q
	was := t.state
	t.state = out
	switch was {
	case out:
		return
	case waiting:
		q.asked, q.others = without(q.asked, t), without(q.others, t)
		return
	case paced:
		q.paced = without(q.paced, t)
	case held, using:
	}
	t.idle.Stop()
	q.held--
	if !t.asked {
		q.unasked--
	}
	q.give()
}

type turnKey struct{}

// With gives a context for what is asked for on behalf of the flight that t is of, not of somebody outside.
func With(ctx context.Context, t *Turn) context.Context { return context.WithValue(ctx, turnKey{}, t) }

// Within gives the turn of the flight on whose behalf something is asked for; nil: it is asked for by somebody outside.
func Within(ctx context.Context) *Turn {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	return t
}

// Aside calls wait, which waits for another credential, without the turn, should t have it now, and takes it again behind it.
// t may be nil.
func (t *Turn) Aside(ctx context.Context, wait func()) {
	if t == nil {
		wait()
		return
	}
	q := t.q
	q.mu.Lock()
	had := t.state == using
	if had {
		t.leave()
	}
	q.mu.Unlock()
	wait()
	if had {
		_ = t.use(ctx) // without it ctx has ended, and with ctx whatever would be called
	}
}
