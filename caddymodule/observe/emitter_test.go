package observe_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

func TestEmitterDoesNotBlock(t *testing.T) {
	_, api := sitetest.NewAPI(t)
	sitetest.Run(t, api, sitetest.AccountOption("x", "wx00000000000000c1"), "")
	ctx := caddy.ActiveContext()
	mod, err := ctx.App("events")
	if err != nil {
		t.Fatal(err)
	}
	e := observe.NewEmitter(ctx, nil, mod.(*caddyevents.App))
	sitetest.Recorded.Mu.Lock() // the handler waits
	for i := range 2 * observe.MaxQueuedEvents {
		e.Emit(observe.EventRenewed, func() map[string]any { return map[string]any{"n": i} })
	}
	sitetest.Recorded.Mu.Unlock()
	sitetest.WantEvent(t, "n:0")
	sitetest.WantEvent(t, fmt.Sprintf("n:%d]", observe.MaxQueuedEvents-1))
	// The handler may have had one in hand while the others waited.
	e.Emit(observe.EventRenewed, func() map[string]any { return map[string]any{"n": "last"} })
	sitetest.WantEvent(t, "n:last")
	sitetest.Recorded.Mu.Lock()
	defer sitetest.Recorded.Mu.Unlock()
	if got := fmt.Sprint(sitetest.Recorded.Events); strings.Contains(got, fmt.Sprintf("n:%d]", observe.MaxQueuedEvents+1)) {
		t.Errorf("more than %d events waited", observe.MaxQueuedEvents)
	}
}
