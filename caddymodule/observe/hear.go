package observe

import (
	"sync"
	"sync/atomic"
	"time"
)

// Heard is a message of WeChat's with what the backend answered to it. It holds what the message does: openids, codes.
type Heard struct {
	Time     time.Time `json:"time"`
	Account  string    `json:"account"`
	Event    string    `json:"event"` // empty: a text, a picture …
	CardID   string    `json:"card_id"`
	Message  string    `json:"message"`  // in plain, as the backend got it
	Status   int       `json:"status"`   // of the backend's answer; 0: there was none
	Answer   string    `json:"answer"`   // its body, or the beginning of it
	Accepted bool      `json:"accepted"` // whether that ended the matter
	Error    string    `json:"error,omitempty"`
	Millis   int64     `json:"millis"`
}

// MaxHeard is how much of an answer is told, in bytes.
const MaxHeard = 4 << 10

// maxWaiting is how many messages wait for a slow listener; more pass it by.
const maxWaiting = 64

// Ears are those who listen to messages, in this process.
type Ears struct {
	any       atomic.Bool
	mu        sync.Mutex
	listeners map[chan Heard]struct{}
}

// Listeners are those of this process.
var Listeners Ears

// Listening tells whether anybody does: nothing need be put together where nobody does.
func (e *Ears) Listening() bool { return e.any.Load() }

// Listen gives what is heard from now on. end must be called.
func (e *Ears) Listen() (heard <-chan Heard, end func()) {
	c := make(chan Heard, maxWaiting)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listeners == nil {
		e.listeners = make(map[chan Heard]struct{})
	}
	e.listeners[c] = struct{}{}
	e.any.Store(true)
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.listeners, c)
		e.any.Store(len(e.listeners) > 0)
	}
}

// Tell tells all who listen. It does not block.
func (e *Ears) Tell(h Heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.listeners {
		select {
		case c <- h:
		default:
		}
	}
}
