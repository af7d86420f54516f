package simulation

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

// TestFleet lets many processes share one store for days, with restarts, reloads, killed lock holders, revoked tokens and
// spells in which WeChat or the store fails, all drawn from a seed, and counts the calls that WeChat sees. KEEPER_SEED
// repeats a run to the byte; KEEPER_NODES and KEEPER_DAYS choose another size: KEEPER_NODES=500 KEEPER_DAYS=30 is that of
// docs/scaling.md. KEEPER_HISTORY=<file> writes down what happened.
func TestFleet(t *testing.T) {
	nodes, days := uint64(40), uint64(7)
	if testing.Short() || racetest.Enabled {
		nodes, days = 20, 2
	}
	nodes, days = number(t, "KEEPER_NODES", nodes), number(t, "KEEPER_DAYS", days)
	if nodes < 1 || days < 1 {
		t.Fatal("KEEPER_NODES and KEEPER_DAYS are at least 1")
	}
	o := simulate(t, number(t, "KEEPER_SEED", 1), historyFile(t), func(c *config) { c.makeLarge(int(nodes), int(days)) })
	for _, f := range o.findings {
		t.Errorf("KEEPER_SEED=%d KEEPER_NODES=%d KEEPER_DAYS=%d rule %s", o.cfg.seed, nodes, days, f)
	}
	o.print(t)
}

// makeLarge makes a config that of a large fleet.
func (c *config) makeLarge(nodes, days int) {
	*c = config{
		seed: c.seed, large: true, nodes: nodes, accounts: 1, aging: true, rule: ruleFresh, life: 2 * time.Hour, wrong: 50,
		kinds: []credential.Kind{credential.AccessToken, credential.APITicket},
		pace:  time.Minute, cold: time.Minute, trouble: time.Duration(days) * 24 * time.Hour, recovery: 3 * time.Hour, quiet: 6 * time.Hour,
		faults: []string{
			faultRefused, faultTimeout, faultBusy, faultQuota, faultStoreFails, faultStoreSlow, faultStoreHangs, faultReadOnly,
		},
		faultPause: 60 * time.Hour, faultSpan: 10 * time.Minute, incidentPause: 2 * time.Hour,
	}
	for what, often := range map[string]int{
		incReload: 15, incKill: 15, incAll: 1, incReloads: 1, incRevoke: 5, incSticky: 1, incHolder: 12,
	} {
		c.incidents = append(c.incidents, slices.Repeat([]string{what}, often)...)
	}
	slices.Sort(c.incidents)
}

// print prints the figures.
func (o outcome) print(t *testing.T) {
	c := o.check
	t.Logf("KEEPER_SEED=%d: %d processes, %v, %d questions answered, %d not", o.cfg.seed, o.cfg.nodes, o.took.Round(time.Hour), c.answered, c.failed)
	for _, what := range slices.Sorted(maps.Keys(o.count)) {
		t.Logf("  %4d x %s", o.count[what], what)
	}
	kinds := float64(len(o.cfg.kinds))
	t.Logf("  %-30s %7s %7s %8s", "calls for", "token", "ticket", "at most")
	var seen, bound float64
	for _, cause := range causes {
		token, ticket := c.why[cause][credential.AccessToken], c.why[cause][credential.APITicket]
		seen += float64(token + ticket)
		bound += kinds * c.cost[cause]
		t.Logf("  %-30s %7d %7d %8.0f", cause, token, ticket, kinds*c.cost[cause])
	}
	optimum := kinds * o.cfg.optimum(credential.AccessToken, o.took, 0)
	t.Logf("WeChat saw %.0f calls; optimum %.0f, with what the faults may cost at most %.0f; %d processes that share nothing: %.0f",
		seen, optimum, bound, o.cfg.nodes, optimum*float64(o.cfg.nodes))
	t.Logf("%d events; SHA-256 of the history: %s", o.events, o.sha)
}
