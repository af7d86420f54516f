package wechat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Relay is a call that somebody else has made: it goes to WeChat as it is, and
// so does the answer on the way back.
type Relay struct {
	// API is our name of the call, for errors and metrics.
	API string

	// Request has the method, the header, and a URL of which path and query
	// count. Its Body may be closed without having been read, and must be good
	// for another host then.
	Request *http.Request

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
	base, err := url.Parse(h.base)
	if err != nil {
		return nil, errBaseURL // the text of err would hold the URL
	}
	target := *base
	target.RawPath = base.EscapedPath() + r.Request.URL.EscapedPath()
	target.Path = base.Path + r.Request.URL.Path
	target.RawQuery = r.Request.URL.RawQuery
	if r.AccessToken != "" {
		query := "access_token=" + url.QueryEscape(r.AccessToken)
		if target.RawQuery != "" {
			query += "&" + target.RawQuery
		}
		target.RawQuery = query
	}

	req := r.Request.WithContext(ctx)
	req.URL = &target
	req.Host = ""
	req.RequestURI = ""
	req.Trailer, req.TransferEncoding = nil, nil
	req.Close = false
	switch hasBody := req.Body != nil && req.Body != http.NoBody && req.ContentLength != 0; {
	case r.Body != nil && len(r.Body) > 0:
		req.ContentLength = int64(len(r.Body))
	case r.Body == nil && hasBody:
		return req, nil // streams: net/http cannot get it again
	case req.Method == http.MethodGet || req.Method == http.MethodHead || req.Method == http.MethodOptions || req.Method == http.MethodTrace:
		// As in newRequest: without a body net/http would repeat these by itself.
		req.ContentLength = 0
	default:
		req.Body, req.ContentLength = http.NoBody, 0
		return req, nil
	}
	fresh := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(r.Body)) }
	req.Body = fresh()
	req.GetBody = func() (io.ReadCloser, error) {
		if written.Load() {
			return nil, errLost
		}
		return fresh(), nil
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
	data, whole, err := readObject(resp.Body, resp.ContentLength)
	if err != nil {
		_ = resp.Body.Close()
		if cause := context.Cause(r.Request.Context()); cause != nil {
			err = cause
		}
		return nil, transportError(r.cleaner(), err)
	}
	if !whole {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), resp.Body), resp.Body}
		return resp, nil
	}
	_ = resp.Body.Close() // its trailers are there
	resp.Body = io.NopCloser(bytes.NewReader(data))
	code, msg := errcodeOf(data)
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

// readObject reads body to its end, unless it turns out to be longer than
// maxInspected or no JSON object; whole tells whether it did. length is what
// the header says, -1 if nothing.
func readObject(body io.Reader, length int64) (data []byte, whole bool, err error) {
	if length < 0 {
		length = 4 << 10
	}
	data = make([]byte, 0, length+1) // one more, for the read that finds the end
	isObject := false
	for len(data) <= maxInspected {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		if !isObject {
			switch start := bytes.TrimLeft(data, " \t\r\n"); {
			case len(start) == 0:
			case start[0] != '{':
				return data, false, nil
			default:
				isObject = true
			}
		}
	}
	return data, false, nil
}

// errcodeOf finds the errcode of an answer; 0: there is none, or all is well.
// Nearly all answers say 0 or nothing, and need no parsing to tell.
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

// namesErrcode tells whether data holds an errcode other than 0, be it only of
// a part of the answer.
func namesErrcode(data []byte) bool {
	key := []byte(`"errcode"`)
	for {
		_, after, found := bytes.Cut(data, key)
		if !found {
			return false
		}
		data = after
		after = bytes.TrimLeft(after, " \t\r\n")
		if len(after) == 0 || after[0] != ':' {
			continue // a value
		}
		after = bytes.TrimLeft(after[1:], " \t\r\n")
		zero := len(after) > 0 && after[0] == '0' && (len(after) == 1 || bytes.IndexByte([]byte(",} \t\r\n"), after[1]) >= 0)
		if !zero {
			return true
		}
	}
}
