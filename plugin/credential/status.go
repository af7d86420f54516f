package credential

import (
	"sync"
	"time"
)

// Source says where a value came from.
type Source string

// The sources.
const (
	FromWeChat Source = "wechat" // this process fetched it; EnvConfig.Sources names others that it can come from
	FromStore  Source = "store"  // another process did, or this one before it was restarted
)

// Status is what there is to see of a credential from one process. It holds no secret.
type Status struct {
	State       State
	Obtained    time.Time // zero without a value, like Expires
	Expires     time.Time
	Source      Source
	NextAttempt time.Time // when the next renewal or attempt is due; zero: when somebody asks

	LastError   error // of the last attempt of the fleet that failed, though others may have succeeded since; nil: none known
	LastErrorAt time.Time

	Fetched int // values that WeChat gave this process, or who else keeps them
	Adopted int // values that it took from the store
	Failed  int // attempts that failed
	Refused int // values that WeChat refused when they were used
}

// history is what a Keeper remembers for Status only.
type history struct {
	mu          sync.Mutex
	lastError   error
	lastErrorAt time.Time
	fetched     int
	adopted     int
	failed      int
	refused     int
}

func (h *history) landed(from Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from == FromStore {
		h.adopted++
	} else {
		h.fetched++
	}
}

func (h *history) missed(err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed++
	h.lastError, h.lastErrorAt = err, now
}

// told notes a failure that another process met. It counts there.
func (h *history) told(err error, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.After(h.lastErrorAt) {
		h.lastError, h.lastErrorAt = err, at
	}
}

func (h *history) refuse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused++
}

// Event tells of a renewal, or of an attempt that failed. It holds no secret.
type Event struct {
	Kind     Kind
	Source   Source // of a new value
	Obtained time.Time
	Expires  time.Time

	Err         error // of a failure; then the three above are zero
	NextAttempt time.Time
}

// Status tells how the credential stands, seen from own's clock.
func (k *Keeper) Status(own *Env) Status {
	now := own.Now()
	s := Status{State: k.state(now)}
	if h := k.current(); h != nil {
		s.Obtained, s.Expires, s.Source, s.NextAttempt = h.Obtained, h.Expires, h.source, h.renewAt
	}
	if u := k.blocked(now); u != nil && u.RetryAt.After(s.NextAttempt) {
		s.NextAttempt = u.RetryAt
	}
	k.history.mu.Lock()
	defer k.history.mu.Unlock()
	s.LastError, s.LastErrorAt = k.history.lastError, k.history.lastErrorAt
	if at, err := k.address.refused(); at.After(s.LastErrorAt) && err != nil {
		s.LastError, s.LastErrorAt = err, at // whichever credential met it
	}
	s.Fetched, s.Adopted, s.Failed, s.Refused = k.history.fetched, k.history.adopted, k.history.failed, k.history.refused
	return s
}
