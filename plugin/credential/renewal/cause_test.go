package renewal

import (
	"context"
	"testing"
	"time"
)

// A flight's calls have the values of the request that it is for, and end with the configuration alone.
func TestCause(t *testing.T) {
	type key struct{}
	request, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "span"))
	config, stop := context.WithCancel(t.Context())
	f := &flight{env: &Env{ctx: config}, want: Want{Cause: request}}
	ctx, cancel := context.WithTimeout(f.ctx(), time.Hour)
	defer cancel()
	leave()
	if ctx.Value(key{}) != "span" || ctx.Err() != nil || context.Cause(ctx) != nil {
		t.Errorf("got %v, %v", ctx.Value(key{}), ctx.Err())
	}
	stop()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("it outlives the configuration")
	}
	if f := (&flight{env: &Env{ctx: config}}); f.ctx() != config {
		t.Error("a flight for nobody has another context")
	}
}
