//go:build binary && unix

package binarytest

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	tokenPath  = "/cgi-bin/stable_token"
	ticketPath = "/cgi-bin/ticket/getticket"
	hour       = time.Hour
)

// TestFleetColdStart: three processes start cold together and share a store.
func TestFleetColdStart(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, hour)
		f.start(f.nodes...)
		var wg sync.WaitGroup
		for _, n := range f.nodes {
			for range 50 {
				wg.Go(func() { f.wantGood(t, n) })
			}
		}
		wg.Wait()
		f.wantCalls(1, 1)
	})
}

// TestFleetRestart: all processes are restarted, one after the other and then all together.
func TestFleetRestart(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, hour)
		f.startWarm()
		for _, n := range f.nodes {
			n.stop(t)
			f.start(n)
			f.wantGood(t, n)
		}
		for _, n := range f.nodes {
			n.stop(t)
		}
		f.start(f.nodes...)
		f.wantGood(t, f.nodes...)
		f.wantCalls(1, 1)
	})
}

// TestFleetReloads: a hundred reloads under traffic, some of them invalid.
func TestFleetReloads(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, hour)
		f.startWarm()
		tr := f.run()
		tr.pace = 5 * time.Millisecond
		for _, n := range f.nodes {
			tr.add(n)
		}
		const reloads = 100
		for i := range reloads {
			n := f.nodes[i%len(f.nodes)]
			want, config := http.StatusOK, f.caddyfile(n, "header X-Version "+strings.Repeat("x", i%7+1))
			if i%5 == 4 {
				want, config = http.StatusBadRequest, strings.Replace(config, "app_id wx", "app_idd wx", 1)
			}
			if i%10 == 8 { // it parses, and cannot be provisioned
				want, config = http.StatusBadRequest, strings.Replace(config, "{env.APP_SECRET}", "{env.NO_SUCH_SECRET}", 1)
			}
			if got := n.load(t, config); got != want {
				t.Errorf("reload %d answered %d, want %d", i, got, want)
			}
			f.sleep(20 * time.Millisecond)
		}
		tr.end()
		if tr.refusal > 0 || tr.dropped > reloads {
			t.Errorf("%d answers were 503, %d connections ended without an answer", tr.refusal, tr.dropped)
		}
		f.wantCalls(1, 1)
	})
}

// TestFleetHolderKilled: kill -9 of the process that holds the lock, while WeChat makes it wait.
func TestFleetHolderKilled(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		holderLost(t, store, func(_ *testing.T, n *node) { n.kill() })
	})
}

// TestFleetHolderStopped: the same with SIGSTOP.
func TestFleetHolderStopped(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		holderLost(t, store, func(t *testing.T, n *node) { n.freeze(t) })
	})
}

// holderLost loses the lock's holder in mid-fetch, of each credential, on a cold fleet and on a warm one.
func holderLost(t *testing.T, store string, lose func(*testing.T, *node)) {
	t.Helper()
	// What a holder makes others wait for at most, and the time for the fetch itself.
	const patience = 12*time.Second + 2*time.Second
	for _, path := range []string{tokenPath, ticketPath} {
		t.Run("cold"+strings.ReplaceAll(path, "/", " "), func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, store, hour)
			f.fault(`{"path":"` + path + `","times":1,"delay":"4s"}`)
			f.start(f.nodes...)
			tr := f.run(f.nodes...)
			lost := f.asking(path)
			tr.remove(lost)
			lose(t, lost)
			others := f.others(lost)
			f.within(patience, "the others serve", func() bool { return tr.served(others[0]) > 0 && tr.served(others[1]) > 0 })
			tr.end()
			if tr.refusal > 0 || tr.slowest > patience {
				t.Errorf("%d answers were 503, the slowest took %v", tr.refusal, tr.slowest)
			}
			f.mostCalls(fleetSize, fleetSize)
		})
	}
	t.Run("warm", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t, store, 60*time.Second)
		f.startWarm()
		tr := f.run(f.nodes...)
		f.fault(`{"path":"` + ticketPath + `","times":1,"delay":"4s"}`)
		lost := f.asking(ticketPath)
		tr.remove(lost)
		lose(t, lost)
		f.sleep(f.life / 5) // past the end of what was there
		tr.endAllGood()
		f.mostCalls(1+fleetSize, 1+fleetSize)
	})
}

// TestFleetHolderWakesLate: a holder that was stopped in mid-fetch goes on when the others have newer values.
func TestFleetHolderWakesLate(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, 60*time.Second)
		f.startWarm()
		tr := f.run(f.nodes...)
		f.fault(`{"path":"` + ticketPath + `","times":1,"delay":"500ms","execute":true}`)
		lost := f.asking(ticketPath)
		tr.remove(lost)
		lost.freeze(t)
		f.sleep(f.life / 5)
		before := f.obtained()
		lost.thaw()
		tr.add(lost)
		for range 20 {
			f.sleep(100 * time.Millisecond)
			for name, at := range f.obtained() {
				if at < before[name] {
					t.Errorf("%s was obtained %d ms before what it replaced", name, before[name]-at)
				}
			}
		}
		tr.endAllGood()
		if len(before) != 2 {
			t.Errorf("%d records in the store, want 2", len(before))
		}
	})
}
