package pace

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// FreeRenewals is how many refused values may be renewed one right after the other.
const FreeRenewals = 3

// peaceful is how long no refusal must ask for a renewal, beyond the pause, for a quarrel to be over.
const peaceful = 5 * time.Minute

// Quarrel spaces out the renewals of refused values: the first few come at once, and where refusals go on (somebody else
// keeps replacing the token) each waits longer than the one before. Its zero value is one that nothing has begun. Its caller's
// lock protects it.
type Quarrel struct {
	next   time.Time                   // the next renewal is allowed from then on
	count  int                         // how many there were since peace
	pauses *backoff.ExponentialBackOff // nil: there was none yet
}

// Take takes the renewal that is allowed at now. It returns the zero time when it is, or else when the next one will be.
// random is in [0, 1).
func (q *Quarrel) Take(now time.Time, random float64) time.Time {
	if now.Before(q.next) {
		return q.next
	}
	if now.Sub(q.next) > peaceful {
		q.pauses, q.count = nil, 0
	}
	q.next = now
	if q.count++; q.count > FreeRenewals {
		if q.pauses == nil {
			q.pauses = NewBackoff()
		}
		q.next = now.Add(Jitter(q.pauses.NextBackOff(), random))
	}
	return time.Time{}
}
