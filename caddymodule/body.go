package caddymodule

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// peekBody gives a body of at most maxBody bytes, and leaves it where it was. A longer one is not whole.
func peekBody(r *http.Request) (body []byte, whole bool, err error) {
	if r.ContentLength > maxBody {
		return nil, false, nil
	}
	body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, false, unreadable(err)
	}
	r.Body = readBefore{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, len(body) <= maxBody, nil
}

// setBody gives r another body. What was known of the old one is gone.
func setBody(r *http.Request, body []byte) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Body = readBefore{bytes.NewReader(body), r.Body}
	r.GetBody = nil
	r.ContentLength = int64(len(body))
	r.TransferEncoding = nil
	r.Trailer = nil
	for _, name := range []string{"Transfer-Encoding", "Trailer", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest"} {
		delete(r.Header, name)
	}
	r.Header["Content-Length"] = []string{strconv.Itoa(len(body))}
}

// readBefore is a body of which something was read before.
type readBefore struct {
	io.Reader
	io.Closer
}

// unreadable is the answer for a body that broke off, or that is too long for the site's request_body.
func unreadable(err error) *Problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return bodyTooLarge()
	}
	p := invalid("the body could not be read")
	p.Err = err
	return p
}
