// Package outbox is what WeChat has still to push, and what became of what it did push. Nothing in it is safe for concurrent use.
package outbox

import (
	"slices"
	"time"
)

const (
	maxPushes     = 50_000 // that wait
	maxDeliveries = 100    // that are remembered
)

// Push is an event that is to be pushed.
type Push struct {
	Component string
	Kind      string // InfoType
	AppID     string // of the account; "": it is about none
	Text      []byte // the plain XML
	Due       time.Time
	Tries     int  // that were made
	Touched   bool // by a fault: no other one befalls it
}

// Delivery is what became of a push.
type Delivery struct {
	Component string    `json:"component"`
	Kind      string    `json:"kind"`
	AppID     string    `json:"app_id,omitempty"`
	At        time.Time `json:"at"`
	Status    int       `json:"status"`           // 0: there was no answer
	Answer    string    `json:"answer,omitempty"` // its beginning
	Error     string    `json:"error,omitempty"`
	Lost      bool      `json:"lost,omitempty"` // a fault kept it
	Taken     bool      `json:"taken"`          // the answer was as WeChat wants it
}

// Outbox is all pushes.
type Outbox struct {
	// Wake has a value when there is something new to push.
	Wake chan struct{}

	waiting    []Push
	deliveries []Delivery
}

// New makes an Outbox with nothing in it.
func New() *Outbox { return &Outbox{Wake: make(chan struct{}, 1)} }

// Add has something pushed when it is due.
func (o *Outbox) Add(p Push) {
	if len(o.waiting) < maxPushes {
		o.waiting = append(o.waiting, p)
	}
	o.Rouse()
}

// Rouse has whoever delivers look again.
func (o *Outbox) Rouse() {
	select {
	case o.Wake <- struct{}{}:
	default:
	}
}

// Take gives what is due, in the order in which it came.
func (o *Outbox) Take(now time.Time) (due []Push) {
	o.waiting = slices.DeleteFunc(o.waiting, func(p Push) bool {
		if p.Due.After(now) {
			return false
		}
		due = append(due, p)
		return true
	})
	return due
}

// Next is when something is due; zero: nothing waits.
func (o *Outbox) Next() (next time.Time) {
	for _, p := range o.waiting {
		if next.IsZero() || p.Due.Before(next) {
			next = p.Due
		}
	}
	return next
}

// Note remembers what became of a push.
func (o *Outbox) Note(d Delivery) {
	if len(o.deliveries) >= maxDeliveries {
		o.deliveries = append([]Delivery(nil), o.deliveries[maxDeliveries/2:]...)
	}
	o.deliveries = append(o.deliveries, d)
}

// Deliveries gives what became of the latest pushes, oldest first.
func (o *Outbox) Deliveries() []Delivery { return slices.Clone(o.deliveries) }

// Forget forgets all of it.
func (o *Outbox) Forget() { o.waiting, o.deliveries = nil, nil }
