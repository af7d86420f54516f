package credential

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// TestFleet lets 100 processes share one store for 30 days, with restarts, reloads and faults drawn from a seed, and
// counts the calls that WeChat sees. With the race detector and with -short it is smaller. KEEPER_SEED repeats the
// faults; KEEPER_NODES and KEEPER_DAYS choose another size: KEEPER_NODES=500 is that of docs/scaling.md, and takes a minute.
func TestFleet(t *testing.T) {
	nodes, days := uint64(100), uint64(30)
	if testing.Short() || raceEnabled {
		nodes, days = 40, 10
	}
	nodes, days = envNumber(t, "KEEPER_NODES", nodes), envNumber(t, "KEEPER_DAYS", days)
	seed := simSeed(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSimulation(t, seed)
		s.classic, s.aging = false, true
		s.fleet = &fleet{
			simulation: s, seed: seed, size: int(nodes), length: time.Duration(days) * 24 * time.Hour,
			ends: map[Kind]time.Time{}, calls: map[string]map[Kind]int{}, cost: map[string]float64{}, events: map[string]int{},
		}
		s.fleet.run()
	})
}

// fleetPace is between two requests to the fleet. Requests matter little: the loops keep all credentials warm.
const fleetPace = time.Minute

// What calls are made for.
const (
	causeRenewal    = "renewals due"
	causeDown       = "WeChat down"
	causeQuota      = "45009"
	causeStore      = "store down or slow"
	causeRevocation = "tokens revoked"
	causeKilled     = "lock holders killed"
	causeClock      = "clocks wrong"
	causeOther      = "anything else"
)

// fleet is the large simulation: what it counts.
type fleet struct {
	*simulation
	seed   uint64
	size   int
	length time.Duration

	ends      map[Kind]time.Time // of the newest value of each kind
	revokedAt time.Time          // when that last happened
	revoked   bool               // the current token was, and has no successor yet
	doomed    bool               // whoever calls WeChat next is killed
	storeIll  time.Time          // until then processes may go their own ways after a fault of the store
	downTail  time.Time          // until then processes may still suffer from a WeChat that was down: they waited too long for the lock
	lastKill  time.Time

	calls  map[string]map[Kind]int // by cause
	cost   map[string]float64      // calls that each cause may take at most
	events map[string]int
}

func (f *fleet) run() {
	start := time.Now()
	for range f.size {
		f.join()
	}
	time.Sleep(time.Minute)
	end := start.Add(f.length)
	f.requests.Go(func() { f.traffic(end) })
	f.requests.Go(func() { f.spells(end, causeDown, "refused", "timeout", "busy", "45009") })
	f.requests.Go(func() { f.spells(end, causeStore, "store fails", "store is slow", "store hangs", "store is read-only") })
	f.requests.Go(func() { f.incidents(end) })
	f.requests.Wait()
	for _, n := range f.nodes {
		n.Stop(n.env)
	}
	synctest.Wait()
	f.report(time.Since(start))
}

// traffic sends requests to processes at random.
func (f *fleet) traffic(end time.Time) {
	for ; time.Now().Before(end); time.Sleep(fleetPace) {
		f.mu.Lock()
		n := f.nodes[f.rng.IntN(len(f.nodes))]
		env := n.env
		f.mu.Unlock()
		for _, kind := range f.kinds {
			f.requests.Go(func() { n.request(kind, env) })
		}
	}
}

// schedule draws for one cause alone, so that a seed gives the same faults at the same times, whatever else goes on.
func (f *fleet) schedule(cause string) *rand.Rand {
	return rand.New(rand.NewPCG(f.seed, uint64(len(cause))))
}

// spells puts one fault after the other in force, every third day or so, most for some minutes, some for an hour or two.
func (f *fleet) spells(end time.Time, cause string, faults ...string) {
	rng := f.schedule(cause)
	pause := func() { time.Sleep(time.Hour + time.Duration(rng.Int64N(int64(5*24*time.Hour)))) }
	for pause(); time.Now().Before(end); pause() {
		fault := faults[rng.IntN(len(faults))]
		f.mu.Lock()
		start, ends, before := time.Now(), maps.Clone(f.ends), f.storeIll
		if cause == causeStore {
			f.storeIll = start.Add(f.length)
		}
		f.mu.Unlock()

		span := time.Minute + time.Duration(rng.Int64N(int64(20*time.Minute)))
		if rng.IntN(8) == 0 {
			span += time.Duration(rng.Int64N(int64(2 * time.Hour)))
		}
		f.afflict(fault, span)

		f.mu.Lock()
		f.events[fault]++
		if cause == causeStore {
			f.storeIll = time.Now().Add(simLife)
			if f.revokedAt.After(start) || f.sticky {
				// No forced refresh without the lock: each process asks again, a token and a ticket at most, as it backs off.
				f.cost[causeRevocation] += 2 * float64(f.size) * backoffs(time.Since(start)+time.Minute)
			}
		}
		if cause == causeDown {
			f.downTail = time.Now().Add(2 * time.Minute)
		}
		apart := cause == causeStore || before.After(start) || f.storeIll.After(start)
		for _, kind := range f.kinds {
			f.charge(fault, start, ends[kind], apart)
		}
		f.mu.Unlock()
	}
}

// charge adds to the bound what a fault may cost in calls for one credential whose newest value ended at ends when the
// fault began. f.mu is held.
//
// Nobody asks WeChat for a credential that is not due, so a fault costs nothing before the span in which it is: that is
// the last five minutes of the newest value in the fleet, or any time when the processes hold values of their own
// because they could not share them (apart).
//
// Where WeChat is down each process finds that out by itself and backs off. 45009 is told to all through the store: one
// call for the fleet in 30 minutes, or one for each process that cannot read it. A store that is down makes each process
// renew by itself, once a lifetime.
func (f *fleet) charge(fault string, start, ends time.Time, apart bool) {
	due := ends.Add(-value.MaxRenewalSpan - value.ClockSlack)
	if f.revokedAt.After(start) && f.revokedAt.Before(due) {
		due = f.revokedAt // a renewal was due then
	}
	if apart || due.Before(start) {
		due = start
	}
	exposed := time.Since(due) + time.Minute // what was under way ends behind it
	if exposed < time.Minute {
		return
	}
	processes := float64(f.size)
	switch fault {
	case "45009":
		if !apart {
			processes = 1
		}
		f.cost[causeQuota] += processes*(1+exposed.Minutes()/30) + 2 // from processes that ended before they told the others
	case "refused", "timeout", "busy":
		f.cost[causeDown] += processes * backoffs(exposed)
	default:
		f.cost[causeStore] += processes * (1 + exposed.Hours()/(simLife-value.MaxRenewalSpan).Hours())
	}
}

// backoffs is how often one process can try in a time: back-off waits 1, 2, 4, 8 and 16 s at least, and then 30 s.
func backoffs(span time.Duration) float64 { return 6 + span.Seconds()/30 }

// incidents lets processes be restarted and reloaded, tokens be revoked and lock holders be killed.
func (f *fleet) incidents(end time.Time) {
	rng := f.schedule("incidents")
	pause := func() { time.Sleep(time.Minute + time.Duration(rng.Int64N(int64(4*time.Hour)))) }
	for pause(); time.Now().Before(end); pause() {
		f.mu.Lock()
		n := f.nodes[rng.IntN(len(f.nodes))]
		f.mu.Unlock()
		var what string
		switch draw := rng.IntN(100); {
		case draw < 30:
			what = "reload"
			f.reload(n)
		case draw < 60:
			what = "restart"
			f.restart(n)
		case draw < 62:
			what = "restart of all"
			for _, n := range slices.Clone(f.nodes) {
				f.restart(n)
			}
		case draw < 64:
			what = "reload of all"
			for _, n := range slices.Clone(f.nodes) {
				f.reload(n)
			}
		case draw < 74:
			what = "revocation"
			f.revokeToken(false)
		case draw < 76:
			what = "revocation that stable_token does not know of"
			f.revokeToken(true)
		default:
			what = "lock holder killed"
			f.mu.Lock()
			f.doomed = true
			f.cost[causeKilled]++ // its call; its successor's is the renewal
			f.mu.Unlock()
		}
		f.mu.Lock()
		f.events[what]++
		f.mu.Unlock()
	}
}

// restart kills a process and starts another in its place. That costs nothing, unless it comes up with nothing to start
// from (a call of each kind) or while WeChat is down (its back-off begins anew).
func (f *fleet) restart(n *simNode) {
	f.mu.Lock()
	for _, cause := range f.inForce() {
		f.cost[cause] += float64(6 * len(f.kinds))
	}
	f.mu.Unlock()
	f.kill(n)
}

// inForce gives the causes that faults in force count for. f.mu is held.
func (f *fleet) inForce() []string {
	causes := map[string]bool{}
	for fault := range f.faults {
		switch {
		case strings.HasPrefix(fault, "store"):
			causes[causeStore] = true
		case fault == "45009":
			causes[causeQuota] = true
		default:
			causes[causeDown] = true
		}
	}
	return slices.Collect(maps.Keys(causes))
}

// revokeToken costs a call for a token, one more by force where WeChat does not know of it, and a getticket that was
// refused for it; where the store is down, of each process.
func (f *fleet) revokeToken(sticky bool) {
	f.revoke(sticky)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked, f.revokedAt = true, time.Now()
	processes := 1.
	if time.Now().Before(f.storeIll) {
		processes = float64(f.size)
	}
	f.cost[causeRevocation] += 3 * processes
}

// beforeCall kills the process that is about to call WeChat if its hour has come.
func (f *fleet) beforeCall(n *simNode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.doomed && !n.dead {
		f.doomed, n.dead, f.lastKill = false, true, time.Now()
		f.requests.Go(func() { f.kill(n) })
	}
}

// afterCall counts a call for what caused it.
func (f *fleet) afterCall(n *simNode, kind Kind, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	e, failed := errors.AsType[*wechat.Error](err)
	cause := causeOther
	switch {
	case n.dead:
		cause = causeKilled
	case failed && e.Code == 40001:
		cause = causeRevocation
	case failed && e.Code == 45009 && n.skew.Abs() > value.ClockSlack:
		cause = causeClock
	case failed && e.Code == 45009:
		cause = causeQuota
	case failed:
		cause = causeDown
	case kind == AccessToken && f.revoked:
		cause, f.revoked = causeRevocation, !now.Before(f.tokens[f.token].until)
	case !now.Before(f.ends[kind].Add(-value.MaxRenewalSpan)):
		cause = causeRenewal
	case now.Before(f.storeIll):
		cause = causeStore
	case n.skew > value.ClockSlack:
		cause = causeClock
	case now.Before(f.downTail):
		cause = causeDown
	}
	if f.calls[cause] == nil {
		f.calls[cause] = map[Kind]int{}
	}
	f.calls[cause][kind]++
	switch {
	case err != nil:
	case kind == AccessToken:
		f.ends[kind] = f.tokens[f.token].expires
	default:
		f.ends[kind] = now.Add(simLife)
	}
}

// joined is told of a process that begins. One whose clock is ahead, and that has had no answer from WeChat to tell it so,
// renews a value that it finds in the store too early: a stable token that is not rotated yet a few times in its last
// fifteen minutes, each time when a quarter of its life is over. A failure that binds the fleet is over
// for it too early, and it probes once. f.mu is held.
func (f *fleet) joined(n *simNode) {
	if n.skew.Abs() > value.ClockSlack {
		f.cost[causeClock] += 6
	}
}

// report prints the figures and compares them with the bound: the optimum and what the faults may cost.
func (f *fleet) report(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// One renewal a lifetime. It begins up to five minutes before the end.
	optimum := float64(len(f.kinds)) * (1 + took.Hours()/(simLife-value.MaxRenewalSpan).Hours())
	f.cost[causeRenewal] = optimum

	f.t.Logf("%d processes, %v, %d requests (%d failed)", f.size, took.Round(time.Hour), f.asked, f.failed)
	for _, what := range slices.Sorted(maps.Keys(f.events)) {
		f.t.Logf("  %4d x %s", f.events[what], what)
	}
	f.t.Logf("calls for              token  ticket   bound")
	var seen, bound float64
	for _, cause := range []string{causeRenewal, causeDown, causeQuota, causeStore, causeRevocation, causeKilled, causeClock, causeOther} {
		calls := f.calls[cause]
		seen += float64(calls[AccessToken] + calls[APITicket])
		bound += f.cost[cause]
		f.t.Logf("  %-20s %6d  %6d  %6.0f", cause, calls[AccessToken], calls[APITicket], f.cost[cause])
	}
	alone := float64(f.size) * optimum
	f.t.Logf("WeChat saw %.0f calls; optimum %.0f, with the faults' cost at most %.0f; %d processes that share nothing: %.0f",
		seen, optimum, bound, f.size, alone)
	if seen > bound {
		f.t.Errorf("WeChat saw %.0f calls, more than %.0f", seen, bound)
	}
	for cause, calls := range f.calls {
		if n := float64(calls[AccessToken] + calls[APITicket]); n > f.cost[cause] {
			f.t.Errorf("%.0f calls for %s, more than %.0f", n, cause, f.cost[cause])
		}
	}
}
