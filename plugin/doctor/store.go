package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// errProbe is that what was written did not come back.
var errProbe = errors.New("what was written did not come back")

// probePatience bounds each step of CheckStore.
const probePatience = 3 * time.Second

// CheckStore writes a key of its own into a store, reads it back and removes it. where says in words what the store is.
func CheckStore(ctx context.Context, store credential.Store, where string, report Report) {
	key := "wechat_card/doctor-" + rand.Text()
	value := []byte(rand.Text())
	step := func(what string, do func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, probePatience)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- do(ctx) }() // some stores do not heed their context
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%s: no answer within %s", what, probePatience)
		}
	}
	err := step("writing", func(ctx context.Context) error {
		if expiring, ok := store.(credential.Expiring); ok {
			return expiring.StoreFor(ctx, key, value, 10*time.Second)
		}
		return store.Store(ctx, key, value)
	})
	if err == nil {
		err = step("reading", func(ctx context.Context) error {
			got, err := store.Load(ctx, key)
			if err == nil && !bytes.Equal(got, value) {
				err = errProbe
			}
			return err
		})
	}
	if deleting, ok := store.(interface {
		Delete(ctx context.Context, key string) error
	}); ok && err == nil {
		err = step("removing", func(ctx context.Context) error { return deleting.Delete(ctx, key) })
	}
	if err != nil {
		report(Finding{
			Check: checkStore, Verdict: Wrong, Text: fmt.Sprintf("%s: %s", where, err),
			Todo: "run this as the user that Caddy runs as; if it is the store itself, each process fetches its own credentials until it works",
		})
		return
	}
	report(Finding{Check: checkStore, Text: where + " can be written and read"})
}
