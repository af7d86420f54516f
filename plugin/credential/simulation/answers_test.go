package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// answers is what the checker knows of those who ask.
type answers struct {
	inForce map[string]int   // faults
	fine    [2]time.Duration // from then on no question of an account may fail unless there is a fault
	storeAt time.Duration    // when the store was last ill
	faultAt time.Duration    // when a fault was last in force
	quiet   bool

	census   map[creds]map[string]bool // what was answered in the last one
	censusAt time.Duration
}

// gone is what one is told whose patience has ended. It says nothing, unless that was long: a lock that a killed process has left
// is waited for.
const gone = "gone"

// heard judges that somebody was told something: in time, and no failure without a fault.
func (c *checker) heard(n *process, e event) {
	asked := c.open[e.id]
	delete(c.open, e.id)
	took := e.at - asked.at
	limit := maxWait
	if asked.text == incRefresh || asked.text == incForce {
		limit = value.MaxRenewalSpan + 4*maxWait // it may join a renewal that waits for its lock, and try again
	}
	if took > limit {
		c.failf("waiter", "%s: somebody waited %v", e.kind, took)
	}
	failed := e.what == evError
	if !failed {
		c.answered++
	} else {
		c.failed++
		if e.n > maxRetry {
			c.failf("waiter", "%s: somebody is told to wait %v", e.kind, e.n)
		}
		// Behind a failure the store is looked into once more; but an address is refused for a minute, and then somebody tries.
		if e.n < -4*giveUp || e.n < 0 && strings.Contains(e.text, "40164") {
			c.failf("waiter", "%s: somebody is told to come again %v ago", e.kind, -e.n)
		}
	}
	if n.dead {
		return
	}
	if failed {
		c.inherited(n, asked, e)
	}
	if c.excused(n, asked.at) {
		return
	}
	if failed && asked.text != incRefresh && asked.text != incForce && (e.text != gone || took > coldWait) && !n.refusedTwice(asked.at) {
		c.failf("failed", "process %d: %s failed without a fault: %s", n.id, e.kind, e.text)
	}
	if c.quiet && n.warm[e.kind] && took > c.cfg.mayWait(e.kind, asked.text) && asked.at-n.began > time.Minute {
		c.failf("late", "process %d: %s was not there when it was asked for without a fault; it took %v", n.id, e.kind, took)
	}
	if !failed && strings.HasPrefix(asked.text, "census") {
		of := creds{e.acct, e.kind}
		if c.census[of] == nil {
			c.census[of] = map[string]bool{}
		}
		c.census[of][e.text] = true
	}
}

// inherited judges that no ticket fails for want of a token where the process had served one, that is good still, before somebody
// asked. An address that WeChat refuses is refused for all.
func (c *checker) inherited(n *process, asked, e event) {
	token := n.served[credential.AccessToken]
	if e.kind == credential.AccessToken || token.text == "" || token.at >= asked.at {
		return
	}
	if !strings.Contains(e.text, "stable_token: ") || strings.Contains(e.text, "40164") {
		return
	}
	for _, at := range n.refused {
		if at >= token.at { // that one, or one that came behind it
			return
		}
	}
	if n.wrong() || n.ends(c.values[token.text]) < e.at+slack {
		return
	}
	c.failf("inherited", "process %d: %s failed for want of a token, which it had served: %s", n.id, e.kind, e.text)
}

// excused tells whether questions that were asked at a time may fail.
func (c *checker) excused(n *process, asked time.Duration) bool {
	return n.ill > 0 || len(c.inForce) > 0 || asked < c.fine[n.acct]
}

// refusedTwice tells whether WeChat has refused two tokens since a time: ours, and one out of the store that had died there. A call is
// repeated once.
func (n *process) refusedTwice(since time.Duration) bool {
	count := 0
	for _, at := range n.refused {
		if at >= since {
			count++
		}
	}
	return count >= 2
}

// excusedSince tells whether there was a fault after a time.
func (c *checker) excusedSince(at time.Duration) bool {
	return len(c.inForce) > 0 || c.faultAt > at-time.Minute
}

// excuse lets the questions of an account fail for so long; all accounts': -1.
func (c *checker) excuse(acct int, span time.Duration) {
	for a := range c.fine {
		if a == acct || acct < 0 {
			c.fine[a] = max(c.fine[a], c.at+span)
		}
	}
}

// storeIll tells whether the store is ill, or was a moment ago.
func (c *checker) storeIll() bool {
	for fault := range c.inForce {
		if slices.Contains(storeFaults, fault) || fault == incStall {
			return true
		}
	}
	return c.storeAt > 0 && c.at-c.storeAt < 2*time.Minute
}

// fault notes that a fault begins or ends. After its end questions may fail a little longer.
func (c *checker) fault(n *process, e event) {
	c.faultAt = e.at
	acct := -1
	if n != nil {
		acct = n.acct
	}
	if e.what == evFault {
		if n != nil {
			n.ill++
		} else {
			if c.inForce == nil {
				c.inForce = map[string]int{}
			}
			c.inForce[e.text]++
		}
		c.faultBegins(n, e.text)
		return
	}
	if n != nil {
		n.ill--
		n.wellAt = e.at
	} else if c.inForce[e.text]--; c.inForce[e.text] == 0 {
		delete(c.inForce, e.text)
	}
	switch e.text {
	case faultQuota:
		c.excuse(acct, 31*time.Minute)
	case faultSecret, incAddress:
		c.excuse(acct, 6*time.Minute)
	default:
		c.excuse(acct, 2*time.Minute)
	}
	if n != nil {
		n.barred = 0
	} else if slices.Contains(storeFaults, e.text) || e.text == incScribble {
		c.storeAt = e.at
	}
	c.faultEnds(n, e.text)
}

// turn notes that a phase begins.
func (c *checker) turn(e event) {
	switch {
	case strings.HasPrefix(e.text, "census"):
		c.counted()
		c.censusAt = e.at
	case e.text == "quiet":
		c.counted()
	case e.text == "recovery":
		c.excuse(-1, 6*time.Minute)
	}
	c.countPhase(e.text)
	c.phase = e.text
	c.quiet = e.text == "quiet"
}

// counted judges what the processes answered in the last census: none holds a value that another one had replaced, for so long
// that all must have seen it. A newer one may have come a moment ago, or because of the census.
func (c *checker) counted() {
	defer clear(c.census)
	for _, n := range c.nodes {
		if !n.dead && n.wrong() {
			return // it renews before the others do
		}
	}
	c.each(func(k creds) {
		known := time.Duration(0) // when the newest value was made that all must know
		for text := range c.census[k] {
			if v := c.values[text]; v != nil && v.born < c.censusAt-c.cfg.apart() {
				known = max(known, v.born)
			}
		}
		for _, text := range slices.Sorted(maps.Keys(c.census[k])) {
			if v := c.values[text]; v != nil && v.born < known {
				c.failf("disagree", "long after the last fault a process of account %d still holds %s", k.acct, text)
			}
		}
	})
}
