package simulation

import (
	"maps"
	"slices"
	"time"
)

// maxHeld is how long a process may have a lock: for two calls of WeChat, what it stores before and behind them, and giving the
// lock back a second time.
const maxHeld = 30 * time.Second

// held is a lock that a process has.
type held struct {
	by   *process
	at   time.Duration
	kept bool // the store did not take it back
}

// locked notes that a process has a lock.
func (c *checker) locked(n *process, e event) {
	if c.locks == nil {
		c.locks = map[string]*held{}
	}
	c.locks[e.text] = &held{by: n, at: e.at}
	if e.id > 0 {
		c.charge(e.acct, 1, causeStore) // two holders cost at most one call
	}
}

// keeps notes that the store did not take back what a process gave back: it may be tried until that is given up.
func (c *checker) keeps(n *process) {
	for _, l := range c.locks {
		l.kept = l.kept || l.by == n
	}
}

// judgeLocks judges that whoever has a lock gives it back.
func (c *checker) judgeLocks() {
	for _, name := range slices.Sorted(maps.Keys(c.locks)) {
		l := c.locks[name]
		if c.at-l.at < maxHeld {
			continue
		}
		delete(c.locks, name)
		if n := l.by; !l.kept && !n.dead && n.ill == 0 && n.wellAt < l.at && !c.storeIll() && c.storeAt < l.at {
			c.failf("lock", "process %d has had the lock %s for %v", n.id, name, c.at-l.at)
		}
	}
}
