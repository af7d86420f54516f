package simulation

import (
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(1600) // a seed's garbage is gone in a moment
	os.Exit(m.Run())
}

// number is a number from the environment.
func number(t *testing.T, name string, unset uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return unset
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSeeds runs one seed after the other. KEEPER_SEED=<n> is one of them, and the complete report of what it finds;
// KEEPER_HISTORY=<file> writes down what happened in it. KEEPER_TIME=<duration> runs seeds for so long, beginning anywhere,
// or with KEEPER_FROM; KEEPER_SEEDS=<n> so many of them at most. Without any of these it runs a few, the same each time.
func TestSeeds(t *testing.T) {
	if os.Getenv("KEEPER_SEED") != "" {
		seed := number(t, "KEEPER_SEED", 0)
		o := simulate(t, seed, historyFile(t), nil)
		o.report(t)
		return
	}
	from, most, end := uint64(1), uint64(20), time.Time{}
	if racetest.Enabled {
		most = 6
	}
	if s := os.Getenv("KEEPER_TIME"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		from, most, end = uint64(time.Now().UnixNano()/1000), 1<<62, time.Now().Add(d)
	}
	from, most = number(t, "KEEPER_FROM", from), number(t, "KEEPER_SEEDS", most)
	began := time.Now()
	var next, bad atomic.Uint64
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for bad.Load() < number(t, "KEEPER_BAD", 10) && (end.IsZero() || time.Now().Before(end)) {
					i := next.Add(1) - 1
					if i >= most {
						return
					}
					o := simulate(t, from+i, nil, nil)
					if len(o.findings) > 0 {
						bad.Add(1)
						o.report(t)
					}
				}
			})
		}
	})
	if ran := min(next.Load(), most); !end.IsZero() {
		t.Logf("%d seeds from %d on in %v, %d of them with findings", ran, from, time.Since(began).Round(time.Second), bad.Load())
	}
}

// historyFile is where the history is written, if anywhere.
func historyFile(t *testing.T) io.Writer {
	name := os.Getenv("KEEPER_HISTORY")
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// report tells what came of a seed.
func (o outcome) report(t *testing.T) {
	for _, f := range o.findings {
		t.Errorf("KEEPER_SEED=%d rule %s", o.cfg.seed, f)
	}
	t.Logf("KEEPER_SEED=%d: %v\n%d events in %v, %d questions answered, %d not; SHA-256 of the history: %s",
		o.cfg.seed, o.cfg, o.events, o.took.Round(time.Second), o.check.answered, o.check.failed, o.sha)
}

// TestReplay runs seeds again and again, on one processor and on several, among others at the same time: the history is
// the same to the byte.
func TestReplay(t *testing.T) {
	seeds := uint64(6)
	if racetest.Enabled {
		seeds = 3
	}
	run := func(t *testing.T) []string {
		shas := make([]string, seeds)
		var wg sync.WaitGroup
		for i := range seeds {
			wg.Go(func() { shas[i] = simulate(t, i+1, nil, nil).sha })
		}
		wg.Wait()
		return shas
	}
	want := run(t)
	for _, procs := range []int{1, 2, 8} {
		was := runtime.GOMAXPROCS(procs)
		got := run(t)
		runtime.GOMAXPROCS(was)
		if !slices.Equal(got, want) {
			t.Errorf("on %d processors: %v, want %v", procs, got, want)
		}
	}
}
