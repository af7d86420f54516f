package credential

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// classicWeChat gives classic tokens: each ends the one before it within five minutes.
type classicWeChat struct {
	mu      sync.Mutex
	calls   int
	current string
	dies    map[string]time.Time
}

func (w *classicWeChat) fetch(context.Context, Kind, bool) (wechat.Grant, error) {
	requested := time.Now()
	time.Sleep(100 * time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if end := time.Now().Add(5 * time.Minute); w.current != "" && w.dies[w.current].After(end) {
		w.dies[w.current] = end
	}
	w.current = fmt.Sprint("t", w.calls)
	w.dies[w.current] = requested.Add(2 * time.Hour)
	return wechat.Grant{Value: w.current, Lifetime: 2 * time.Hour, Requested: requested}, nil
}

func (w *classicWeChat) takes(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dies[token].After(time.Now())
}

// Up to ten processes that nothing but WeChat connects must not use up the day's quota of classic tokens.
func TestClassicTokensWithoutAFleet(t *testing.T) {
	step := 10 * time.Second
	if racetest.Enabled {
		step = time.Minute
	}
	for name, store := range map[string]func() Store{
		"no store":        func() Store { return nil },
		"read-only store": func() Store { s := newStore(); s.readOnly = true; return s },
		"no locks":        func() Store { s := newStore(); s.dead = true; return s },
	} {
		for _, nodes := range []int{1, 2, 10} {
			if racetest.Enabled && nodes == 10 && name != "no store" {
				continue // it takes long, and brings nothing new
			}
			t.Run(fmt.Sprint(name, " ", nodes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &classicWeChat{dies: map[string]time.Time{}}
					shared := store()
					var fleet []*node
					for range nodes {
						n := newNode(t, newFake(), nodeOptions{store: shared, classic: true})
						n.env.Fetch = w.fetch
						n.Start(n.env, AccessToken)
						defer n.Stop(n.env)
						fleet = append(fleet, n)
					}
					end := time.Now().Add(48 * time.Hour)
					var requests sync.WaitGroup
					well, all := make([]int, nodes), 0
					for i, n := range fleet {
						requests.Go(func() {
							for k := n.Keeper(AccessToken); time.Now().Before(end); time.Sleep(step) {
								v, err := k.Get(t.Context(), n.env)
								if err == nil && !w.takes(v.Text) {
									v, err = k.Reject(t.Context(), n.env, v.Text, errInvalid)
								}
								if err == nil && w.takes(v.Text) {
									well[i]++
								}
							}
						})
					}
					time.Sleep(24 * time.Hour)
					count := func() int {
						w.mu.Lock()
						defer w.mu.Unlock()
						return w.calls
					}
					first := count()
					requests.Wait()
					second := count() - first
					for _, n := range well {
						all += n
					}
					share := float64(all) / float64(nodes) / float64(48*time.Hour/step)
					t.Logf("%d and %d calls a day, %.0f %% of the requests well", first, second, 100*share)
					if most := max(first, second); most > 1600 {
						t.Errorf("%d calls in a day", most)
					}
					if want := map[int]float64{1: 0.99, 2: 0.9, 10: 0.5}[nodes]; share < want {
						t.Errorf("only %.0f %% of the requests were well", 100*share)
					}
				})
			})
		}
	}
}
