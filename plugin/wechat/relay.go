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
}

var errBaseURL = errors.New("the api URL cannot be used")

// Relay makes a call. The time-out bounds how long WeChat may take from the end
// of the request to the header of its answer.
//
// With WeChat's answer comes an *Error if it holds an errcode or its HTTP status
// is none of success; the answer is complete all the same. Without an answer
// there is an *Error that says why. The call goes to another host only as long
// as nothing of it has been written.
//
// The errcode is looked for in answers of JSON of up to 64 KiB.
func (c *Client) Relay(r Relay) (*http.Response, error) {
	began := time.Now()
	resp, e := c.relay(&r)
	if e == nil {
		c.observed(r.API, nil, began)
		return resp, nil
	}
	e.API = r.API
	c.observed(r.API, e, began)
	return resp, e
}

func (c *Client) relay(r *Relay) (*http.Response, *Error) {
	ctx := r.Request.Context()
	deadline := time.Now().Add(c.timeout)
	var e *Error
	order := c.hosts.order(c.now())
	for i, h := range order {
		// A host that swallows packets leaves the others their share of the time.
		var connect time.Duration
		if left := len(order) - i; left > 1 {
			connect = time.Until(deadline) / time.Duration(left)
		}
		resp, sent, err := c.send(h, r, connect)
		if err == nil {
			h.noteSuccess()
			return c.inspect(h, r, resp)
		}
		e = transportError(r.cleaner(), err)
		if sent || ctx.Err() != nil {
			return nil, e
		}
		h.noteFailure(c.now())
	}
	return nil, e
}

func (r *Relay) cleaner() *cleaner { return newCleaner(&Call{AccessToken: r.AccessToken}) }

// send sends the call to one host. connect bounds how long connecting may take;
// 0 leaves it to the transport.
func (c *Client) send(h *host, r *Relay, connect time.Duration) (resp *http.Response, sent bool, err error) {
	ctx := r.Request.Context()
	slow := func() bool { return false }
	cancel := func(error) {}
	if connect > 0 {
		// Not cancelled when all goes well: the answer's body is still to be read.
		ctx, cancel = context.WithCancelCause(ctx)
		slow = time.AfterFunc(connect, func() { cancel(errSlowConnect) }).Stop
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { slow() },
		WroteHeaders: func() { written.Store(true) },
	})
	req, err := r.request(ctx, h, &written)
	if err != nil {
		cancel(nil)
		return nil, false, err
	}
	if resp, err = c.transport.RoundTrip(req); err != nil {
		slow()
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(nil)
		return nil, written.Load(), err
	}
	return resp, true, nil
}

// request makes the request to one host.
func (r *Relay) request(ctx context.Context, h *host, written *atomic.Bool) (*http.Request, error) {
	if h.url == nil {
		return nil, errBaseURL
	}
	target := *h.url
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
	req.URL = &target
	req.Host = ""
	req.RequestURI = ""
	req.Trailer, req.TransferEncoding = nil, nil
	req.Close = false
	switch {
	case len(r.Body) > 0:
		fresh := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(r.Body)) }
		req.Body, req.ContentLength = fresh(), int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { // as in newRequest
			if written.Load() {
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
// it was.
func (c *Client) inspect(h *host, r *Relay, resp *http.Response) (*http.Response, *Error) {
	r.hideToken(resp.Header)
	if resp.StatusCode/100 != 2 {
		return resp, &Error{Status: resp.StatusCode}
	}
	if !mayTellErrcode(resp) {
		return resp, nil
	}
	body := &inspected{rest: resp.Body}
	if err := body.fill(resp.ContentLength); err != nil {
		_ = body.Close()
		if cause := context.Cause(r.Request.Context()); cause != nil {
			err = cause
		}
		return nil, transportError(r.cleaner(), err)
	}
	resp.Body = body
	if !body.whole {
		return resp, nil
	}
	code, msg := errcodeOf(body.data)
	if code == 0 {
		return resp, nil
	}
	if code == codeRetiredIP {
		c.transport.CloseIdleConnections()
		h.noteFailure(c.now())
	}
	msg = r.cleaner().text(msg)
	return resp, &Error{Code: code, Msg: msg, RID: findRID(msg)}
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

// maxInspected bounds the answers in which an errcode is looked for.
const maxInspected = 64 << 10

// mayTellErrcode tells by its header whether an answer can be one with an
// errcode. WeChat sends its JSON as text/plain, too.
func mayTellErrcode(resp *http.Response) bool {
	if resp.StatusCode != http.StatusOK || resp.ContentLength == 0 || resp.ContentLength > maxInspected || resp.Uncompressed || resp.Header["Content-Encoding"] != nil ||
		resp.Request != nil && resp.Request.Method == http.MethodHead {
		return false
	}
	typ := strings.ToLower(resp.Header.Get("Content-Type"))
	return typ == "" || strings.Contains(typ, "json") || strings.HasPrefix(typ, "text/plain")
}

// inspected is the body of an answer whose beginning has been read.
type inspected struct {
	data  []byte // what is left of the beginning
	whole bool   // there is nothing behind it
	rest  io.ReadCloser
}

// firstRead is how many bytes are made room for at first: most answers are shorter, and longer ones often say at once
// that all is well.
const firstRead = 2 << 10

// fill reads the rest to its end, unless it turns out to be longer than
// maxInspected, no JSON object, or one that says at once that all is well.
// length is its length, -1 if that is unknown.
func (b *inspected) fill(length int64) error {
	room := firstRead
	if length >= 0 {
		room = min(room, int(length)+1) // one more, so that the end is seen
	}
	b.data = make([]byte, 0, room)
	for len(b.data) <= maxInspected {
		if len(b.data) == cap(b.data) {
			b.data = slices.Grow(b.data, len(b.data))
		}
		n, err := b.rest.Read(b.data[len(b.data):min(cap(b.data), maxInspected+1)])
		if err != nil && err != io.EOF {
			return err
		}
		b.data = b.data[:len(b.data)+n]
		start := bytes.TrimLeft(b.data, jsonSpace)
		switch {
		case len(start) > 0 && start[0] != '{', beginsWell(start):
			return nil
		case err != nil:
			b.whole = len(b.data) <= maxInspected
			return nil
		}
	}
	return nil
}

// Read implements io.Reader.
func (b *inspected) Read(p []byte) (int, error) {
	switch {
	case len(b.data) > 0:
		n := copy(p, b.data)
		b.data = b.data[n:]
		return n, nil
	case b.whole:
		return 0, io.EOF
	}
	return b.rest.Read(p)
}

// Close implements io.Closer.
func (b *inspected) Close() error { return b.rest.Close() }

// errcodeOf finds the errcode of an answer; 0: there is none, or all is well.
func errcodeOf(data []byte) (code int, msg string) {
	if !namesErrcode(data) {
		return 0, ""
	}
	code, msg, err := decodeAnswer(data, &struct{}{})
	if err != nil {
		return 0, ""
	}
	return code, msg
}

const jsonSpace = " \t\r\n"

var errcodeKey = []byte(`"errcode"`)

// beginsWell tells whether an object begins with an errcode of 0, which is
// where WeChat puts it.
func beginsWell(object []byte) bool {
	object = bytes.TrimLeft(object[min(1, len(object)):], jsonSpace)
	after, found := bytes.CutPrefix(object, errcodeKey)
	return found && isZero(after)
}

// namesErrcode tells, faster than parsing could, whether data may hold an
// errcode other than 0.
func namesErrcode(data []byte) bool {
	for {
		_, after, found := bytes.Cut(data, errcodeKey)
		if !found {
			return false
		}
		if !isZero(after) {
			return true
		}
		data = after
	}
}

// isZero tells whether what follows a name is a 0.
func isZero(after []byte) bool {
	after, found := bytes.CutPrefix(bytes.TrimLeft(after, jsonSpace), []byte(":"))
	if !found {
		return false
	}
	after = bytes.TrimLeft(after, jsonSpace)
	return len(after) > 1 && after[0] == '0' && strings.ContainsRune(",}"+jsonSpace, rune(after[1]))
}
