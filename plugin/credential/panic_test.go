package credential

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/renewal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// wildStore panics in each of its methods that is named.
type wildStore struct {
	*agingStore
	wild string
}

func (s *wildStore) panics(in string) {
	if s.wild == in {
		panic("access_token-1 in " + in)
	}
}

func (s *wildStore) Lock(ctx context.Context, name string) error {
	s.panics("Lock")
	return s.agingStore.Lock(ctx, name)
}

func (s *wildStore) Unlock(ctx context.Context, name string) error {
	s.panics("Unlock")
	return s.agingStore.Unlock(ctx, name)
}

func (s *wildStore) Store(ctx context.Context, key string, value []byte) error {
	s.panics("Store")
	return s.agingStore.Store(ctx, key, value)
}

func (s *wildStore) Load(ctx context.Context, key string) ([]byte, error) {
	s.panics("Load")
	return s.agingStore.Load(ctx, key)
}

func (s *wildStore) Age(ctx context.Context, key string) (time.Duration, error) {
	s.panics("Age")
	return s.agingStore.Age(ctx, key)
}

// Renewals run on goroutines of their own, where a panic would end the process.
func TestPanicEndsNoProcess(t *testing.T) {
	for name, tc := range map[string]struct {
		wild  string
		spoil func(*renewal.Env)
		fails bool // there is no value
	}{
		"Fetch": {spoil: func(e *renewal.Env) {
			e.Fetch = func(context.Context, Kind, bool) (wechat.Grant, error) { panic("access_token-1") }
		}, fails: true},
		"Fetch, by the runtime": {spoil: func(e *renewal.Env) {
			e.Fetch = func(context.Context, Kind, bool) (wechat.Grant, error) {
				var none []int
				return wechat.Grant{Value: string(rune(none[len(e.Sources)+1]))}, nil
			}
		}, fails: true},
		"Observe":    {spoil: func(e *renewal.Env) { e.Observe = func(Event) { panic("access_token-1") } }},
		"LearnClock": {wild: "Age", spoil: func(e *renewal.Env) { e.LearnClock = func(context.Context) bool { panic("access_token-1") } }},
		"Lock":       {wild: "Lock"},
		"Unlock":     {wild: "Unlock"},
		"Store":      {wild: "Store"},
		"Load":       {wild: "Load"},
		"Age":        {wild: "Age"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				n := newNode(t, newFake(), nodeOptions{
					store: &wildStore{newAgingStore(), tc.wild}, logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				if tc.spoil != nil {
					tc.spoil(n.env)
				}
				n.Start(n.env, AccessToken)
				for range 100 {
					_, err := n.Keeper(AccessToken).Get(t.Context(), n.env)
					if (err != nil) != tc.fails {
						t.Fatalf("Get: %v", err)
					}
					time.Sleep(time.Minute)
				}
				n.Stop(n.env)
				if !strings.Contains(log.String(), "panic") && tc.wild != "Age" && tc.wild != "Unlock" {
					t.Errorf("the log does not tell: %s", &log)
				}
				if strings.Contains(log.String(), "access_token-1") {
					t.Errorf("the log holds what was panicked with: %s", &log)
				}
			})
		})
	}
}
