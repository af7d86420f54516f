package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// What calls beyond the optimum may be made for.
const (
	causeRenewal = "renewals that were due"
	causeDown    = "WeChat down, slow or busy"
	causeQuota   = "45009, 45011, 40125"
	causeStore   = "the store ill"
	causeRevoked = "tokens revoked"
	causeKilled  = "processes killed"
	causeAddress = "addresses refused, networks cut"
	causeClock   = "clocks wrong"
	causeReload  = "reloads"
	causeAsked   = "asked for by operators"
	causeOther   = "anything else"
)

var causes = []string{
	causeRenewal, causeDown, causeQuota, causeStore, causeRevoked, causeKilled, causeAddress, causeClock, causeReload, causeAsked,
	causeOther,
}

// calls is what the checker knows of the calls that WeChat saw.
type calls struct {
	made   map[creds]int
	why    map[string]map[credential.Kind]int // by what they were made for
	newest map[creds]string                   // the newest value
	wrong  [2]float64                         // processes with wrong clocks as it became quiet
	atCold map[creds]int
	atWell map[creds]int
	began  map[string]time.Duration // of faults in force
	cost   map[string]float64       // calls for one credential that each cause may take at most, of account 0 and 1
	bound  [2]float64
	looks  [2]float64 // beyond that, for a ticket that each process must ask for again while it lives
	forced [2][]time.Duration
	dead   [2]time.Duration // since when the current token is revoked; 0: it is not
	sticky [2]bool
	start  time.Duration // of the trouble
	quiets time.Duration // when quiet began
}

// creds is one credential of one account.
type creds struct {
	acct int
	kind credential.Kind
}

func (c *checker) newCalls() {
	c.made, c.began, c.cost = map[creds]int{}, map[string]time.Duration{}, map[string]float64{}
	c.why, c.newest = map[string]map[credential.Kind]int{}, map[creds]string{}
	for _, cause := range causes {
		c.why[cause] = map[credential.Kind]int{}
	}
}

// charge lets WeChat see so many calls more for each credential of an account; of all accounts: -1.
func (c *checker) charge(acct int, calls float64, cause string) {
	for a := range c.bound {
		if a == acct || acct < 0 {
			c.bound[a] += calls
		}
	}
	c.cost[cause] += calls
}

// processes is how many processes of an account there are, or of the account that has most.
func (c *checker) processes(acct int) float64 {
	var of [2]float64
	for _, n := range c.nodes {
		if !n.dead {
			of[n.acct]++
		}
	}
	if acct < 0 {
		return max(of[0], of[1])
	}
	return of[acct]
}

// apart tells whether processes may hold values of their own, for they could not share them.
func (c *checker) apart(since time.Duration) bool {
	return c.storeIll() || c.storeAt > 0 && c.storeAt > since-c.cfg.life
}

// faultBegins notes when.
func (c *checker) faultBegins(n *process, fault string) {
	if n != nil {
		c.began[fault+string(rune(n.id))] = c.at
		return
	}
	c.began[fault] = c.at
}

// faultEnds charges what a fault may have cost.
func (c *checker) faultEnds(n *process, fault string) {
	if n != nil {
		own := fault + string(rune(n.id))
		began, is := c.began[own]
		if !is {
			return // it ended with its process
		}
		delete(c.began, own)
		span := c.at - began + time.Minute
		switch fault {
		case incAddress:
			c.charge(n.acct, 3+span.Minutes(), causeAddress) // one attempt a minute of all its credentials together
		case incCut:
			c.charge(n.acct, backoffs(span), causeAddress)
		case incStall:
			c.charge(n.acct, 1, causeKilled)
		}
		return
	}
	since := c.began[fault]
	span := c.at - since + time.Minute // what was under way ends behind it
	processes := c.processes(-1)
	told := processes // who must find out by itself
	if !c.apart(since) {
		told = 1
	}
	switch fault {
	case faultQuota:
		c.charge(-1, told*(1+span.Minutes()/30)+2, causeQuota)
	case faultMinute:
		c.charge(-1, told*(1+span.Minutes())+2, causeQuota)
	case faultSecret:
		c.charge(-1, told*(3+span.Minutes()/5)+2, causeQuota)
	case faultRefused, faultTimeout, faultLost, faultSlow, faultBusy:
		c.charge(-1, processes*backoffs(span), causeDown)
	case incScribble:
		c.charge(-1, processes, causeStore)
	default:
		each := 1 + float64(span)/float64(c.cfg.life-renewalSpan(c.cfg.life))
		if c.cfg.classic {
			each += alone(span + overlap)
		}
		c.charge(-1, processes*each, causeStore)
		if c.cfg.rule == ruleGrid {
			for acct := range c.looks {
				c.looks[acct] += c.processes(acct) * float64(span) / float64(c.cfg.looksAfter())
			}
		}
		for acct := range c.dead {
			if c.dead[acct] > 0 || c.dead[acct] < 0 && -c.dead[acct] > since {
				// No forced refresh without the lock: each process asks again as it backs off.
				c.charge(acct, 2*processes*backoffs(span), causeRevoked)
			}
		}
	}
}

// startCost charges what it may cost that a process begins: nothing, unless its clock is wrong. One that is ahead renews
// a value that it finds in the store too early, each time when a quarter of its rest is over.
func (c *checker) startCost(n *process) {
	if n.skew.Abs() > slack {
		c.charge(n.acct, 6, causeClock)
	}
	if c.phase != "start" && (len(c.inForce) > 0 || c.apart(c.at)) {
		c.charge(n.acct, 6, causeKilled) // it has nothing to start from, or its back-off begins anew
	}
}

// killCost charges what it may cost that a process ends: the call under way, and what its own faults have cost until then.
func (c *checker) killCost(n *process) {
	for _, fault := range []string{incAddress, incCut, incStall} {
		c.faultEnds(n, fault)
	}
	if !c.quiet && c.phase != "end" {
		c.charge(n.acct, 1, causeKilled)
	}
}

// revoked charges what it may cost that a token is revoked: another one, one more by force where WeChat does not know of
// it, and a getticket that was refused for it; of each process where they cannot share.
func (c *checker) revoked(e event) {
	each := 1.
	if c.apart(c.at) {
		each = c.processes(e.acct)
	}
	c.charge(e.acct, 3*each, causeRevoked)
	c.dead[e.acct], c.sticky[e.acct] = max(1, e.at), e.n > 0
	if e.n > 0 {
		c.excuse(e.acct, c.cfg.life) // forced refreshes are few
	} else {
		c.excuse(e.acct, time.Minute)
	}
}

// minted notes that there is another value.
func (c *checker) minted(e event) {
	c.newest[creds{e.acct, e.kind}] = e.text
	if e.kind != credential.AccessToken || c.dead[e.acct] <= 0 {
		return
	}
	if span := c.at - c.dead[e.acct]; c.sticky[e.acct] || len(c.inForce) > 0 {
		c.charge(e.acct, c.processes(e.acct)*backoffs(span), causeRevoked)
	}
	c.dead[e.acct] = -e.at
}

// askCost charges what somebody asked for.
func (c *checker) askCost(n *process, e event) {
	switch e.text {
	case incRefresh:
		c.charge(e.acct, 3, causeAsked)
		n.barred = 0 // he does not wait
	case incForce:
		c.charge(e.acct, 2, causeAsked)
	}
}

// call judges that a process calls WeChat: never as often as it is asked, and not while WeChat refuses its address.
func (c *checker) call(n *process, e event) {
	c.made[creds{e.acct, e.kind}]++
	n.cause[e.kind] = c.because(n, e)
	c.why[n.cause[e.kind]][e.kind]++
	recent := n.calls[e.kind]
	for len(recent) > 0 && e.at-recent[0] > time.Hour {
		recent = recent[1:]
	}
	recent = append(recent, e.at)
	n.calls[e.kind] = recent
	minute := 0
	for _, at := range recent {
		if e.at-at < time.Minute {
			minute++
		}
	}
	if minute > 12 || len(recent) > 150 {
		c.failf("hasty", "process %d: %d calls for %s in a minute, %d in an hour", n.id, minute, e.kind, len(recent))
	}
	// Two credentials may be due at the same time when it begins.
	if apart := e.at - n.barred; n.barred > 0 && apart > callLimit && apart < 55*time.Second && !n.dead && !c.operated(n) {
		c.failf("address", "process %d, which WeChat refuses, calls again after %v", n.id, apart)
	}
	if e.text != "force" {
		return
	}
	f := &c.forced[e.acct]
	today := 0
	for _, at := range *f {
		if day(at) == day(e.at) {
			today++
		}
	}
	if n := len(*f); n > 0 && e.at-(*f)[n-1] < forcedApart && !c.forgets() {
		c.failf("forced", "two forced refreshes within %v", e.at-(*f)[n-1])
	}
	if *f = append(*f, e.at); today >= 15 && !c.forgets() {
		c.failf("forced", "%d forced refreshes in one day", today+1)
	}
}

// operated tells whether somebody waits for a process who does not wait for its address.
func (c *checker) operated(n *process) bool {
	for _, asked := range c.open {
		if asked.node == n.id && (asked.text == incRefresh || asked.text == incForce) {
			return true
		}
	}
	return false
}

// day is the day at +08:00, as WeChat's days are. Time begins at eight.
func day(at time.Duration) int { return int((at + 8*time.Hour) / (24 * time.Hour)) }

// forgets tells whether the store may have forgotten what was counted.
func (c *checker) forgets() bool {
	return slices.ContainsFunc(c.cfg.faults, func(f string) bool { return slices.Contains(storeFaults, f) }) ||
		slices.Contains(c.cfg.incidents, incScribble)
}

// because says what a call is made for, as far as can be told when it begins.
func (c *checker) because(n *process, e event) string {
	newest := c.values[c.newest[creds{e.acct, e.kind}]]
	switch {
	case n.dead:
		return causeKilled
	case c.dead[e.acct] > 0 && e.kind == credential.AccessToken:
		return causeRevoked
	case newest == nil || e.at >= newest.ends-renewalSpan(c.cfg.life)-slack:
		return causeRenewal
	case newest.granted == 0:
		return causeKilled // who asked for it
	case c.apart(e.at):
		return causeStore
	case n.skew.Abs() > slack:
		return causeClock
	}
	if c.operated(n) {
		return causeAsked
	}
	return causeOther
}

// callFailed notes what WeChat said.
func (c *checker) callFailed(n *process, e event) {
	c.why[n.cause[e.kind]][e.kind]--
	switch {
	case n.dead:
		n.cause[e.kind] = causeKilled
	case strings.Contains(e.text, "40001"):
		n.cause[e.kind] = causeRevoked
	case strings.Contains(e.text, "450") || strings.Contains(e.text, "40125"):
		n.cause[e.kind] = causeQuota
	case n.ill > 0:
		n.cause[e.kind] = causeAddress
	default:
		n.cause[e.kind] = causeDown
	}
	c.why[n.cause[e.kind]][e.kind]++
	if strings.Contains(e.text, "40164") {
		if e.at-n.barred > callLimit && (n.barred == 0 || !c.operated(n)) { // an operator's attempt puts off nobody's
			n.barred = e.at
		}
	} else if n.barred > 0 {
		n.barred = 0
	}
}

// countPhase compares the calls with what they may be at the end of each phase.
func (c *checker) countPhase(next string) {
	copied := func() map[creds]int {
		return maps.Clone(c.made)
	}
	switch next {
	case "trouble":
		c.atCold, c.start = copied(), c.at
		c.each(func(k creds) {
			if c.made[k] > 1+c.aheadOf(k) {
				c.failf("calls", "a fleet that starts makes %d calls for %s", c.made[k], k.kind)
			}
		})
	case "quiet":
		c.atWell, c.quiets = copied(), c.at
		c.each(func(k creds) {
			most := c.cfg.optimum(k.kind, c.at-c.start, 0) + c.bound[k.acct]
			if k.kind != credential.AccessToken {
				most += c.looks[k.acct]
			}
			if got := c.made[k] - c.atCold[k]; float64(got) > most {
				c.failf("calls", "%d calls for %s of account %d, at most %.0f", got, k.kind, k.acct, most)
			}
		})
		for _, n := range c.nodes {
			if !n.dead && n.wrong() {
				c.wrong[n.acct]++
			}
		}
		c.cost[causeRenewal] = c.cfg.optimum(credential.AccessToken, c.at-c.start, 0)
	case "end":
		c.each(func(k creds) {
			most := int(c.cfg.optimum(k.kind, c.at-c.quiets, c.early()) + 6*c.wrong[k.acct])
			if got := c.made[k] - c.atWell[k]; got > most {
				c.failf("calls", "%d calls for %s of account %d in %v without a fault, at most %d", got, k.kind, k.acct, c.at-c.quiets, most)
			}
		})
	}
}

// aheadOf is how many processes look at a ticket at once that was stored this moment, for their clocks are ahead and
// WeChat has not told them so.
func (c *checker) aheadOf(k creds) (n int) {
	if k.kind == credential.AccessToken {
		return 0
	}
	for _, p := range c.nodes {
		if p.acct == k.acct && p.skew > c.cfg.looksAfter()-time.Minute {
			n++
		}
	}
	return n
}

// each calls f for all credentials.
func (c *checker) each(f func(creds)) {
	for acct := range c.cfg.accounts {
		for _, kind := range c.cfg.kinds {
			f(creds{acct, kind})
		}
	}
}

// early is how long before their end values may be renewed by processes whose clock is ahead and that WeChat has not told
// so: they take what they find in the store for older than it is.
func (c *checker) early() (early time.Duration) {
	for _, n := range c.nodes {
		if !n.dead && n.wrong() && n.skew > 0 {
			early = max(early, n.skew+renewalSpan(c.cfg.life))
		}
	}
	return early
}
