// Package limit bounds the calls to WeChat that clients can cause: so many a minute, and who comes past that is told
// when to come again.
package limit

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Busy says that a bound of ours on calls to WeChat was reached. Nothing was asked of WeChat.
type Busy struct {
	API        string        // our name of the call
	RetryAfter time.Duration // when one call more will be allowed
}

// Error tells the bound.
func (e *Busy) Error() string {
	return fmt.Sprintf("%s: as many calls as the limit allows were made; the next is allowed in %v",
		e.API, e.RetryAfter.Round(time.Millisecond))
}

// Bucket bounds the calls of one kind: a minute's worth at once, refilled evenly. It must be Set before a call is taken.
type Bucket struct {
	mu        sync.Mutex
	api       string
	perMinute int
	limiter   *rate.Limiter
}

// Set makes a full bucket, unless this one has that size already: a reload fills no bucket. api is our name of the call.
func (b *Bucket) Set(api string, perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perMinute != perMinute {
		b.api, b.perMinute = api, perMinute
		b.limiter = rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
	}
}

// Take takes one call, or tells with *Busy when there will be one.
func (b *Bucket) Take() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.limiter.Reserve()
	wait := r.Delay()
	if wait > 0 {
		r.Cancel()
		return &Busy{API: b.api, RetryAfter: wait}
	}
	return nil
}
