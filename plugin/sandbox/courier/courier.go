// Package courier pushes what WeChat pushes to third-party platforms: tickets every ten minutes, events, messages; sealed, signed, and
// with five seconds for the answer.
//
// WeChat does not say what becomes of an event that is not taken. Here it is what happens with messages: without an answer it is pushed
// three times in all, and any answer is the end of it.
package courier

import (
	"context"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

const (
	maxTries  = 3
	maxAtOnce = 8
	// eager is how often a ticket is pushed until the platform has taken its first: who starts both at once does not wait ten minutes.
	eager = 2 * time.Second
)

// Courier pushes what there is to push in a world.
type Courier struct {
	poster

	world *world.World
}

// New makes a Courier, which does nothing by itself.
func New(w *world.World) *Courier { return &Courier{newPoster(), w} }

// Start begins to push what is due, tickets among it, until stop is called, which waits until nothing is under way.
func (c *Courier) Start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.run(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

func (c *Courier) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, maxAtOnce)
	for ctx.Err() == nil {
		due, next := c.take()
		for _, p := range due {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				c.deliver(ctx, p)
				<-slots
			})
		}
		var timer <-chan time.Time // nothing is due, ever
		if !next.IsZero() {
			timer = time.After(max(0, next.Sub(c.world.Now())))
		}
		select {
		case <-ctx.Done():
		case <-c.world.Outbox.Wake:
		case <-timer:
		}
	}
}

// Deliver pushes what is due, one after the other, and what becomes due by that.
func (c *Courier) Deliver(ctx context.Context) (all []outbox.Delivery) {
	for ctx.Err() == nil {
		due, _ := c.take()
		if len(due) == 0 {
			return all
		}
		for _, p := range due {
			all = append(all, c.deliver(ctx, p))
		}
	}
	return all
}

// take gives what is due, and when something is the next time; zero: nothing is.
func (c *Courier) take() (due []outbox.Push, next time.Time) {
	w := c.world
	w.Lock()
	defer w.Unlock()
	now := w.Now()
	due = w.Outbox.Take(now)
	next = w.Outbox.Next()
	for _, p := range w.Platform.All() {
		if p.EventsURL == "" || p.Stopped {
			continue
		}
		if !p.NextTicket.After(now) {
			p.NextTicket = now.Add(p.TicketEvery)
			if p.Taken.IsZero() {
				p.NextTicket = now.Add(min(eager, p.TicketEvery))
			}
			due = append(due, ticketPush(p, now))
		}
		if next.IsZero() || p.NextTicket.Before(next) {
			next = p.NextTicket
		}
	}
	return due, next
}

func ticketPush(p *platform.Component, now time.Time) outbox.Push {
	return outbox.Push{Component: p.ID, Kind: platform.TicketEvent, Text: platform.TicketText(p.ID, p.NewTicket(now), now), Due: now, Tries: maxTries - 1}
}

// Ticket pushes a new ticket of a platform now.
func (c *Courier) Ticket(ctx context.Context, p *platform.Component) outbox.Delivery {
	c.world.Lock()
	now := c.world.Now()
	push := ticketPush(p, now)
	p.NextTicket = now.Add(p.TicketEvery)
	c.world.Unlock()
	return c.deliver(ctx, push)
}

// deliver makes one push, unless a fault befalls it.
func (c *Courier) deliver(ctx context.Context, p outbox.Push) outbox.Delivery {
	w := c.world
	w.Lock()
	to, _ := w.Platform.Component(p.Component)
	with := to.Sealing()
	w.Unlock()
	d := outbox.Delivery{Component: p.Component, Kind: p.Kind, AppID: p.AppID, At: w.Now()}
	if !p.Touched {
		if lost, touched := c.befall(p); touched {
			if d.Lost = lost; lost {
				c.note(d)
			}
			return d
		}
	}
	answer := c.post(ctx, w, envelope{with, to.EventsURL, p.Kind, "", "", p.Text})
	d.Status, d.Answer, d.Error = answer.Status, answer.beginning(), answer.Error
	d.Taken = answer.Status == 200 && answer.Body == "success"
	w.Lock()
	if d.Taken && p.Kind == platform.TicketEvent {
		if to.Taken.IsZero() {
			to.NextTicket = w.Now().Add(to.TicketEvery)
		}
		to.Taken = w.Now()
	}
	if p.Tries++; d.Status == 0 && p.Tries < maxTries && ctx.Err() == nil {
		w.Outbox.Add(p)
	}
	w.Unlock()
	c.note(d)
	return d
}

func (c *Courier) note(d outbox.Delivery) {
	c.world.Lock()
	defer c.world.Unlock()
	c.world.Outbox.Note(d)
}

// befall is what a fault does to a push: loses it, has it come late, or more than once. touched says that it is not pushed now.
func (c *Courier) befall(p outbox.Push) (lost, touched bool) {
	w := c.world
	f := w.Faults.HitPush(p.Kind)
	if f == nil {
		return false, false
	}
	if f.Spoils() {
		return true, true
	}
	w.Lock()
	defer w.Unlock()
	again := p
	again.Touched, again.Due = true, w.Now().Add(f.Delay)
	for range f.Repeat {
		w.Outbox.Add(again)
	}
	if f.Delay > 0 {
		w.Outbox.Add(again)
		return false, true
	}
	return false, false
}

// Event pushes an event of a platform now. It fails never: what became of it the Delivery says.
func (c *Courier) Event(ctx context.Context, e *platform.Event) outbox.Delivery {
	return c.deliver(ctx, outbox.Push{Component: e.Component.ID, Kind: e.Kind, AppID: e.AppID, Text: e.Text, Due: c.world.Now()})
}
