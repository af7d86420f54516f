package wechat

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// clockTimeout bounds LearnClock: an answer that took longer would say little.
const clockTimeout = 1500 * time.Millisecond

// theirClock is what is known of WeChat's clock.
type theirClock struct {
	offset   atomic.Int64 // a time.Duration
	measured atomic.Bool
}

// Offset is WeChat's clock minus ours by the Date header of the last answer, in
// whole seconds. Less than two seconds counts as none, and so does an Offset
// that is not known yet.
func (c *Client) Offset() time.Duration {
	return time.Duration(c.clock.offset.Load())
}

// Measured tells whether Offset is known: whether WeChat has answered yet.
func (c *Client) Measured() bool { return c.clock.measured.Load() }

// LearnClock asks for the time, by HEAD of a host's root: that is no call of the
// API, shows no secret and counts against no quota. Of several hosts the next one
// is asked when one does not tell. It returns after a second and a half at the
// most; Measured tells whether it has worked.
func (c *Client) LearnClock(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, clockTimeout)
	defer cancel()
	order := c.hosts.order(c.now())
	for i, h := range order {
		deadline, _ := ctx.Deadline()
		if c.learnClock(ctx, h, time.Until(deadline)/time.Duration(len(order)-i)) || ctx.Err() != nil {
			return
		}
	}
}

// learnClock asks one host and tells whether that has told the time.
func (c *Client) learnClock(ctx context.Context, h *host, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var connected time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected = c.now() },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, h.base+"/", http.NoBody)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.connections.credentials.RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	// An answer of 5xx may be anybody's on the way.
	return resp.StatusCode < http.StatusInternalServerError && c.noteDate(resp.Header.Get("Date"), connected, c.now())
}

// noteDate learns the offset from an answer whose request was written at sent
// and whose header was read at got, both by the local clock. It tells whether it
// has.
func (c *Client) noteDate(date string, sent, got time.Time) bool {
	took := got.Sub(sent)
	if sent.IsZero() || took < 0 || took > 2*time.Second {
		return false // too long, or the clock was set meanwhile: the middle says nothing
	}
	theirs, err := http.ParseTime(date)
	if err != nil {
		return false
	}
	// The header has cut off up to a second.
	offset := (theirs.Sub(sent.Add(took/2)) + 490*time.Millisecond).Round(time.Second)
	if offset.Abs() < 2*time.Second {
		offset = 0
	}
	c.clock.offset.Store(int64(offset))
	c.clock.measured.Store(true)
	return true
}
