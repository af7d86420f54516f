// Package shared makes one call for all who ask for the same at the same time.
package shared

import (
	"context"

	"golang.org/x/sync/singleflight"
)

// Do makes one call of fn for all that ask for the same key at the same time. A caller that goes away does not
// end the call for the others.
func Do[T any](ctx context.Context, g *singleflight.Group, key string, fn func(context.Context) (T, error)) (T, error) {
	done := g.DoChan(key, func() (any, error) { return fn(context.WithoutCancel(ctx)) })
	var none T
	select {
	case r := <-done:
		if r.Err != nil {
			return none, r.Err
		}
		v, _ := r.Val.(T)
		return v, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
