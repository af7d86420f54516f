package wechat

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Sealer seals a call, and opens its answer.
type Sealer interface {
	// Seal gives what is sent in the place of a call's header and body. It is asked anew for each host: what a host has got, another
	// one may take for a repeat.
	Seal(header http.Header) (http.Header, []byte, error)

	// Open makes of an answer what it says, which is read to its end first, and comes whole. With plain the body is as WeChat sent it.
	Open(header http.Header, body []byte) (answer []byte, plain bool, err error)
}

// seal gives the call as one host gets it.
func (r *Relay) seal() (*Relay, error) {
	if r.Sealed == nil {
		return r, nil
	}
	header, body, err := r.Sealed.Seal(r.Request.Header)
	if err != nil {
		return nil, err
	}
	sealed := *r
	sealed.Request = r.Request.WithContext(r.Request.Context()) // a copy
	sealed.Request.Header, sealed.Body = header, body
	return &sealed, nil
}

// maxSealed bounds the answers that are opened.
const maxSealed = 4 << 20

// open opens an answer, of whose status e speaks.
func (c *Client) open(r *Relay, resp *http.Response, e *Error) (*http.Response, *Error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSealed+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, transportError(r.cleaner(), cmp.Or(context.Cause(resp.Request.Context()), err))
	}
	if len(body) > maxSealed {
		return nil, &Error{Err: fmt.Errorf("answer longer than %d bytes", maxSealed)}
	}
	answer, plain, err := r.Sealed.Open(resp.Header, body)
	if err != nil {
		failed := &Error{Err: err}
		if resp.StatusCode != http.StatusOK {
			failed.Status = resp.StatusCode
		}
		return nil, failed
	}
	resp.Body, resp.ContentLength, resp.TransferEncoding = io.NopCloser(bytes.NewReader(answer)), int64(len(answer)), nil
	resp.Header.Set("Content-Length", strconv.Itoa(len(answer)))
	if !plain {
		for name := range resp.Header {
			if strings.HasPrefix(name, "Wechatmp-") || name == "Etag" || name == "Content-Md5" {
				delete(resp.Header, name) // of what was sealed
			}
		}
		resp.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	code, msg := errcodeOf(answer)
	if code == 0 {
		return resp, e
	}
	if code == codeRetiredIP {
		c.connections.Close()
	}
	msg = r.cleaner().text(msg)
	return resp, &Error{Code: code, Msg: msg, RID: findRID(msg)}
}
