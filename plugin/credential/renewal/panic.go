package renewal

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Flights run where nobody else would recover: a panic in what a configuration gave to them would end the process.

// contain is to be deferred. It ends a panic, logs where it came from, and makes an error of it unless err is nil.
func (e *Env) contain(what string, err *error) {
	p := recover()
	if p == nil {
		return
	}
	// What was panicked with may hold a secret; the runtime's own texts do not.
	text := fmt.Sprintf("panic with a value of type %T", p)
	if p, ok := p.(runtime.Error); ok {
		text = "panic: " + p.Error()
	}
	e.Logger.Error("panic in the keeping of credentials", slog.String("during", what), slog.String("panic", text),
		slog.String("stack", string(debug.Stack())))
	if err != nil {
		*err = fmt.Errorf("%s: %s", what, text)
	}
}

// fetch is Fetch.
func (e *Env) fetch(ctx context.Context, kind value.Kind, force bool) (g wechat.Grant, err error) {
	defer e.contain("fetching a credential", &err)
	return e.Fetch(ctx, kind, force)
}

// observe is Observe.
func (e *Env) observe(event Event) {
	defer e.contain("telling of a credential", nil)
	e.Observe(event)
}

// learnClock is LearnClock.
func (e *Env) learnClock(ctx context.Context) (known bool) {
	defer e.contain("asking for the time", nil)
	return e.LearnClock(ctx)
}
