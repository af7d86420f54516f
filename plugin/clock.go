package plugin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// clockPause is between two questions for the time, of an account in one process.
const clockPause = time.Minute

// clock is WeChat's clock, seen from this process.
type clock struct {
	offset atomic.Int64 // time.Duration by which it is ahead of ours
	known  atomic.Bool

	mu    sync.Mutex // held while we ask
	asked time.Time
}

// offset is how far WeChat's clock is ahead of ours. A configuration that has not called WeChat yet, for there was no
// need after a reload, takes what the one before it measured.
func (a *Account) offset() time.Duration {
	c := &a.state.clock
	if !a.cfg.Client.Measured() {
		return time.Duration(c.offset.Load())
	}
	offset := a.cfg.Client.Offset()
	if int64(offset) != c.offset.Load() || !c.known.Load() {
		c.offset.Store(int64(offset))
		c.known.Store(true)
	}
	return offset
}

// learnClock asks WeChat for the time, unless it has told us before or we asked within the last minute. It returns
// within two seconds.
func (a *Account) learnClock(ctx context.Context) {
	a.offset()
	c := &a.state.clock
	if c.known.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known.Load() || time.Since(c.asked) < clockPause {
		return
	}
	c.asked = time.Now()
	a.cfg.Client.LearnClock(ctx)
	a.offset()
}
