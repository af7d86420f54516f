package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer bounds the body of an answer. The longest are a few KiB.
const maxAnswer = 1 << 20

var errTooLong = fmt.Errorf("answer longer than %d bytes", maxAnswer)

// Do makes a call and decodes WeChat's answer into out, a pointer to a struct,
// or nil when only success matters. The error is an *Error.
//
// A host fails that cannot be reached, takes longer than the time-out, drops the
// connection, or answers what WeChat does not: 5xx, 403, a redirect (none is
// followed), anything that is no JSON object. Then the call goes to the next one,
// within the rule of Call.Repeatable.
//
// A call that wants the token of another kind of account (Of) is not made.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	if e := c.checkPath(&call); e != nil {
		return e
	}
	began := time.Now()
	ctx, end := c.trace(ctx, call.API, call.Path)
	e := c.do(ctx, &call, out)
	if e == nil {
		c.observed(call.API, nil, began)
		end(nil)
		return nil
	}
	e.API = call.API
	c.observed(call.API, e, began)
	end(e)
	return e
}

// checkPath is CheckPath for a call of ours.
func (c *Client) checkPath(call *Call) *Error {
	if err := c.CheckPath(call.Path); err != nil {
		return &Error{API: call.API, Err: err}
	}
	return nil
}

// trace is Config.Trace.
func (c *Client) trace(ctx context.Context, api, path string) (context.Context, func(error)) {
	if c.tracer != nil {
		path, _, _ = strings.Cut(path, "?")
		if ctx, end := c.tracer(ctx, api, path); end != nil {
			return ctx, end
		}
	}
	return ctx, func(error) {}
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

	var e *Error
	for _, h := range c.hosts.order(c.now()) {
		var r result
		r, e = c.try(ctx, h, call, body, clean, out)
		if !r.hostFailed {
			h.noteSuccess()
			return e
		}
		if ctx.Err() != nil {
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
	hostFailed bool // there was no answer, or none of WeChat's: another host may do better
}

// try sends a call to one host, which has the whole time-out to itself.
func (c *Client) try(ctx context.Context, h *host, call *Call, body []byte, clean *cleaner, out any) (result, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var sent atomic.Bool
	var connected time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { connected = c.now() },
		WroteHeaders: func() { sent.Store(true) },
	})

	req, err := newRequest(ctx, h.base, call, body, &sent)
	if err != nil {
		// The text of err would hold the whole URL.
		return result{hostFailed: true}, &Error{Err: errors.New("the api URL cannot be used")}
	}

	// RoundTrip and no http.Client: redirects must not be followed, and errors
	// come without the URL.
	resp, err := c.transport(call).RoundTrip(req)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return result{sent.Load(), true}, transportError(clean, err)
	}
	defer resp.Body.Close()
	got := c.now()

	if resp.StatusCode != http.StatusOK {
		data, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // also so that the connection can be used again
		return result{true, strange(resp.StatusCode) || !isObject(data)}, &Error{Status: resp.StatusCode}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return result{true, true}, transportError(clean, fmt.Errorf("reading the answer: %w", err))
	}
	if len(data) > maxAnswer {
		return result{true, true}, &Error{Err: errTooLong}
	}

	if call.Rewrite != nil {
		data = call.Rewrite(resp.Header.Get("Content-Type"), data)
	}
	code, msg, err := decodeAnswer(data, out)
	if err != nil {
		return result{true, !isObject(data)}, &Error{Err: err}
	}
	c.noteDate(resp.Header.Get("Date"), connected, got)
	if code != 0 {
		msg = clean.text(msg)
		e := &Error{Code: code, Msg: msg, RID: findRID(msg)}
		if code == codeRetiredIP {
			// Our connections go to an address that is no longer WeChat's: look
			// the name up again, and ask elsewhere meanwhile.
			c.connections.Close()
			return result{true, true}, e
		}
		return result{true, false}, e
	}
	return result{true, false}, nil
}

// transport gives the connections that are for a call.
func (c *Client) transport(call *Call) *http.Transport {
	if call.credential {
		return c.connections.credentials
	}
	return c.connections.others
}

// strange tells whether WeChat answers its API's calls with a status never: it is somebody's on the way, or a host's that
// is not well.
func strange(status int) bool {
	return status/100 == 3 || status == http.StatusForbidden || status >= http.StatusInternalServerError
}
