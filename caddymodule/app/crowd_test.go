package app_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
)

// TestCrowd: many ask for accounts that change, come and go, while others are swept away, and each gets what it asked for or hears that
// there is none.
func TestCrowd(t *testing.T) {
	sitetest.CheckPool(t)
	const accounts = 8
	f := newFolder(t)
	id := func(n int) string { return fmt.Sprintf("wx00000000000000d%d", n) }
	for n := range accounts {
		f.put(id(n), "")
	}
	s := f.site(dataSite)
	done := make(chan struct{})
	var crowd, others sync.WaitGroup
	others.Go(func() { // one hand writes, as an operator's would
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			switch n := i % accounts; i % 3 {
			case 0:
				f.put(id(n), fmt.Sprintf(`,"limit":{"decrypt":%d}`, i+1))
			case 1:
				f.remove(id(n))
			default:
				f.put(id((i-1)%accounts), "")
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(30 * time.Millisecond):
				s.App.SweepData(t.Context(), 24*time.Hour)
				_ = s.App.DataInUse()
			}
		}
	})
	found := make([]int, 16)
	for i := range found {
		crowd.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i))) //nolint:gosec // what is random here is no secret
			for end := time.Now().Add(800 * time.Millisecond); time.Now().Before(end); {
				name := id(random.IntN(accounts))
				account, entry, err := s.App.Find(t.Context(), name, "")
				switch {
				case errors.Is(err, directory.ErrUnknown):
					continue
				case err != nil || account.AppID() != name || entry.AppID != name:
					t.Errorf("%s: got %v, %+v, %v", name, account, entry.AppID, err)
					return
				}
				if text, err := account.Credential(t.Context(), credential.AccessToken); err != nil || text == "" {
					t.Errorf("%s: got %q, %v", name, text, err)
					return
				}
				found[i]++
			}
		})
	}
	crowd.Wait()
	close(done)
	others.Wait()
	for i, n := range found {
		if n == 0 {
			t.Errorf("the %d. found nothing", i)
		}
	}
}
