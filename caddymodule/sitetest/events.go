package sitetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// recorder is an event handler that remembers what it is told.
type recorder struct{}

// Recorded is what event handlers named recorder were told, in every configuration of the process.
var Recorded struct {
	Mu     sync.Mutex
	Events []map[string]any
}

// CaddyModule returns the Caddy module information.
func (recorder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.recorder", New: func() caddy.Module { return new(recorder) }}
}

// UnmarshalCaddyfile takes nothing.
func (recorder) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

// Handle implements caddyevents.Handler.
func (recorder) Handle(_ context.Context, e caddy.Event) error {
	Recorded.Mu.Lock()
	defer Recorded.Mu.Unlock()
	Recorded.Events = append(Recorded.Events, map[string]any{"name": e.Name(), "data": e.Data})
	return nil
}

// WantEvent waits for an event whose text holds all of want.
func WantEvent(t *testing.T, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		Recorded.Mu.Lock()
		all := fmt.Sprint(Recorded.Events)
		for _, e := range Recorded.Events {
			text, found := fmt.Sprint(e), true
			for _, part := range want {
				found = found && strings.Contains(text, part)
			}
			if found {
				Recorded.Mu.Unlock()
				return
			}
		}
		Recorded.Mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no event with %q among %s", want, all)
		}
	}
}
