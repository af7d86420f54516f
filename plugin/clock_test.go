package plugin

import (
	"context"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// agingStore is a memoryStore that tells how long ago a key was stored: all are fresh.
type agingStore struct{ *accounttest.Memory }

func (s agingStore) Age(ctx context.Context, key string) (time.Duration, error) {
	_, err := s.Load(ctx, key)
	return 0, err
}

// A process that starts with a value of a store that tells no age asks for the time once, and makes no call.
func TestClockIsLearntBeforeAnAgelessValueIsUsed(t *testing.T) {
	memory := accounttest.NewMemory()
	for name, tc := range map[string]struct {
		store credential.Store
		asked int
	}{
		"ageless": {memory, 1},
		"aging":   {agingStore{memory}, 0},
	} {
		first := newWorld(t, func(c *AccountConfig) { c.Store = tc.store })
		ticket, err := first.Credential(t.Context(), credential.APITicket)
		if err != nil {
			t.Fatal(err)
		}
		first.Stop()
		before := first.Sandbox.Calls()

		cfg := first.cfg
		slow := func() time.Time { return first.Now().Add(-10 * time.Minute) }
		cfg.Client, cfg.Now = wechat.New(wechat.Config{BaseURLs: []string{first.URL}, Now: slow}), slow
		defer cfg.Client.Close()
		second, err := NewAccount(cfg, NewState(cfg))
		if err != nil {
			t.Fatal(err)
		}
		defer second.Stop()
		for range 3 {
			if got, err := second.Credential(t.Context(), credential.APITicket); err != nil || got != ticket {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
			if _, err := second.Credential(t.Context(), credential.AccessToken); err != nil {
				t.Error(err)
			}
		}
		after := first.Sandbox.Calls()
		if got := after["/"] - before["/"]; got != tc.asked {
			t.Errorf("%s: asked %d times for the time, want %d", name, got, tc.asked)
		}
		for path, n := range after {
			if path != "/" && n != before[path] {
				t.Errorf("%s: %d calls of %s", name, n-before[path], path)
			}
		}
		if !second.clock.Known() {
			continue // this machine is slow
		}
		cards := []card.Ext{{CardID: testCard}}
		if _, err := second.AddCard(t.Context(), nil, cards, true); err != nil {
			t.Fatal(err)
		}
		if off := first.Now().Sub(time.Unix(cards[0].Timestamp, 0)); off.Abs() > 5*time.Second {
			t.Errorf("%s: signs for %v ago", name, off)
		}
	}
}
