// Package pace tells how often WeChat may be asked: the waits after failures, the pause between renewals that refusals
// ask for, and the caps on calls a day. No I/O.
//
// wait.go has the waits, quarrel.go the pause, calls.go the fleet's caps, alone.go those of one process.
package pace

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// NewBackoff makes the waits after failures that pass by themselves: a second and a half at first and 45 seconds in the end.
// Each is to be jittered.
func NewBackoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 1500 * time.Millisecond
	b.RandomizationFactor = 0 // see Jitter
	b.Multiplier = 2
	b.MaxInterval = 45 * time.Second
	b.Reset()
	return b
}

// Jitter gives between two and four thirds of a wait: 1 s to 2 s at first, and 30 s to 60 s in the end. random is in [0, 1).
func Jitter(wait time.Duration, random float64) time.Duration {
	return time.Duration((2 + 2*random) / 3 * float64(wait))
}

// Setup is how long to wait after the count-th failure in a row that only an operator can mend: a minute, then longer,
// to five.
func Setup(count int) time.Duration {
	return min(time.Minute<<min(max(count-1, 0), 3), 5*time.Minute)
}
