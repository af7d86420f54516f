package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// maxAnswer bounds the body of an answer. The longest are a few KiB.
const maxAnswer = 1 << 20

var errTooLong = fmt.Errorf("answer longer than %d bytes", maxAnswer)

// Do makes a call and decodes WeChat's answer into out, a pointer to a struct,
// or nil when only success matters. The error is an *Error.
//
// When a host cannot be reached, drops the connection or answers 5xx, the call
// goes to the next one, within the time-out and the rule of Call.Repeatable.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	began := time.Now()
	e := c.do(ctx, &call, out)
	if e == nil {
		c.observed(call.API, nil, began)
		return nil
	}
	e.API = call.API
	c.observed(call.API, e, began)
	return e
}

func (c *Client) observed(api string, err error, began time.Time) {
	if c.observe != nil {
		c.observe(api, err, time.Since(began))
	}
}

func (c *Client) do(ctx context.Context, call *Call, out any) *Error {
	body, err := encodeBody(call.Body)
	if err != nil {
		return &Error{Err: errors.New("the request cannot be written as JSON")}
	}
	clean := newCleaner(call)

	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var e *Error
	order := c.hosts.order(c.now())
	for i, h := range order {
		if ctx.Err() != nil {
			if e == nil {
				e = transportError(clean, ctx.Err())
			}
			return e
		}
		// A host that swallows packets leaves the others their share of the time.
		var connect time.Duration
		if left := len(order) - i; left > 1 {
			deadline, _ := ctx.Deadline()
			connect = time.Until(deadline) / time.Duration(left)
		}

		var r result
		r, e = c.try(ctx, h, call, body, connect, clean, out)
		if !r.hostFailed {
			h.noteSuccess()
			return e
		}
		if caller.Err() != nil {
			return e // the caller left or set a shorter time: says nothing of the host
		}
		h.noteFailure(c.now())
		if r.sent && !call.Repeatable {
			return e
		}
	}
	return e
}

// result is what one try tells besides its error.
type result struct {
	sent       bool // WeChat may have got the request
	hostFailed bool // there was no answer, or a 5xx: another host may do better
}

// try sends a call to one host. connect bounds how long connecting may take; 0
// leaves it to ctx.
func (c *Client) try(ctx context.Context, h *host, call *Call, body []byte, connect time.Duration, clean *cleaner, out any) (result, *Error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var sent atomic.Bool
	var connected time.Time
	var slow *time.Timer
	if connect > 0 {
		slow = time.AfterFunc(connect, func() { cancel(errSlowConnect) })
		defer slow.Stop()
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if slow != nil {
				slow.Stop()
			}
			connected = c.now()
		},
		WroteHeaders: func() { sent.Store(true) },
	})

	req, err := newRequest(ctx, h.base, call, body, &sent)
	if err != nil {
		// The text of err would hold the whole URL.
		return result{hostFailed: true}, &Error{Err: errors.New("the api URL cannot be used")}
	}

	// RoundTrip and no http.Client: redirects must not be followed, and errors
	// come without the URL.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return result{sent.Load(), true}, transportError(clean, err)
	}
	defer resp.Body.Close()
	got := c.now()

	if resp.StatusCode != http.StatusOK {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
		return result{true, resp.StatusCode >= 500}, &Error{Status: resp.StatusCode}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return result{true, true}, transportError(clean, fmt.Errorf("reading the answer: %w", err))
	}
	if len(data) > maxAnswer {
		return result{true, false}, &Error{Err: errTooLong}
	}

	code, msg, err := decodeAnswer(data, out)
	if err != nil {
		return result{true, false}, &Error{Err: err}
	}
	c.noteDate(resp.Header.Get("Date"), connected, got)
	if code != 0 {
		msg = clean.text(msg)
		e := &Error{Code: code, Msg: msg, RID: findRID(msg)}
		if code == codeRetiredIP {
			// Our connections go to an address that is no longer WeChat's: look
			// the name up again, and ask elsewhere meanwhile.
			c.transport.CloseIdleConnections()
			return result{true, true}, e
		}
		return result{true, false}, e
	}
	return result{true, false}, nil
}
