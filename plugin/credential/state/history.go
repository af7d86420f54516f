package state

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
)

// History is what is remembered of a credential for operators only.
type History struct {
	mu   sync.Mutex
	past Past
}

// Past is what a History tells.
type Past struct {
	LastError   error // of the last attempt of the fleet that failed; nil: none known
	LastErrorAt time.Time

	Fetched int // values that WeChat gave this process, or who else keeps them
	Adopted int // values that it took from the store
	Failed  int // attempts that failed
	Refused int // values that WeChat refused when they were used
}

// Past gives all of it at once.
func (h *History) Past() Past {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.past
}

// Landed notes a new value.
func (h *History) Landed(from value.Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from == value.FromStore {
		h.past.Adopted++
	} else {
		h.past.Fetched++
	}
}

// Missed notes an attempt of ours that failed.
func (h *History) Missed(err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.past.Failed++
	h.past.LastError, h.past.LastErrorAt = err, now
}

// Told notes a failure that another process met. It counts there.
func (h *History) Told(err error, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.After(h.past.LastErrorAt) {
		h.past.LastError, h.past.LastErrorAt = err, at
	}
}

// refuse notes that WeChat refused a value.
func (h *History) refuse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.past.Refused++
}
