// Package clock is WeChat's clock, seen from this process: what is signed and what is pushed has its time, not ours.
package clock

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// pause is between two questions for the time, of an account in one process.
const pause = time.Minute

// State is what an account has learnt of the time. It outlives configurations; its zero value knows nothing.
type State struct {
	offset atomic.Int64 // time.Duration by which WeChat's clock is ahead of ours
	known  atomic.Bool

	mu    sync.Mutex // held while we ask
	asked time.Time
}

// Clock is WeChat's clock as one configuration reads it.
type Clock struct {
	client *wechat.Client
	now    func() time.Time
	state  *State
}

// New makes a Clock from the client whose answers tell the time, our own clock, and what was learnt before.
func New(client *wechat.Client, now func() time.Time, state *State) *Clock {
	return &Clock{client, now, state}
}

// Now is the present second by WeChat's clock, as signatures have it.
func (c *Clock) Now() time.Time { return time.Unix(c.now().Add(c.Offset()).Unix(), 0) }

// Offset is how far WeChat's clock is ahead of ours. A configuration that has not called WeChat yet, for there was no
// need after a reload, takes what the one before it measured.
func (c *Clock) Offset() time.Duration {
	s := c.state
	if !c.client.Measured() {
		return time.Duration(s.offset.Load())
	}
	offset := c.client.Offset()
	if int64(offset) != s.offset.Load() || !s.known.Load() {
		s.offset.Store(int64(offset))
		s.known.Store(true)
	}
	return offset
}

// Known tells whether WeChat has told us the time.
func (c *Clock) Known() bool { return c.state.known.Load() }

// Learn asks WeChat for the time, unless it has told us before or we asked within the last minute, and tells whether
// it is known then. It returns within two seconds.
func (c *Clock) Learn(ctx context.Context) bool {
	c.Offset()
	s := c.state
	if s.known.Load() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known.Load() || time.Since(s.asked) < pause {
		return s.known.Load()
	}
	s.asked = time.Now()
	c.client.LearnClock(ctx)
	c.Offset()
	return s.known.Load()
}
