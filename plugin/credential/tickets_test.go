package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/record"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// rules are those by which WeChat may give tickets.
var rules = []Rule{value.RuleFresh, value.RuleHonest, value.RuleGrid}

// mostCalls are the getticket calls of a day that are allowed under a rule.
func mostCalls(rule Rule, lent bool) int {
	switch {
	case rule == value.RuleGrid:
		return 80
	case lent:
		return 18
	}
	return 14
}

// busiest is how many of the times lie in one day, whenever that begins.
func busiest(times []time.Time) (most int) {
	for i, end := range times {
		n := 0
		for _, at := range times[:i+1] {
			if end.Sub(at) <= 24*time.Hour {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// TestTicketsUnderEveryRule lets processes sign for two and a half days and judges each ticket that they serve.
func TestTicketsUnderEveryRule(t *testing.T) {
	for _, rule := range rules {
		for _, size := range []int{1, 12} {
			for _, lent := range []bool{false, true} {
				for phase := range 3 {
					name := fmt.Sprintf("%s %d processes lent %v %d", rule, size, lent, phase)
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w, store := newFake(), newStore()
							w.rule, w.delay = rule, 200*time.Millisecond
							w.phase = time.Duration(phase)*2*time.Hour/3 + 10*time.Second + rand.N(40*time.Minute)
							if rule == value.RuleHonest { // somebody else has it for a while already
								w.tickets[APITicket] = &fakeTicket{"api_ticket-0", time.Now().Add(w.phase + time.Second)}
							}
							serveTickets(t, w, store, size, lent, 60*time.Hour)
							if got := busiest(w.asked[APITicket]); got > mostCalls(rule, lent) {
								t.Errorf("%d calls within a day", got)
							}
						})
					})
				}
			}
		}
	}
}

// TestTicketsThatHaveSecondsLeft begins with a ticket of which somebody else has used up nearly all.
func TestTicketsThatHaveSecondsLeft(t *testing.T) {
	for left := time.Second; left <= 10*time.Second; left += 500 * time.Millisecond {
		t.Run(left.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				w.rule, w.delay = value.RuleHonest, 200*time.Millisecond
				w.tickets[APITicket] = &fakeTicket{"api_ticket-0", time.Now().Add(left)}
				serveTickets(t, w, newStore(), 1, false, 25*time.Hour)
				// One more than on other days: what has a second left teaches nothing.
				if got := busiest(w.asked[APITicket]); got > mostCalls(w.rule, false)+1 {
					t.Errorf("%d calls within a day", got)
				}
			})
		})
	}
}

// serveTickets has processes serve tickets for a time, and lend them.
func serveTickets(t *testing.T, w *fakeWeChat, store Store, size int, lent bool, span time.Duration) {
	most := value.Superseded(w.lifetime)
	nodes := make([]*node, size)
	for i := range nodes {
		nodes[i] = newNode(t, w, nodeOptions{store: store})
		nodes[i].Start(nodes[i].env, APITicket)
		defer nodes[i].Stop(nodes[i].env)
	}
	nodes[0].get(t, APITicket)
	if got := w.count(APITicket); got != 1 {
		t.Errorf("%d calls at the start", got)
	}
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(rand.N(w.lifetime / 120)) {
		n := nodes[rand.IntN(size)]
		text := n.get(t, APITicket)
		if by := w.superseded(APITicket, text); by > most {
			t.Errorf("%v: %s was changed %v ago", time.Now(), text, by)
		}
		if !lent {
			continue
		}
		text, left := n.lend(t, APITicket)
		if w.rule == value.RuleHonest {
			w.mu.Lock()
			cur := w.tickets[APITicket]
			w.mu.Unlock()
			if cur.text == text && (left > time.Until(cur.ends)+time.Second || left < time.Until(cur.ends)-2*time.Second) {
				t.Errorf("lent for %v, which has %v", left, time.Until(cur.ends))
			}
		} else if left < value.LentFloor(w.lifetime) {
			t.Errorf("lent for %v", left)
		}
	}
}

// TestTicketsThatLiveShorter is the same for tickets of other lives, which sandboxes have.
func TestTicketsThatLiveShorter(t *testing.T) {
	for _, rule := range rules {
		for _, life := range []time.Duration{20 * time.Second, time.Minute, 10 * time.Minute} {
			t.Run(fmt.Sprintf("%s %v", rule, life), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newFake()
					w.rule, w.lifetime, w.phase = rule, life, rand.N(life)
					serveTickets(t, w, newStore(), 3, false, 25*life)
				})
			})
		}
	}
}

func TestLearningIsDoneOnceAFleet(t *testing.T) {
	for rule, most := range map[Rule]int{value.RuleFresh: 2, value.RuleHonest: 1, value.RuleGrid: 2} {
		t.Run(string(rule), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, store := newFake(), newStore()
				w.rule = rule
				a := newNode(t, w, nodeOptions{store: store})
				a.Start(a.env, APITicket)
				time.Sleep(90 * time.Minute)
				if got := w.count(APITicket) - 1; rule != value.RuleGrid && got > most {
					t.Errorf("%d calls to learn it", got)
				}
				a.Stop(a.env)
				b := newNode(t, w, nodeOptions{store: store})
				b.Start(b.env, APITicket)
				defer b.Stop(b.env)
				synctest.Wait()
				if got := b.Keeper(APITicket).state.Learned().Rule; got != rule {
					t.Errorf("after a restart the rule is %q", got)
				}
			})
		})
	}
}

func TestAFailedLookTakesNoTicketAway(t *testing.T) {
	for _, rule := range rules {
		t.Run(string(rule), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFake()
				w.rule = rule
				n := newNode(t, w, nodeOptions{store: newStore()})
				n.Start(n.env, APITicket)
				defer n.Stop(n.env)
				time.Sleep(26 * time.Hour)
				text := n.get(t, APITicket)
				v := n.Keeper(APITicket).state.Current()
				for _, code := range []int{-1, 45009, 40013, 48001} {
					w.setFail(func(Kind, int) error { return wechatError("getticket", code) })
					time.Sleep(v.Remaining(time.Now()) / 8)
					if got := n.get(t, APITicket); got != text {
						t.Errorf("%d: got %s, want %s", code, got, text)
					}
				}
				time.Sleep(v.Remaining(time.Now()) - value.MaxSignMargin - time.Second)
				if got := n.get(t, APITicket); got != text {
					t.Errorf("got %s, want %s", got, text)
				}
				time.Sleep(2 * time.Minute)
				n.fails(t, APITicket)
			})
		})
	}
}

// TestWhatAnOperatorRenewsReachesTheFleet has another process replace a ticket long before its end.
func TestWhatAnOperatorRenewsReachesTheFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		a, b := newNode(t, w, nodeOptions{store: store}), newNode(t, w, nodeOptions{store: store})
		a.Start(a.env, APITicket)
		b.Start(b.env, APITicket)
		defer a.Stop(a.env)
		defer b.Stop(b.env)
		time.Sleep(150 * time.Minute)
		v, err := a.Keeper(APITicket).Refresh(t.Context(), a.env, false)
		if err != nil {
			t.Fatal(err)
		}
		calls := w.count(APITicket)
		time.Sleep(19 * time.Minute)
		if got := b.get(t, APITicket); got != v.Text || w.count(APITicket) != calls {
			t.Errorf("got %s after %d more calls, want %s", got, w.count(APITicket)-calls, v.Text)
		}
	})
}

// TestARuleThatChanges has WeChat give tickets by another rule from one moment on.
func TestARuleThatChanges(t *testing.T) {
	for _, from := range rules {
		for _, to := range rules {
			if from == to || from == value.RuleHonest {
				continue // who is told the true end asks no sooner: there is nothing to see
			}
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newFake()
					w.rule = from
					n := newNode(t, w, nodeOptions{store: newStore()})
					n.Start(n.env, APITicket)
					defer n.Stop(n.env)
					time.Sleep(5 * time.Hour)
					w.mu.Lock()
					w.rule = to
					w.mu.Unlock()
					time.Sleep(9 * time.Hour)
					if got := n.Keeper(APITicket).state.Learned().Rule; got != to {
						t.Errorf("it is taken for %q", got)
					}
				})
			})
		}
	}
}

// TestOlderProcessesReadTheRecord has a process of before the rules were known rewrite the record.
func TestOlderProcessesReadTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newFake(), newStore()
		w.rule = value.RuleGrid
		a := newNode(t, w, nodeOptions{store: store})
		a.Start(a.env, APITicket)
		defer a.Stop(a.env)
		time.Sleep(4 * time.Hour)
		key := a.Keeper(APITicket).renewal.Name
		older := func(raw []byte) []byte {
			var rec map[string]json.RawMessage
			if err := json.Unmarshal(raw, &rec); err != nil || rec["tickets"] == nil {
				t.Fatalf("%v: %s", err, raw)
			}
			delete(rec, "tickets")
			out, err := json.Marshal(rec)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		store.mu.Lock()
		store.data[key] = older(store.data[key])
		rec, err := record.Parse(store.data[key])
		store.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if due := time.UnixMilli(rec.Value.Expires - rec.Value.Renew).Sub(time.UnixMilli(0)); due != value.MaxRenewalSpan {
			t.Errorf("an older process would renew it %v before its end", due)
		}
		b := newNode(t, w, nodeOptions{store: store})
		b.Start(b.env, APITicket)
		defer b.Stop(b.env)
		if got, want := b.get(t, APITicket), a.get(t, APITicket); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		time.Sleep(90 * time.Minute) // WeChat's clock has just struck, so one look may not be enough to tell
		for _, n := range []*node{a, b} {
			if got := n.Keeper(APITicket).state.Learned().Rule; got != value.RuleGrid {
				t.Errorf("the rule is %q", got)
			}
		}
	})
}

// TestNothingShortIsLent: what could be had early is not lent shortly before its end, not even when WeChat gives no other.
func TestNothingShortIsLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFake()
		n := newNode(t, w, nodeOptions{store: newStore(), classic: true})
		defer n.Stop(n.env)
		n.get(t, AccessToken)
		time.Sleep(80 * time.Minute)
		if text, left := n.lend(t, AccessToken); text != "access_token-1" || left != 40*time.Minute {
			t.Errorf("lent %s for %v", text, left)
		}
		time.Sleep(11 * time.Minute)
		w.setFail(func(Kind, int) error { return wechatError("token", -1) })
		_, _, err := n.Keeper(AccessToken).Lend(t.Context(), n.env)
		if _, ok := errors.AsType[*Unavailable](err); !ok {
			t.Errorf("got %v", err)
		}
		if got := n.get(t, AccessToken); got == "" {
			t.Error("what cannot be lent is good for calls still")
		}
		w.setFail(nil)
		time.Sleep(time.Minute)
		if text, left := n.lend(t, AccessToken); text == "access_token-1" || left < 118*time.Minute {
			t.Errorf("lent %s for %v", text, left)
		}
	})
}
