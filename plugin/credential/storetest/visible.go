package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// testVisible reads by one handle what another has stored, at once: a store that shows an old value for a while costs calls
// to WeChat.
func testVisible(t *testing.T, a, b credential.Store) {
	ctx := t.Context()
	const key = "wechat_card/visible/api_ticket"
	for i := range 20 {
		writer, reader := a, b
		if i%2 == 1 {
			writer, reader = b, a
		}
		want := fmt.Appendf(nil, "value %d", i)
		if err := writer.Store(ctx, key, want); err != nil {
			t.Fatal(err)
		}
		if got, err := reader.Load(ctx, key); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("right after %q was stored: got %q, error %v", want, got, err)
		}
	}
}

// testWhole reads a key while values of different lengths are written to it: each time it is one of them as a whole.
func testWhole(t *testing.T, a, b credential.Store) {
	ctx := t.Context()
	const key = "wechat_card/whole/api_ticket"
	value := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, 1+(i%7)*300) }
	if err := a.Store(ctx, key, value(0)); err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !over.Load() {
				got, err := b.Load(ctx, key)
				if err != nil || len(got) == 0 || len(bytes.Trim(got, string(got[:1]))) != 0 || (len(got)-1)%300 != 0 {
					t.Errorf("while others write: %d bytes %.20q, error %v", len(got), got, err)
					return
				}
			}
		})
	}
	for n, store := range []credential.Store{a, b} {
		writers.Go(func() {
			for i := range 25 {
				if err := store.Store(ctx, key, value(n+2*i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	over.Store(true)
	readers.Wait()
}
