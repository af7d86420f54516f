package wechat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Relay is a call that somebody else has made: it goes to WeChat as it is, and
// so does the answer on the way back.
type Relay struct {
	// API is our name of the call, for errors and metrics.
	API string

	// Request has the method, the path and the header. Its Body may be closed
	// without having been read, and must be good for another host then.
	Request *http.Request

	// Query is sent as it is, and that of Request is not.
	Query string

	// Body stands in the place of Request.Body, unless it is nil. Who keeps it
	// can make the call again.
	Body []byte

	// AccessToken is put in front of the query, unless it is empty.
	AccessToken string

	// Sealed seals the call and opens the answer, unless it is nil.
	Sealed Sealer
}

var errBaseURL = errors.New("the api URL cannot be used")

// Relay makes a call. The time-out bounds how long each host may take to connect,
// and from the end of the request to the header of its answer.
//
// With WeChat's answer comes an *Error if it holds an errcode or its HTTP status
// is none of success; the answer is complete all the same. Without an answer
// there is an *Error that says why.
//
// A call that only reads goes to the next host when one fails, as Do has it: a
// GET or POST whose path ends in one of reading. Any other goes there only as
// long as nothing of it has been written.
//
// The errcode is looked for in answers of JSON of up to 64 KiB.
func (c *Client) Relay(r Relay) (*http.Response, error) {
	began := time.Now()
	ctx, end := c.trace(r.Request.Context(), r.API, r.Request.URL.Path)
	if ctx != r.Request.Context() {
		r.Request = r.Request.WithContext(ctx)
	}
	resp, e := c.relayOpen(&r)
	if e == nil {
		c.observed(r.API, nil, began)
		end(nil)
		return resp, nil
	}
	e.API = r.API
	c.observed(r.API, e, began)
	end(e)
	return resp, e
}

// relayOpen is relay for answers that may be sealed.
func (c *Client) relayOpen(r *Relay) (*http.Response, *Error) {
	if r.Sealed == nil {
		return c.relay(r)
	}
	ctx, cancel := context.WithCancelCause(r.Request.Context())
	defer cancel(nil) // the answer has been read
	r.Request = r.Request.WithContext(ctx)
	resp, e := c.relay(r)
	if resp == nil {
		return nil, e
	}
	slow := time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })
	defer slow.Stop()
	return c.open(r, resp, e)
}

func (c *Client) relay(r *Relay) (*http.Response, *Error) {
	ctx := r.Request.Context()
	again := r.reads() && r.kept()
	var odd relayed // passed on where no host does better
	var suspects hosts
	var e *Error
	for _, h := range c.hosts.order(c.now()) {
		call, err := r.seal()
		if err != nil {
			e = &Error{Err: err}
			break
		}
		got, sent, err := c.send(h, call, again)
		switch {
		case err != nil:
			e = transportError(r.cleaner(), err)
			if ctx.Err() != nil || sent && !again {
				return odd.or(e)
			}
			h.noteFailure(c.now())
			continue
		case !got.odd:
			h.noteSuccess()
		case got.ill && again || got.retired:
			h.noteFailure(c.now())
		case again:
			suspects = append(suspects, h)
		}
		odd.drop()
		if odd = got; !again {
			break
		}
		if !got.odd {
			for _, suspect := range suspects { // it was not the call
				suspect.noteFailure(c.now())
			}
			break
		}
	}
	return odd.or(e)
}

// relayed is what a host answered.
type relayed struct {
	resp *http.Response // nil: nothing
	says *Error         // what WeChat says in it of the call, nil: that all is well
	odd  bool           // WeChat would not answer so

	ill, retired bool // what is odd about it: 5xx, 48017
}

// or gives the answer, or else e.
func (a relayed) or(e *Error) (*http.Response, *Error) {
	if a.resp == nil {
		return nil, e
	}
	return a.resp, a.says
}

// drop is for an answer that is not passed on.
func (a relayed) drop() {
	if a.resp != nil {
		_ = a.resp.Body.Close()
	}
}

// reading has what the paths end in of the calls that only read: they may be made twice.
var reading = []string{"get", "batchget", "getcardlist", "info", "list"}

// reads tells whether the call is one that only reads. Not every GET is: /cgi-bin/menu/delete.
func (r *Relay) reads() bool {
	path := r.Request.URL.EscapedPath()
	return (r.Request.Method == http.MethodGet || r.Request.Method == http.MethodPost) &&
		slices.Contains(reading, path[strings.LastIndexByte(path, '/')+1:])
}

// kept tells whether the call can be sent again: its body was not streamed.
func (r *Relay) kept() bool {
	body := r.Request.Body
	return r.Body != nil || body == nil || body == http.NoBody || r.Request.ContentLength == 0
}

func (r *Relay) cleaner() *cleaner { return newCleaner(&Call{AccessToken: r.AccessToken}) }

// send sends the call to one host. Where it may be sent to another one behind it, the time-out is for all that is read
// here; else for connecting, and the transport has one for the answer's header.
func (c *Client) send(h *host, r *Relay, again bool) (got relayed, sent bool, err error) {
	// Not cancelled when all goes well: the answer's body is still to be read.
	ctx, cancel := context.WithCancelCause(r.Request.Context())
	s := &sending{slow: time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })}
	defer func() {
		if inTime := s.slow.Stop(); err == nil && again && !inTime {
			got.drop()
			err = context.DeadlineExceeded
		}
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			got = relayed{}
			cancel(nil)
		}
	}()
	traced := ctx
	if !again { // else nobody asks what has been written
		s.trace.WroteHeaders = s.wroteHeaders
		traced = httptrace.WithClientTrace(ctx, &s.trace)
	}
	req, err := r.request(traced, h, s)
	if err != nil {
		return relayed{}, false, err
	}
	resp, err := c.connections.others.RoundTrip(req) //nolint:bodyclose // inspect closes it, or who gets it
	if err != nil {
		return relayed{}, s.written.Load(), err
	}
	got, err = c.inspect(r, resp, again)
	return got, true, err
}

// sending is a call on its way to one host.
type sending struct {
	slow    *time.Timer // ends it
	written atomic.Bool // WeChat may have got it; not known of a call that can be sent again
	target  url.URL
	trace   httptrace.ClientTrace
}

// wroteHeaders is called when there is a connection and the header is on its way: what follows may take its time.
func (s *sending) wroteHeaders() {
	s.slow.Stop()
	s.written.Store(true)
}

// request makes the request to one host.
func (r *Relay) request(ctx context.Context, h *host, s *sending) (*http.Request, error) {
	if h.url == nil {
		return nil, errBaseURL
	}
	s.target = *h.url
	target := &s.target
	target.RawPath = h.url.EscapedPath() + r.Request.URL.EscapedPath()
	target.Path = h.url.Path + r.Request.URL.Path
	switch {
	case r.AccessToken == "":
		target.RawQuery = r.Query
	case r.Query == "":
		target.RawQuery = "access_token=" + url.QueryEscape(r.AccessToken)
	default:
		target.RawQuery = "access_token=" + url.QueryEscape(r.AccessToken) + "&" + r.Query
	}

	req := r.Request.WithContext(ctx)
	req.URL = target
	req.Host = ""
	req.RequestURI = ""
	req.Trailer, req.TransferEncoding = nil, nil
	req.Close = false
	switch {
	case len(r.Body) > 0:
		fresh := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(r.Body)) }
		req.Body, req.ContentLength = fresh(), int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { // as in newRequest
			if s.written.Load() {
				return nil, errLost
			}
			return fresh(), nil
		}
	case r.Body != nil || req.ContentLength == 0:
		// Of these net/http repeats GET and its like by itself, when a kept
		// connection turns out to be dead.
		req.Body, req.ContentLength = http.NoBody, 0
	}
	return req, nil
}

// inspect looks for what WeChat says about the call, and leaves the answer as
// it was. judged has it look also whether the answer is one of WeChat's.
func (c *Client) inspect(r *Relay, resp *http.Response, judged bool) (relayed, error) {
	r.hideToken(resp.Header)
	got := relayed{resp: resp, ill: resp.StatusCode >= http.StatusInternalServerError, odd: strange(resp.StatusCode)}
	if resp.StatusCode/100 != 2 {
		got.says = &Error{Status: resp.StatusCode}
	}
	judged = judged && !got.odd
	if judged {
		got.odd = isPage(resp) || resp.ContentLength == 0
	}
	if resp.StatusCode != http.StatusOK && !judged || !mayBeJSON(resp) || r.Sealed != nil && !judged {
		return got, nil // what may be sealed is read within a time of its own
	}
	body := &inspected{rest: resp.Body}
	if err := body.fill(resp.ContentLength); err != nil {
		_ = body.Close()
		return relayed{}, err
	}
	resp.Body = body
	got.odd = got.odd || judged && !body.mayBeObject() && resp.Header["Content-Disposition"] == nil
	if resp.StatusCode != http.StatusOK || !body.whole {
		return got, nil
	}
	code, msg := errcodeOf(body.data)
	if code == 0 {
		return got, nil
	}
	if code == codeRetiredIP {
		c.connections.Close()
		got.retired, got.odd = true, true
	}
	msg = r.cleaner().text(msg)
	got.says = &Error{Code: code, Msg: msg, RID: findRID(msg)}
	return got, nil
}

// isPage tells by its header whether an answer is for people.
func isPage(resp *http.Response) bool {
	return strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "html")
}

// hideToken takes the token out of a header: a redirect repeats the URL that it
// answers.
func (r *Relay) hideToken(header http.Header) {
	if r.AccessToken == "" {
		return
	}
	for _, values := range header {
		for i, value := range values {
			if strings.Contains(value, r.AccessToken) {
				values[i] = strings.ReplaceAll(value, r.AccessToken, "***")
			}
		}
	}
}
