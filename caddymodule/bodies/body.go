// Package bodies reads the bodies of requests within a bound, looks into them, and puts others in their place.
package bodies

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
)

// Peek gives a body of at most maxBody bytes, and leaves it where it was. A longer one is not whole.
func Peek(r *http.Request) (body []byte, whole bool, err error) {
	if r.ContentLength > Max {
		return nil, false, nil
	}
	body, err = io.ReadAll(io.LimitReader(r.Body, Max+1))
	if len(body) == 0 && wasUsed(r, err) {
		return nil, false, used(err)
	}
	if err != nil {
		return nil, false, Unreadable(err)
	}
	r.Body = ReadBefore{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, len(body) <= Max, nil
}

// Set gives r another body. What was known of the old one is gone.
func Set(r *http.Request, body []byte) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Body = ReadBefore{bytes.NewReader(body), r.Body}
	r.GetBody = nil
	r.ContentLength = int64(len(body))
	r.TransferEncoding = nil
	r.Trailer = nil
	for _, name := range []string{"Transfer-Encoding", "Trailer", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest"} {
		delete(r.Header, name)
	}
	r.Header["Content-Length"] = []string{strconv.Itoa(len(body))}
}

// ReadBefore is a body of which something was read before.
type ReadBefore struct {
	io.Reader
	io.Closer
}

// Unreadable is the answer for a body that broke off, or that is too long for the site's request_body.
func Unreadable(err error) *problem.Problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge()
	}
	p := problem.Invalid("the body could not be read")
	p.Err = err
	return p
}
