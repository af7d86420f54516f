//go:build binary && unix

package binarytest

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// TestFleetWeChatDown: WeChat is down for half a lifetime, up to shortly before the end of what the fleet holds.
func TestFleetWeChatDown(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]struct {
		store string
		mode  wayMode
	}{"refused": {onRedis, wayRefused}, "error 500": {onFiles, wayError}, "time-out": {onRedis, waySilent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, down.store, 100*time.Second)
			began := time.Now()
			f.startWarm()
			tr := f.run(f.nodes...)
			f.sleep(f.life*42/100 - time.Since(began))
			f.setAll(down.mode)
			f.sleep(f.life / 2)
			calls := f.asked() - 2 // of the start
			if most := fleetSize * int(f.life/2/(5*time.Second)); calls >= most {
				t.Errorf("%d processes made %d calls in %v, want fewer than %d", fleetSize, calls, f.life/2, most)
			}
			f.setAll(wayOpen)
			f.sleep(f.life / 5)
			tr.endAllGood()
			f.mostCalls(2, 2+learning)
			t.Logf("%d calls were made in vain", calls)
		})
	}
}

// TestFleetWeChatDownPastExpiry: WeChat is down until everything has expired, and for long after that.
func TestFleetWeChatDownPastExpiry(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]struct {
		store string
		mode  wayMode
	}{"refused": {onFiles, wayRefused}, "time-out": {onRedis, waySilent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const life, outage, timeout = 60 * time.Second, 110 * time.Second, 3 * time.Second
			f := newPatientFleet(t, down.store, life, timeout)
			f.startWarm()
			tr := f.run(f.nodes...)
			f.sleep(life / 2)
			f.setAll(down.mode)
			f.sleep(life + 5*time.Second) // it may have had a second ticket meanwhile, to learn how WeChat gives them
			if tr.refused() == 0 {
				t.Error("no answer was 503 though everything had expired")
			}
			f.sleep(outage - life - 5*time.Second)
			tr.end()
			calls := f.asked() - 2 // of the start
			if most := fleetSize * int(outage/(6*time.Second)); calls >= most {
				t.Errorf("%d processes made %d calls in %v, want fewer than %d", fleetSize, calls, outage, most)
			}
			// Whoever comes right when an attempt begins waits a second for it, and nobody for its time-out.
			if tr.slowest > timeout-time.Second/2 {
				t.Errorf("an answer took %v", tr.slowest)
			}
			t.Logf("%d calls were made in vain", calls)
		})
	}
}

// TestFleetBackUp: WeChat comes back after everything has expired.
func TestFleetBackUp(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, 15*time.Second)
		f.startWarm()
		tr := f.run(f.nodes...)
		f.setAll(wayRefused)
		f.sleep(f.life * 2)
		tr.end()
		if tr.refusal == 0 {
			t.Error("no answer was 503")
		}
		f.setAll(wayOpen)
		var step time.Duration
		for _, n := range f.nodes {
			_, header, _, _ := answer(t.Context(), http.DefaultClient, n.addCardURL())
			wait, _ := strconv.Atoi(header.Get("Retry-After"))
			step = max(step, time.Duration(wait)*time.Second)
		}
		f.serveWithin(step + 3*time.Second)
		f.wantGood(t, f.nodes...)
		f.mostCalls(2, 2+learning) // one of each at the start
	})
}
