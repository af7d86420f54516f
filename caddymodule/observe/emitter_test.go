package observe_test

import (
	"fmt"
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
	waiting := e.Waiting()
	sitetest.Recorded.Mu.Unlock()
	if waiting != observe.MaxQueuedEvents {
		t.Errorf("%d events wait", waiting)
	}
	sitetest.WantEvent(t, "n:0")
	sitetest.WantEvent(t, fmt.Sprintf("n:%d]", observe.MaxQueuedEvents-1))
}
