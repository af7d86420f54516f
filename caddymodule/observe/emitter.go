package observe

import (
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// MaxQueuedEvents bounds the events that wait for a slow handler. More are dropped: they are news, not records.
const MaxQueuedEvents = 256

// Emitter hands events to Caddy's events app, in order, and apart from whoever has them to tell: handlers of events may
// take as long as they like. It runs a goroutine only while there is something to hand over.
type Emitter struct {
	ctx    caddy.Context // of the configuration; events outlive no configuration
	origin caddy.Module
	app    *caddyevents.App

	mu      sync.Mutex
	queue   []queuedEvent
	running bool
}

type queuedEvent struct {
	name string
	data map[string]any
}

// NewEmitter makes an Emitter for the configuration of ctx. origin is who events are said to come from.
func NewEmitter(ctx caddy.Context, origin caddy.Module, app *caddyevents.App) *Emitter {
	return &Emitter{ctx: ctx, origin: origin, app: app}
}

// Emit queues an event, if anybody listens. It does not block.
func (e *Emitter) Emit(name string, data func() map[string]any) {
	if e.ctx.Err() != nil || !e.app.ShouldEmit(name) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) >= MaxQueuedEvents {
		return
	}
	e.queue = append(e.queue, queuedEvent{name, data()})
	if !e.running {
		e.running = true
		go e.run()
	}
}

// run ends when nothing is left to hand over.
func (e *Emitter) run() {
	for {
		e.mu.Lock()
		if len(e.queue) == 0 || e.ctx.Err() != nil {
			e.queue, e.running = nil, false
			e.mu.Unlock()
			return
		}
		next := e.queue[0]
		e.queue = e.queue[1:]
		e.mu.Unlock()

		ctx := e.ctx
		if ctx.Module() != e.origin {
			// Contexts share memory, and what was loaded later may stand in our place: better no origin than a wrong one.
			ctx = caddy.Context{Context: e.ctx.Context}
		}
		e.app.Emit(ctx, next.name, next.data)
	}
}
