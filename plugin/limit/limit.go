// Package limit bounds the calls to WeChat that clients can cause: so many a minute, so many at once, and of those that WeChat
// refuses so many of one network. Who comes past that is told when to come again.
package limit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/time/rate"
)

// Busy says that a bound of ours on calls to WeChat was reached. Nothing was asked of WeChat.
type Busy struct {
	API        string        // our name of the call
	RetryAfter time.Duration // when one call more will be allowed
	Network    bool          // it is the share of the client's network that is used up
}

// Error tells the bound.
func (e *Busy) Error() string {
	bound := "as many calls as the limit allows were made"
	if e.Network {
		bound = "as many calls of this network were made, or refused by WeChat, as may be"
	}
	return fmt.Sprintf("%s: %s; the next is allowed in %v", e.API, bound, e.RetryAfter.Round(time.Millisecond))
}

// Bounds of the calls that are under way at the same time, and of waiting for them. WeChat answers within a tenth of a second;
// when it hangs, the others must neither wait for its time-outs nor make more calls that run into them.
const (
	minAtOnce = 64              // a limit of more than that many calls a second has as many
	patience  = 2 * time.Second // how long a caller waits for its turn
	hanging   = time.Second     // when no call has begun or ended for that long, nobody waits
)

// Bucket bounds the calls of one kind: a minute's worth at once, refilled evenly. It must be Set before a call is made. One that
// nobody uses takes little memory: ten thousand accounts have seven each.
type Bucket struct {
	mu        sync.Mutex
	api       string
	perMinute int
	use       *use // nil: there was no call yet
}

// use is what becomes of a Bucket that is used.
type use struct {
	limiter *rate.Limiter // nil: there was no call since it was Set
	shares  shares

	calls   int           // that are under way
	waiting int           // callers whose turn has not come
	moved   time.Time     // when a call began or ended last
	turn    chan struct{} // closed when a call ends; nil: nobody has waited since one did
}

// Set makes a full bucket, unless this one has that size already: a reload fills no bucket. api is our name of the call.
func (b *Bucket) Set(api string, perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.perMinute != perMinute {
		b.api, b.perMinute = api, perMinute
		if b.use != nil {
			b.use.limiter = nil
		}
	}
}

// Do makes one call, whatever becomes of it, or tells with *Busy when there can be one. While too many are under way it waits for
// its turn, two seconds at the most. What ctx holds of a client's network (WithClient) is held to its share.
func (b *Bucket) Do(ctx context.Context, call func() error) error { return b.do(ctx, call, false) }

// DoShared is Do for calls of which each, and not only those that WeChat refuses, is held to the share of the client's network: WeChat
// refuses none of them, however often they come.
func (b *Bucket) DoShared(ctx context.Context, call func() error) error {
	return b.do(ctx, call, true)
}

func (b *Bucket) do(ctx context.Context, call func() error, each bool) (err error) {
	client := networkOf(ctx)
	if err := b.begin(ctx, client); err != nil {
		return err
	}
	defer func() { b.end(client, each || wechat.Is(err, wechat.Refused)) }()
	return call()
}

func (b *Bucket) begin(ctx context.Context, client network) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.use == nil {
		b.use = new(use)
	}
	u := b.use
	var until time.Time
	for {
		now := time.Now()
		mayCall, wait := u.shares.allow(client, max(b.perMinute/4, 1), now)
		if wait > 0 {
			return &Busy{b.api, wait, true}
		}
		if mayCall && u.calls < max(minAtOnce, b.perMinute/60) {
			return b.take(client, now)
		}
		if until.IsZero() {
			until = now.Add(patience)
		}
		left := min(until.Sub(now), u.moved.Add(hanging).Sub(now))
		// whoever waits must find something in the bucket when the turn comes
		if left <= 0 || b.tokens().TokensAt(now) < float64(u.waiting+1) {
			return &Busy{API: b.api, RetryAfter: time.Second}
		}
		if err := b.wait(ctx, left); err != nil {
			return err
		}
	}
}

// tokens gives what is in the bucket, which is full when it is new. b.mu is held.
func (b *Bucket) tokens() *rate.Limiter {
	if b.use.limiter == nil {
		b.use.limiter = rate.NewLimiter(rate.Limit(float64(b.perMinute)/60), b.perMinute)
	}
	return b.use.limiter
}

// take takes a call out of the bucket. b.mu is held.
func (b *Bucket) take(client network, now time.Time) error {
	r := b.tokens().ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return &Busy{API: b.api, RetryAfter: wait}
	}
	b.use.calls++
	b.use.moved = now
	b.use.shares.begin(client)
	return nil
}

// wait waits until a call ends, but no longer than d. b.mu is held, and given up meanwhile.
func (b *Bucket) wait(ctx context.Context, d time.Duration) error {
	if b.use.turn == nil {
		b.use.turn = make(chan struct{})
	}
	turn := b.use.turn
	b.use.waiting++
	b.mu.Unlock()
	timer := time.NewTimer(d)
	select {
	case <-turn:
	case <-timer.C:
	case <-ctx.Done():
	}
	timer.Stop()
	b.mu.Lock()
	b.use.waiting--
	return ctx.Err()
}

func (b *Bucket) end(client network, refused bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.use.calls--
	b.use.moved = time.Now()
	b.use.shares.end(client, refused, b.use.moved)
	if b.use.turn != nil {
		close(b.use.turn)
		b.use.turn = nil
	}
}
