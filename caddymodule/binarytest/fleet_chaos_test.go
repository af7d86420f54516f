//go:build binary && unix

package binarytest

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestFleetChaos: everything at random, from a seed. CHAOS_DURATION says for how long (default 75s), CHAOS_SEED repeats the
// choices of an earlier run.
func TestFleetChaos(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		duration, err := time.ParseDuration(envOr("CHAOS_DURATION", "75s"))
		if err != nil {
			t.Fatal(err)
		}
		seed, err := strconv.ParseUint(envOr("CHAOS_SEED", fmt.Sprint(time.Now().UnixNano())), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("CHAOS_SEED=%d", seed)
		f := newFleet(t, store, 60*time.Second)
		f.startWarm()
		// The first node is never ended, so that what it piles up shows.
		memory, goroutines := f.nodes[0].weigh(t)
		c := &chaos{
			fleet: f, traffic: f.run(f.nodes...), rand: rand.New(rand.NewPCG(seed, uint64(len(store)))),
			busy: make(map[any]bool), counts: make(map[string]int),
		}
		c.rage(duration)
		c.calm()

		tr := c.traffic
		total := tr.refusal
		for _, n := range tr.good {
			total += n
		}
		t.Logf("faults: %v", c.counts)
		t.Logf("WeChat saw %v", f.w.calls(t))
		// A short run may be one outage and little else; how long that may be is bounded below.
		if duration >= 5*time.Minute && tr.refusal > total/2 {
			t.Errorf("%d of %d answers were 503", tr.refusal, total)
		}
		if tr.outage > maxOutage {
			t.Errorf("a node had no good answer for %v", tr.outage)
		}
		if most := 3 * (c.counts["reload"] + c.counts["bad reload"]); tr.dropped > most {
			t.Errorf("%d connections were dropped, more than reloads explain", tr.dropped)
		}
		memoryAfter, goroutinesAfter := f.nodes[0].weigh(t)
		t.Logf("memory %d MiB, then %d MiB; goroutines %d, then %d", memory>>10, memoryAfter>>10, goroutines, goroutinesAfter)
		if memoryAfter > memory*3/2+32<<10 {
			t.Errorf("memory has grown from %d KiB to %d KiB", memory, memoryAfter)
		}
		if goroutinesAfter > goroutines+20 {
			t.Errorf("goroutines have grown from %d to %d", goroutines, goroutinesAfter)
		}
	})
}

// maxOutage is the longest that a node may be without a good answer: WeChat is down for up to 20 s, then a step of
// back-off may have begun for the token, of a minute at the most, and behind it another for the ticket.
const maxOutage = 145 * time.Second

func envOr(name, other string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return other
}

// chaos lets faults loose on a fleet.
type chaos struct {
	*fleet
	traffic *traffic
	rand    *rand.Rand
	busy    map[any]bool // what has a fault already
	pending []undo
	counts  map[string]int
	sick    atomic.Bool // an operator has something to refresh
	asking  atomic.Bool // and does so
}

// undo ends a fault.
type undo struct {
	at  time.Time
	run func()
}

// during runs a fault on target for up to most; nothing else befalls target meanwhile.
func (c *chaos) during(target any, most time.Duration, name string, begin, end func()) {
	if c.busy[target] {
		return
	}
	c.counts[name]++
	c.busy[target] = true
	begin()
	lasts := time.Second + time.Duration(c.rand.Int64N(int64(most-time.Second)))
	c.pending = append(c.pending, undo{time.Now().Add(lasts), func() {
		end()
		delete(c.busy, target)
	}})
}

// rage lets faults begin and end for a while.
func (c *chaos) rage(duration time.Duration) {
	for end := time.Now().Add(duration); time.Now().Before(end) && !c.t.Failed(); {
		c.sleep(time.Second + time.Duration(c.rand.Int64N(int64(2*time.Second))))
		c.undo(time.Now())
		c.operate()
		c.befall()
	}
}

// undo ends the faults that are due by now.
func (c *chaos) undo(now time.Time) {
	left := c.pending[:0]
	for _, u := range c.pending {
		if u.at.After(now) {
			left = append(left, u)
		} else {
			u.run()
		}
	}
	c.pending = left
}

// calm ends all faults and waits until the fleet is well.
func (c *chaos) calm() {
	c.undo(time.Now().Add(time.Hour))
	c.sick.Store(true)
	c.operate()
	c.serveWithin(65 * time.Second)
	c.wantGood(c.t, c.nodes...)
	c.sleep(2 * time.Second)
	c.traffic.end()
	http.DefaultClient.CloseIdleConnections()
	c.sleep(3 * time.Second)
}

// operate is an operator who refreshes everything by hand, at a node that answers, until that works. Nobody waits for it:
// WeChat may be silent.
func (c *chaos) operate() {
	for _, n := range c.nodes {
		if c.busy[n] || !c.sick.Load() || !c.asking.CompareAndSwap(false, true) {
			continue
		}
		url := "http://" + n.admin + "/wechat_card/refresh"
		c.traffic.late.Go(func() {
			defer c.asking.Store(false)
			client := &http.Client{Timeout: 30 * time.Second}
			if resp, err := client.Post(url, "application/json", strings.NewReader("{}")); err == nil {
				resp.Body.Close()
				c.sick.Store(resp.StatusCode != http.StatusOK)
			}
		})
	}
}

// befall chooses one fault.
func (c *chaos) befall() {
	n := c.nodes[c.rand.IntN(len(c.nodes))]
	mortal := c.nodes[1+c.rand.IntN(len(c.nodes)-1)]
	both := n.way
	switch c.rand.IntN(15) {
	case 0:
		c.during(mortal, 10*time.Second, "kill", func() { c.traffic.remove(mortal); mortal.kill() }, func() { c.revive(mortal) })
	case 1:
		c.during(mortal, 3*time.Second, "restart", func() { c.traffic.remove(mortal); mortal.stop(c.t) }, func() { c.revive(mortal) })
	case 2:
		c.during(n, 20*time.Second, "freeze",
			func() { c.traffic.remove(n); n.freeze(c.t) }, func() { n.thaw(); c.traffic.add(n) })
	case 3, 4:
		c.befallStore()
	case 5:
		c.garbage()
	case 6, 7:
		mode := []wayMode{wayRefused, wayError, waySilent, wayForbidden}[c.rand.IntN(4)]
		c.during(both, 20*time.Second, "no way for one", func() { both.set(mode) }, func() { both.set(wayOpen) })
	case 8:
		mode := []wayMode{wayRefused, wayError, waySilent}[c.rand.IntN(3)]
		c.during("WeChat", 20*time.Second, "WeChat down", func() { c.setAll(mode) }, func() { c.setAll(wayOpen) })
	case 9:
		c.answers(`{"path":"*","times":2,"errcode":-1}`, `{"path":"*","times":1,"body":"<html>"}`,
			`{"path":"*","times":1,"drop":true,"execute":true}`, `{"path":"*","times":2,"delay":"4s","execute":true}`)
	case 10:
		// The operator puts it right after a while, and says so.
		code := []wayMode{40125, 40243, 45009, 45011}[c.rand.IntN(4)]
		c.during("WeChat", 8*time.Second, fmt.Sprint("errcode ", code), func() { c.setAll(code) },
			func() { c.setAll(wayOpen); c.sick.Store(true) })
	case 11, 12:
		sticky := c.counts["revoke for good"] < 5 && c.rand.IntN(3) == 0
		name := "revoke"
		if sticky {
			name = "revoke for good"
		}
		c.counts[name]++
		resp, err := http.Post(c.w.url+"/_sandbox/revoke", "application/json", strings.NewReader(fmt.Sprintf(`{"sticky":%t}`, sticky)))
		if err == nil {
			resp.Body.Close()
		}
	default:
		if c.busy[n] {
			return
		}
		if c.rand.IntN(3) == 0 {
			c.counts["bad reload"]++
			n.load(c.t, strings.Replace(c.caddyfile(n, ""), "app_id", "app_idd", 1))
			return
		}
		c.counts["reload"]++
		n.load(c.t, c.caddyfile(n, fmt.Sprint("header X-Version ", c.counts["reload"])))
	}
}

// answers lets WeChat give one of these answers to the next calls.
func (c *chaos) answers(faults ...string) {
	c.counts["bad answer"]++
	c.fault(faults[c.rand.IntN(len(faults))])
}

func (c *chaos) revive(n *node) {
	c.start(n)
	c.traffic.add(n)
}

func (c *chaos) befallStore() {
	if c.redis == nil {
		if !c.busy["store"] {
			c.counts["folder deleted"]++
			_ = os.RemoveAll(c.folder())
		}
		return
	}
	if c.rand.IntN(2) == 0 {
		c.during("store", 15*time.Second, "Redis killed", c.redis.Kill, c.redis.Restart)
		return
	}
	c.during("store", 15*time.Second, "Redis stopped", c.redis.Pause, c.redis.Resume)
}

func (c *chaos) garbage() {
	if c.busy["store"] {
		return
	}
	for name := range c.records() {
		c.counts["garbage"]++
		c.putRecord(name, bytes.Repeat([]byte{'{', 0xff}, 100))
		return
	}
}

// weigh tells a node's memory in KiB and the number of its goroutines.
func (n *node) weigh(t *testing.T) (memory, goroutines int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		t.Skip("memory can be read on Linux only")
	}
	find := func(text []byte, name string) int {
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if fields := strings.Fields(s.Text()); len(fields) > 1 && fields[0] == name {
				v, _ := strconv.ParseFloat(fields[1], 64)
				return int(v)
			}
		}
		t.Errorf("%s has no %s", n.name, name)
		return 0
	}
	return find(status, "VmRSS:"), find(get(t, "http://"+n.admin+"/metrics"), "go_goroutines")
}
