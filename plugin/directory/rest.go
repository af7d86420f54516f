package directory

import (
	"sync"
	"time"
)

// rest is a pause in asking a source that cannot be reached, so that requests for many accounts do not all wait for it. One name for
// which it fails, again and again, is that name's own affair.
type rest struct {
	mu       sync.Mutex
	failures int // of different names, one after the other
	name     string
	until    time.Time
	err      error
}

const (
	restAfter = 3
	restFor   = 250 * time.Millisecond

	// A source that lets somebody wait so long is left alone at once, and for longer.
	hungAfter = time.Second
	hungFor   = 3 * time.Second
)

// resting gives why the source is not to be asked; nil: it may be.
func (r *rest) resting(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.until) {
		return r.err
	}
	return nil
}

// failed notes a look that took so long and said nothing.
func (r *rest) failed(now time.Time, name string, err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name != r.name {
		r.failures++
	}
	r.name, r.err = name, err
	switch {
	case took >= hungAfter:
		r.until = now.Add(hungFor)
	case r.failures >= restAfter:
		r.until = now.Add(restFor)
	}
}

func (r *rest) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures, r.name, r.until, r.err = 0, "", time.Time{}, nil
}
