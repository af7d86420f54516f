// Package shared makes one call for all who ask for the same at the same time.
package shared

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/singleflight"
)

// Do makes one call of fn for all that ask for the same key at the same time. A caller that goes away does not
// end the call for the others. When fn panics, all of them do: there somebody may recover, and on fn's goroutine nobody.
func Do[T any](ctx context.Context, g *singleflight.Group, key string, fn func(context.Context) (T, error)) (T, error) {
	done := g.DoChan(key, func() (v any, err error) {
		defer func() {
			if p := recover(); p != nil {
				v, err = panicked{fmt.Sprintf("%v\n\n%s", p, debug.Stack())}, nil
			}
		}()
		return fn(context.WithoutCancel(ctx))
	})
	var none T
	select {
	case r := <-done:
		if p, ok := r.Val.(panicked); ok {
			panic(p.text)
		}
		if r.Err != nil {
			return none, r.Err
		}
		v, _ := r.Val.(T)
		return v, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// panicked is what a call panicked with, and where.
type panicked struct{ text string }
