package pace

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestSetup(t *testing.T) {
	for count, want := range map[int]time.Duration{
		0: time.Minute, 1: time.Minute, 2: 2 * time.Minute, 3: 4 * time.Minute, 4: 5 * time.Minute, 1 << 62: 5 * time.Minute,
	} {
		if got := Setup(count); got != want {
			t.Errorf("after %d failures: %v, want %v", count, got, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := NewBackoff()
	wait := func() time.Duration { return Jitter(b.NextBackOff(), rand.Float64()) }
	if first := wait(); first < time.Second || first > 2*time.Second {
		t.Errorf("first wait: %v", first)
	}
	for range 10 {
		wait()
	}
	if last := wait(); last < 30*time.Second || last > time.Minute {
		t.Errorf("last wait: %v", last)
	}
}

func TestQuarrel(t *testing.T) {
	var q Quarrel
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for round := range 2 {
		for i := range FreeRenewals {
			if next := q.Take(now, 0.5); !next.IsZero() {
				t.Fatalf("round %d: renewal %d must wait until %v", round, i, next)
			}
			now = now.Add(time.Millisecond)
		}
		var waited time.Duration
		for range 10 {
			if next := q.Take(now, 0.5); !next.IsZero() {
				t.Fatalf("round %d: not at the moment that was named", round)
			}
			next := q.Take(now, 0.5)
			if !next.After(now) {
				t.Fatalf("round %d: two renewals at once", round)
			}
			waited += next.Sub(now)
			now = next
		}
		if waited < 3*time.Minute {
			t.Errorf("round %d: ten renewals within %v", round, waited)
		}
		now = now.Add(peaceful + time.Second)
	}
}
