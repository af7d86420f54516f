package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// finding is something that must not happen.
type finding struct {
	rule string
	at   time.Duration
	text string
}

func (f finding) String() string { return fmt.Sprintf("%v: %s: %s", f.at, f.rule, f.text) }

// checker judges a history by nothing but its events, each when it has happened.
type checker struct {
	cfg      *config
	findings []finding
	at       time.Duration
	phase    string
	values   map[string]*minted
	nodes    map[int]*process
	open     map[int]event // questions, by id
	locks    map[string]*held
	answers
	calls
	failed, answered int
}

// minted is what is known of a value.
type minted struct {
	kind       credential.Kind
	acct       int
	born, ends time.Duration
	superseded time.Duration // when WeChat put another in its place; 0: it has not
	granted    time.Duration // when a process was last given it by WeChat
}

// process is what is known of a process.
type process struct {
	id, acct int
	began    time.Duration
	skew     time.Duration
	wellAt   time.Duration // when its last own fault ended
	told     bool          // it had an answer from WeChat
	toldAt   time.Duration // when the first one came
	dead     bool
	warm     map[credential.Kind]bool
	ill      int // faults of its own in force
	refused  map[string]time.Duration
	served   map[credential.Kind]served
	seen     map[string]time.Duration // what it was last given of each key
	calls    map[credential.Kind][]time.Duration
	cause    map[credential.Kind]string // of its last call
	barred   time.Duration              // when WeChat last refused its address; 0: it did not
}

type served struct {
	text string
	at   time.Duration
}

func newChecker(cfg *config) *checker {
	c := &checker{cfg: cfg, values: map[string]*minted{}, nodes: map[int]*process{}, open: map[int]event{}}
	c.answers.census = map[creds]map[string]bool{}
	c.newCalls()
	return c
}

// fail notes a finding.
func (c *checker) fail(rule, text string) {
	if len(c.findings) < 50 {
		c.findings = append(c.findings, finding{rule, c.at, text})
	}
}

func (c *checker) failf(rule, format string, args ...any) { c.fail(rule, fmt.Sprintf(format, args...)) }

// see judges an event.
func (c *checker) see(e event) {
	c.at = e.at
	n := c.nodes[e.node]
	switch e.what {
	case evStart:
		c.nodes[e.node] = &process{
			id: e.node, acct: e.acct, began: e.at, skew: e.n, warm: map[credential.Kind]bool{},
			refused: map[string]time.Duration{}, served: map[credential.Kind]served{}, seen: map[string]time.Duration{},
			calls: map[credential.Kind][]time.Duration{}, cause: map[credential.Kind]string{},
		}
		for kind := range strings.FieldsSeq(e.text) {
			c.nodes[e.node].warm[credential.Kind(kind)] = true
		}
		c.startCost(c.nodes[e.node])
	case evKill:
		c.judgeLocks()
		n.dead = true
		c.killCost(n)
	case evReload:
		for _, kind := range c.cfg.kinds {
			n.warm[kind] = true
		}
		c.charge(e.acct, 1, causeReload)
	case evStop:
		if e.n > maxStop && n.ill == 0 && n.wellAt < e.at-e.n { // it may stall
			c.failf("stop", "process %d: a configuration took %v to stop", e.node, e.n)
		}
	case evMint:
		c.values[e.text] = &minted{kind: e.kind, acct: e.acct, born: e.at, ends: e.n}
		c.minted(e)
	case evSuper:
		c.values[e.text].superseded = e.at
	case evGrant:
		if !n.told {
			n.told, n.toldAt = true, e.at
		}
		c.values[e.text].granted = e.at
	case evRevoke:
		c.revoked(e)
	case evRefuse:
		n.refused[e.text] = e.at
	case evAsk:
		c.open[e.id] = e
		c.askCost(n, e)
	case evAnswer:
		c.judge(n, e)
		c.heard(n, e)
	case evError:
		c.heard(n, e)
	case evLent:
		c.lent(n, e)
	case evCall:
		c.call(n, e)
	case evFail:
		c.callFailed(n, e)
	case evLoad:
		n.seen[e.text] = e.n
	case evSave:
		c.saved(n, e)
	case evLock:
		c.locked(n, e)
	case evUnlock:
		delete(c.locks, e.text)
	case evLose:
		if e.text == "unlock" {
			c.keeps(n)
		}
	case evFault, evWell:
		c.fault(n, e)
	case evPhase:
		c.judgeLocks()
		c.turn(e)
	}
}

// allowed is by how much a process may err about the time without a chance to know better: what counts as no difference,
// and what its clock has drifted since it began.
func (n *process) allowed(at time.Duration) time.Duration { return slack + (at-n.began)/100_000 }

// wrong tells whether a process has a wrong clock that WeChat has not told it of.
func (n *process) wrong() bool { return !n.told && n.skew.Abs() > slack }

// ends is when a value ends as a process has it: one that it took when its clock was ahead, and nobody had told it so, ends as much
// earlier for it.
func (n *process) ends(v *minted) time.Duration {
	if !n.told || v.born < n.toldAt {
		return v.ends - max(0, n.skew)
	}
	return v.ends
}

// judge judges what a process serves: no value past its end, none of another account or kind, none that WeChat refused
// it, and none that is older than what it served before.
func (c *checker) judge(n *process, e event) {
	if n.dead {
		return
	}
	v := c.values[e.text]
	if v == nil || v.kind != e.kind || v.acct != e.acct {
		c.failf("foreign", "process %d of account %d serves %q as %s", e.node, e.acct, e.text, e.kind)
		return
	}
	margin := time.Duration(0)
	if e.kind != credential.AccessToken {
		margin = c.cfg.signMargin()
	}
	if left := v.ends - e.at; left < margin-n.allowed(e.at) {
		c.failf("expired", "process %d serves %s with %v left", e.node, e.text, left)
	}
	if e.kind != credential.AccessToken && c.cfg.rule == ruleGrid && v.superseded > 0 {
		if old := e.at - v.superseded; old > min(supersededFor, c.cfg.life/6)+n.allowed(e.at) && !c.excusedSince(v.superseded) && !c.excused(n, v.superseded) {
			c.failf("superseded", "process %d signs with %s, which WeChat replaced %v ago", e.node, e.text, old)
		}
	}
	asked := c.open[e.id].at
	if at, was := n.refused[e.text]; was && at < asked && v.granted < at {
		c.failf("refused", "process %d serves %s, which WeChat refused it at %v", e.node, e.text, at)
	}
	if before := n.served[e.kind]; before.text != "" && before.text != e.text && before.at < asked {
		newer := c.values[before.text]
		_, refused := n.refused[before.text]
		if v.born < newer.born-slack && !refused && e.at < newer.ends-margin-slack && !n.wrong() {
			c.failf("older", "process %d serves %s after %s", e.node, e.text, before.text)
		}
	}
	n.served[e.kind] = served{e.text, e.at}
}

// lent judges how long a value is said to live.
func (c *checker) lent(n *process, e event) {
	v := c.values[e.text]
	if v == nil || n.dead {
		return
	}
	late := time.Duration(0)
	if slices.Contains(c.cfg.faults, faultLate) { // a value whose writing came late seems so much younger at first
		late = maxLate
	}
	if over := e.at + e.n - v.ends; over > n.allowed(e.at)+late && c.cfg.rule != ruleGrid {
		c.failf("lent", "process %d says that %s lives for %v, %v too long", n.id, e.text, e.n, over)
	}
}

// saved judges what a process stores: no older value over a newer one that it has seen. What it had given up it does not
// answer for.
func (c *checker) saved(n *process, e event) {
	if seen := n.seen[e.text]; e.id == 0 && !n.dead && seen > e.n+slack && seen+c.cfg.life > dayZero+e.at && !c.storeIll() {
		c.failf("overwritten", "process %d puts a value obtained at %v over one of %v, which it had seen", n.id, e.n-dayZero, seen-dayZero)
	}
}

// end judges what is left over.
func (c *checker) end() {
	for _, id := range sorted(c.open) {
		c.failf("waiter", "question %d was never answered", id)
	}
}

func sorted[T any](m map[int]T) []int {
	ids := make([]int, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// dayZero is when a bubble's time begins, as records have it.
const dayZero = 946684800 * time.Second
