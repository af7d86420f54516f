package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// world is a fleet, its store and its WeChat, and what happens to them.
type world struct {
	*scheduler
	cfg     *config
	history *history
	check   *checker

	store   *store
	keys    map[string]keyName
	weChats []*weChat
	nodes   []*node
	joined  int // processes that there ever were
	faults  map[string]int
	hangs   atomic.Bool // the store does not heed contexts
	doomed  bool        // the next holder of a lock that calls WeChat is killed
	count   map[string]int

	asked  int  // questions
	open   int  // those not answered yet
	busy   int  // goroutines that start and stop configurations
	ending bool // nobody asks any more
	ended  time.Duration
}

// outcome is what a seed came to.
type outcome struct {
	cfg      *config
	sha      string
	events   int
	findings []finding
	check    *checker
	count    map[string]int
	took     time.Duration // by the clock of the simulation
}

// simulate runs a seed. change may change what was drawn. out, unless nil, is given the history.
func simulate(t *testing.T, seed uint64, out io.Writer, change func(*config)) (o outcome) {
	defer func() {
		if p := recover(); p != nil { // goroutines that wait for nothing that will ever come
			o.findings = append(o.findings, finding{"deadlock", o.took, fmt.Sprint(p)})
		}
	}()
	synctest.Test(t, func(*testing.T) {
		s := newScheduler(seed)
		cfg := s.draw(seed)
		if change != nil {
			change(cfg)
		}
		w := &world{
			scheduler: s, cfg: cfg, check: newChecker(cfg), store: newStore(), keys: map[string]keyName{},
			faults: map[string]int{}, count: map[string]int{},
		}
		w.history = newHistory(out, w.check.see)
		s.alike = func(key string) { w.check.fail("order", "two arrive together that nobody can tell apart: "+key) }
		w.nameKeys()
		w.play()
		o = outcome{cfg, w.history.sha(), w.history.events, w.check.findings, w.check, w.count, w.ended}
	})
	return o
}

// note writes down what happens now.
func (w *world) note(e event) {
	e.at = w.now()
	w.history.add(e)
}

// done is told by a goroutine at its end.
func (w *world) done(key string) {
	w.tell(key, func() { w.busy-- })
}

// play lets all happen.
func (w *world) play() {
	for acct := range w.cfg.accounts {
		w.weChats = append(w.weChats, newWeChat(w, acct))
	}
	w.phase("start")
	for acct := range w.cfg.accounts {
		for range w.cfg.nodes {
			w.after(w.span(0, 3*time.Second), func() { w.join(acct) })
		}
	}
	trouble := w.cfg.cold + w.cfg.trouble
	w.after(w.cfg.cold, func() {
		w.phase("trouble")
		if w.cfg.large {
			w.traffics()
		}
		w.spells(among(w.cfg.faults, weChatFaults), trouble)
		w.spells(among(w.cfg.faults, storeFaults), trouble)
		w.incidentsUntil(trouble)
	})
	w.after(trouble, w.calm)
	w.run(func() bool { return w.ending && w.busy == 0 && w.open == 0 && w.parked == 0 })
	w.ended = w.now()
	w.check.end()
}

// calm waits for the last faults to end and says that there are none any more.
func (w *world) calm() {
	for _, n := range w.faults {
		if n > 0 {
			w.after(time.Second, w.calm)
			return
		}
	}
	w.endTrouble()
	w.phase("recovery")
	well := w.cfg.recovery
	w.after(well-overlap-w.cfg.apart(), func() { w.census("census") })
	w.after(well-overlap, func() { w.census("census again") })
	w.after(well, func() { w.phase("quiet") })
	w.after(well+w.cfg.quiet, func() {
		w.phase("end")
		w.ending = true
		for len(w.nodes) > 0 {
			w.kill(w.nodes[0], false)
		}
	})
}

func (w *world) phase(name string) { w.note(event{what: evPhase, text: name}) }

// among gives those faults that are of a kind.
func among(faults, of []string) (both []string) {
	for _, f := range faults {
		for _, o := range of {
			if f == o {
				both = append(both, f)
			}
		}
	}
	return both
}

// census asks all processes for all credentials: they must agree.
func (w *world) census(how string) {
	w.phase(how)
	for _, n := range w.nodes {
		for _, kind := range w.cfg.kinds {
			w.ask(n, kind, how)
		}
	}
}

// askLend is a question for a credential to be lent.
const askLend = "lend"

// ask has somebody ask a process, as an action does: with the token that it gets WeChat is called.
func (w *world) ask(n *node, kind credential.Kind, how string) {
	w.asked++
	w.open++
	id := w.asked
	k, env := n.Keeper(kind), n.env.Load()
	patience := 10 * time.Minute
	if how == "get" && w.chance(10) {
		patience = w.span(time.Second, 10*time.Second)
	}
	lends := how == "get" && w.chance(4)
	if lends {
		how = askLend
	}
	w.note(event{what: evAsk, node: n.id, acct: n.acct, kind: kind, text: how, id: id})
	w.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		defer func() { w.tell("answered "+strconv.Itoa(id), func() { w.open-- }) }()
		var v credential.Value
		var left time.Duration
		var err error
		switch {
		case how == incForce:
			if _, err = k.Force(ctx, env); err == nil {
				v, err = k.Get(ctx, env)
			}
		case how == incRefresh:
			v, err = k.Refresh(ctx, env, false)
		case lends:
			v.Text, left, err = k.Lend(ctx, env)
		default:
			v, err = k.Get(ctx, env)
		}
		again := w.answered(n, kind, id, v.Text, left, err, true)
		if again == 0 {
			return
		}
		v, err = k.Reject(ctx, env, v.Text, errInvalid)
		if w.answered(n, kind, again, v.Text, 0, err, false) > 0 {
			k.Drop(v.Text, errInvalid)
		}
	})
}

// answered writes down what somebody was told. Where WeChat refuses it the process is told, too, and what is asked for then
// is another question, which it numbers.
func (w *world) answered(n *node, kind credential.Kind, id int, text string, left time.Duration, err error, asks bool) (again int) {
	_ = w.wait(context.Background(), "answer "+strconv.Itoa(id), func(t *turn) {
		w.after(0, func() {
			e := event{what: evAnswer, node: n.id, acct: n.acct, kind: kind, text: text, id: id}
			if left > 0 {
				w.note(event{what: evLent, node: n.id, acct: n.acct, kind: kind, text: text, n: left, id: id})
			}
			if err != nil {
				e.what, e.text = evError, err.Error()
				if errors.Is(err, context.DeadlineExceeded) {
					e.what, e.text = evError, gone
				} else if u, ok := errors.AsType[*credential.Unavailable](err); ok {
					e.n = u.RetryAt.Sub(n.clock())
				}
			}
			w.note(e)
			if err == nil && kind == credential.AccessToken && !n.dead && !n.cut && !w.is(faultRefused) {
				if !n.weChat.alive(text) {
					w.note(event{what: evRefuse, node: n.id, acct: n.acct, kind: kind, text: text})
					w.asked++
					if again = w.asked; asks {
						w.note(event{what: evAsk, node: n.id, acct: n.acct, kind: kind, text: "again", id: again})
					}
				}
			}
			w.finish(t, nil)
		})
	})
	return again
}

// traffics has questions come to a large fleet. They matter little: all credentials are kept warm.
func (w *world) traffics() {
	w.after(w.span(0, 2*w.cfg.pace), func() {
		if w.ending {
			return
		}
		n := w.nodes[w.rng.IntN(len(w.nodes))]
		for _, kind := range w.cfg.kinds {
			w.ask(n, kind, "get")
		}
		w.traffics()
	})
}
