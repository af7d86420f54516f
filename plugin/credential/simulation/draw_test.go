package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// config is what a seed stands for, beside what is drawn on the way.
type config struct {
	seed     uint64
	nodes    int // of each account
	accounts int
	kinds    []credential.Kind
	classic  bool          // /cgi-bin/token
	aging    bool          // the store tells ages; clocks may be as wrong as they like
	rule     rule          // of tickets
	life     time.Duration // of what WeChat gives
	wrong    int           // one clock of so many is wrong; 0: none is
	pace     time.Duration // between two who ask one process for one credential, on average

	cold, trouble, recovery, quiet time.Duration
	faults                         []string // that there are
	faultPause                     time.Duration
	faultSpan                      time.Duration
	incidents                      []string
	incidentPause                  time.Duration
	large                          bool // TestFleet's
}

// draw makes the config of a seed. A seed has some of the faults and incidents only: where all happen at once, each hides
// what another would show.
func (s *scheduler) draw(seed uint64) *config {
	c := &config{
		seed: seed, nodes: 2 + s.rng.IntN(3), accounts: 1, kinds: []credential.Kind{credential.AccessToken, credential.APITicket},
		classic: s.chance(3), aging: s.chance(2), rule: ruleFresh,
		life: []time.Duration{20 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}[s.rng.IntN(5)],
	}
	if s.chance(6) {
		c.accounts, c.nodes = 2, 2
	}
	if s.chance(4) {
		c.kinds = credential.Kinds
	}
	if s.chance(2) {
		c.wrong = 1 + s.rng.IntN(4)
	}
	switch s.rng.IntN(4) {
	case 0:
		c.rule = ruleHonest
	case 1:
		c.rule = ruleGrid
	}
	c.cold = time.Minute
	c.trouble = c.life + s.span(20*time.Minute, c.life+40*time.Minute)
	c.recovery = c.life + 40*time.Minute
	c.quiet = c.life * 3 / 2
	// Some 100 to 500 questions a seed.
	all := c.cold + c.trouble + c.recovery + c.quiet
	c.pace = all * time.Duration(c.nodes*c.accounts*len(c.kinds)) / time.Duration(100+s.rng.IntN(400))
	if !s.chance(8) { // else nothing ever happens
		c.faults = s.some(allFaults)
		c.incidents = s.some(allIncidents)
	}
	if s.chance(3) { // some that belong together, on a bad day
		theme := themes[s.rng.IntN(len(themes))]
		c.faults, c.incidents, c.aging = theme.faults, theme.incidents, true
		c.wrong = 1 + s.rng.IntN(2)
		if theme.alone {
			c.nodes, c.wrong = 1, 1
		}
	}
	c.faultPause = s.span(time.Minute, time.Hour)
	c.faultSpan = s.span(30*time.Second, 15*time.Minute)
	c.incidentPause = s.span(c.trouble/60, c.trouble/4)
	return c
}

// themes are faults that do more harm together than alone.
var themes = []struct {
	faults, incidents []string
	alone             bool // one process, which has nobody to learn from
}{
	{[]string{faultAge, faultBusy, faultLost, faultRefused}, []string{incKill, incReload}, false},
	{[]string{faultAge, faultQuota, faultMinute}, []string{incKill, incRevoke}, false},
	{[]string{faultQuota}, []string{incKill}, true},
	{[]string{faultLate, faultStoreHangs, faultStale}, []string{incRevoke, incRefresh}, false},
	{[]string{faultStoreHangs, faultBusy}, []string{incRefresh, incKill}, false},
	{nil, []string{incSticky, incSticky, incForce, incRevoke}, false},
	{nil, []string{incAddress, incRevoke}, false},
	{[]string{faultBusy}, []string{incAddress, incSticky}, false},
}

// some draws some of what there is, from nothing to half of it.
func (s *scheduler) some(all []string) []string {
	n := s.rng.IntN(len(all)/2 + 1)
	picked := slices.Clone(all)
	s.rng.Shuffle(len(picked), func(i, j int) { picked[i], picked[j] = picked[j], picked[i] })
	return picked[:n]
}

// String says in a line what the seed stands for.
func (c *config) String() string {
	return fmt.Sprintf("%d processes of %d account(s), %d credentials for %v each, tickets %s, classic %v, a store that tells ages %v, one wrong clock of %d (0: none); faults: %s; incidents: %s",
		c.nodes*c.accounts, c.accounts, len(c.kinds), c.life, c.rule, c.classic, c.aging, c.wrong,
		strings.Join(c.faults, ", "), strings.Join(c.incidents, ", "))
}
