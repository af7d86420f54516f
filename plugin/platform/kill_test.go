package platform_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// killed runs a scenario again and again, each time killing the process with the next thing that it does to the world, before it or
// behind it, until it lives to the end. prepare is what was before, by a process that lives; check is what must be afterwards, asked
// of a process that starts on what is left.
func killed(t *testing.T, prepare func(t testing.TB, w *world, p *platform.Platform), run func(w *world, p *platform.Platform), check func(t testing.TB, w *world, p *platform.Platform)) {
	for _, plain := range []bool{false, true} {
		for _, behind := range behinds(plain) {
			t.Run(fmt.Sprintf("plain %v behind %v", plain, behind), func(t *testing.T) {
				t.Parallel()
				for at := 1; ; at++ {
					w := newWorld()
					w.plain = plain
					prepare(t, w, w.process(t, nil))
					w.told()
					doom := &fate{behind: behind}
					p := w.doomed(t, doom, nil)
					doom.mu.Lock()
					doom.killAt = at
					doom.mu.Unlock()
					run(w, p)
					p.Stop() // waits for the work
					lived := !doom.isDead()
					w.Forward(10 * time.Second)
					next := w.process(t, nil)
					if lived {
						t.Logf("it does %d things", at-1)
					}
					check(t, w, next)
					if t.Failed() {
						t.Fatalf("killed at %d", at)
					}
					next.Stop()
					if lived {
						return
					}
				}
			})
		}
	}
}

// behinds tells whether it is killed before or behind what it does; in a store that lists nothing, behind it.
func behinds(plain bool) []bool {
	if plain {
		return []bool{true}
	}
	return []bool{false, true}
}

// Whatever a process was at when it was killed in a refresh, with a WeChat whose refresh tokens work once: the account is not lost.
func TestKilledInARefresh(t *testing.T) {
	t.Parallel()
	killed(t, func(t testing.TB, w *world, p *platform.Platform) {
		w.pushTicket(t, p)
		w.authorise(t, p, merchant, 8)
		w.fetch(t, p, merchant)
	}, func(w *world, p *platform.Platform) {
		_, _ = p.Source(merchant).Fetch(t.Context(), credential.AccessToken, "")
	}, func(t testing.TB, w *world, p *platform.Platform) {
		w.fetch(t, p, merchant)
		w.fetch(t, p, merchant)
	})
}

// A ticket of which WeChat was told that it arrived is there; and if not, then the one before it.
func TestKilledInATicket(t *testing.T) {
	t.Parallel()
	var first, second string
	taken := false
	run := func(behind bool) {
		for at := 1; ; at++ {
			w := newWorld()
			first = w.Ticket()
			before := w.process(t, nil)
			if err := before.TakeTicket(t.Context(), first, w.Now()); err != nil {
				t.Fatal(err)
			}
			before.Stop()
			w.Forward(10 * time.Minute)
			second = w.Ticket()
			doom := &fate{killAt: at, behind: behind}
			p := w.doomed(t, doom, nil)
			taken = p.TakeTicket(t.Context(), second, w.Now()) == nil
			lived := !doom.isDead()
			p.Stop()
			if lived && !taken {
				t.Fatal("not taken")
			}
			next := w.process(t, nil)
			records, err := next.Export(t.Context())
			if err != nil || len(records) != 1 {
				t.Fatalf("killed at %d: %d records, %v", at, len(records), err)
			}
			if _, _, err := next.PreAuthCode(t.Context()); err != nil {
				t.Fatalf("killed at %d: %v", at, err)
			}
			next.Stop()
			if lived {
				return
			}
		}
	}
	run(false)
	run(true)
}

// An event that was kept before WeChat was told that it arrived, or whose code was exchanged, becomes an account, and somebody is told
// of it, whenever the process was killed.
func TestKilledInAGrant(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		for _, behind := range behinds(plain) {
			t.Run(fmt.Sprintf("plain %v behind %v", plain, behind), func(t *testing.T) {
				t.Parallel()
				kept := false
				for at := 1; ; at++ {
					w := newWorld()
					w.plain = plain
					w.pushTicket(t, w.process(t, nil))
					code := w.Scan(merchant, 1, 8)[0]
					doom := &fate{killAt: at, behind: behind}
					p := w.doomed(t, doom, nil)
					_ = p.Accept(t.Context(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: code, Created: w.Now()})
					p.Stop() // waits for the work
					lived := !doom.isDead()
					if !w.holds("/events/") && !w.holds("/authorisations/"+merchant) && w.Calls("api_query_auth") == 0 {
						continue // WeChat was not told that it arrived
					}
					kept = kept || w.Calls("api_query_auth") == 0
					w.Forward(10 * time.Second)
					next := w.process(t, nil)
					next.Start()
					eventually(t, fmt.Sprintf("killed at %d: the account is lost, or nobody was told", at), func() bool {
						w.Forward(time.Second)
						_, err := next.Authorisation(t.Context(), merchant)
						w.mu.Lock()
						defer w.mu.Unlock()
						return err == nil && len(w.changes) > 0
					})
					w.fetch(t, next, merchant)
					if t.Failed() {
						t.Fatalf("killed at %d", at)
					}
					next.Stop()
					if lived {
						if !kept {
							t.Error("no event was kept before its code was exchanged")
						}
						t.Logf("it does %d things", at-1)
						return
					}
				}
			})
		}
	}
}

// An end that was kept before WeChat was told that it arrived is one, whenever the process was killed.
func TestKilledInAnEnd(t *testing.T) {
	t.Parallel()
	killed(t, func(t testing.TB, w *world, p *platform.Platform) {
		w.pushTicket(t, p)
		w.authorise(t, p, merchant, 8)
		w.Cancel(merchant)
		w.Forward(time.Second)
	}, func(w *world, p *platform.Platform) {
		_ = p.Accept(t.Context(), platform.Event{Kind: platform.Ended, AppID: merchant, Created: w.Now()})
	}, func(t testing.TB, w *world, p *platform.Platform) {
		if !w.holds("/events/") {
			return // it was not kept, or is done
		}
		p.Start()
		eventually(t, "the end was forgotten, or nobody was told", func() bool {
			w.Forward(time.Second)
			_, err := p.Authorisation(t.Context(), merchant)
			w.mu.Lock()
			defer w.mu.Unlock()
			return errors.Is(err, platform.ErrNotAuthorised) && len(w.changes) > 0
		})
	})
}
