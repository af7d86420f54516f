package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Call is one call of WeChat's API.
type Call struct {
	// API is our name of the call, for errors and metrics: token, getticket, …
	API string

	// Path begins with a slash; it may hold a query.
	Path string

	// Query holds parameters besides access_token.
	Query url.Values

	// AccessToken goes into the query, unless it is empty.
	AccessToken string

	// Header holds more fields to send.
	Header http.Header

	// Body is sent as JSON by POST; []byte and json.RawMessage as they are.
	// Without a body the method is GET.
	Body any

	// Repeatable says that the call may be sent again though an earlier
	// sending of it may have been executed. Without it a call is given up for
	// lost once its header has been written.
	Repeatable bool

	// Secrets are values in Path, Query, Header or Body that must never appear in an error.
	// AccessToken is one without being named here.
	Secrets []string
}

// maxAnswer bounds the body of an answer. The longest are a few KiB.
const maxAnswer = 1 << 20

var (
	errSlowConnect = errors.New("no connection in time")
	errLost        = errors.New("connection lost after the request was sent")
	errTooLong     = fmt.Errorf("answer longer than %d bytes", maxAnswer)
)

// checker is an answer that knows what it must hold.
type checker interface{ check() error }

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

// newRequest makes the request of one try. net/http repeats some requests by
// itself when a kept connection turns out to be dead; here it is told which.
func newRequest(ctx context.Context, base string, call *Call, body []byte, sent *atomic.Bool) (*http.Request, error) {
	target := base + call.Path
	sep := "?"
	if strings.Contains(target, sep) {
		sep = "&"
	}
	if call.AccessToken != "" {
		target += sep + "access_token=" + url.QueryEscape(call.AccessToken)
		sep = "&"
	}
	if len(call.Query) > 0 {
		target += sep + call.Query.Encode()
	}
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, call.Header)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if call.Repeatable {
		// The key without a value lets net/http repeat a POST, and is not sent.
		req.Header["Idempotency-Key"] = nil
		return req, nil
	}
	// net/http repeats nothing whose body it cannot get again. A GET needs a
	// body of no bytes for that to hold.
	fresh := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
	req.Body = fresh()
	req.GetBody = func() (io.ReadCloser, error) {
		if sent.Load() {
			return nil, errLost
		}
		return fresh(), nil
	}
	return req, nil
}

// encodeBody writes v as JSON the way WeChat wants it: \u escapes are refused
// (errcodes 40033, 47002), so `<`, `>` and `&` stand as they are.
func encodeBody(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		return v, nil
	case json.RawMessage:
		return v, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
