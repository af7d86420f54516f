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

var Recorded struct {
	Mu     sync.Mutex
	Events []map[string]any
}

func (recorder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.recorder", New: func() caddy.Module { return new(recorder) }}
}

func (recorder) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

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
