package wechat

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// HostState says whether a base URL answers.
type HostState struct {
	BaseURL string
	Err     error         // an *Error; nil: it answers
	Took    time.Duration // connecting included
}

// Probe asks each base URL, all at once, by HEAD of its root: that is no call of
// the API, shows no secret and counts against no quota. Any answer below 500
// will do.
func (c *Client) Probe(ctx context.Context) []HostState {
	states := make([]HostState, len(c.hosts))
	var wg sync.WaitGroup
	for i, h := range c.hosts {
		wg.Go(func() { states[i] = c.probe(ctx, h) })
	}
	wg.Wait()
	return states
}

func (c *Client) probe(ctx context.Context, h *host) HostState {
	state := HostState{BaseURL: h.base}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, h.base+"/", http.NoBody)
	if err != nil {
		state.Err = &Error{API: "probe", Err: errBaseURL}
		return state
	}
	req.Header.Set("User-Agent", userAgent)
	began := time.Now()
	resp, err := c.connections.others.RoundTrip(req)
	state.Took = time.Since(began)
	switch {
	case err != nil:
		state.Err = Unreachable("probe", err)
	case resp.StatusCode >= http.StatusInternalServerError:
		state.Err = &Error{API: "probe", Status: resp.StatusCode}
	}
	if resp != nil {
		_ = resp.Body.Close()
	}
	return state
}
