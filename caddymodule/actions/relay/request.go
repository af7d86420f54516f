package relay

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxKept bounds the bodies that are kept for a repeat.
const maxKept = 2 << 20

// prepare makes the request that goes to the proxy.
func (c *relayCall) prepare(r *http.Request) (*http.Request, error) {
	c.Context = r.Context()
	out := r.WithContext(c)
	return out, c.keepBody(out)
}

// keepBody reads a body that may be sent twice, and leaves the others where they are. WeChat takes no multipart body without its
// length.
func (c *relayCall) keepBody(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	c.streamed = &streamedBody{ReadCloser: r.Body}
	r.Body = c.streamed
	if r.ContentLength > maxKept {
		return nil
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxKept+1)); err != nil {
		if r.Context().Err() != nil {
			return r.Context().Err() // the client has gone
		}
		return unreadable(err)
	}
	switch {
	case body.Len() <= maxKept:
		c.Body = body.Bytes()
		r.Body, r.ContentLength, r.Trailer = http.NoBody, 0, nil
	case isMultipart(r.Header):
		return problem.Newf(http.StatusLengthRequired, problem.ReasonLengthRequired,
			"a multipart body of more than %d bytes must have a Content-Length, which WeChat wants", maxKept)
	default:
		r.Body = bodies.ReadBefore{Reader: io.MultiReader(&body, r.Body), Closer: r.Body}
	}
	return nil
}

// unreadable is the answer for a body that broke off, or that is longer than the site takes.
func unreadable(err error) error {
	if he, ok := errors.AsType[caddyhttp.HandlerError](err); ok && he.StatusCode == http.StatusRequestEntityTooLarge {
		p := problem.Newf(http.StatusRequestEntityTooLarge, problem.ReasonBodyTooLarge, "the body is longer than this site takes") // by its request_body
		p.Err = he.Err                                                                                                             // and not he itself, which is how errors of others are told
		return p
	}
	return bodies.Unreadable(err)
}

// streamedBody is the client's body. It remembers why it could not be read: for the call that is WeChat's failure.
type streamedBody struct {
	io.ReadCloser

	failed atomic.Pointer[error]
	closed atomic.Bool // who reads on has not been failed by the client
}

// Read implements io.Reader.
func (b *streamedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !b.closed.Load() {
		b.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *streamedBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

// failure is why the body could not be read; nil: it could, or there is none.
func (b *streamedBody) failure() error {
	if b == nil {
		return nil
	}
	if err := b.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// isMultipart believes whatever may be multipart.
func isMultipart(header http.Header) bool {
	return slices.ContainsFunc(header["Content-Type"], func(value string) bool {
		return strings.Contains(strings.ToLower(value), "multipart/")
	})
}
