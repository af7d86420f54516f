package bodies

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// usedText is for those who write a Caddyfile: as a rule the body went to the backend of a reverse_proxy whose handle_response
// the request is in.
const usedText = "the body was read before it came here: a reverse_proxy with handle_response around this wants `method GET`, or it takes the body"

// used is the answer for a body that was read to its end before.
func used(err error) *problem.Problem {
	p := problem.Invalid(usedText)
	p.Err, p.Warn = err, true
	return p
}

// wasUsed tells whether a body of which nothing could be read, for err or none, was read to its end before. HTTP/1 says so.
// HTTP/2 and HTTP/3 give the end once more, or an error without a name where the proxy closed the body first.
func wasUsed(r *http.Request, err error) bool {
	const handleResponse caddy.CtxKey = "reverse_proxy_handle_response_context" // Caddy's
	if r.Context().Value(handleResponse) != nil || errors.Is(err, http.ErrBodyReadAfterClose) {
		return true
	}
	return r.ContentLength > 0 && (err == nil || err == io.EOF)
}

// UsedBefore has an error of Caddy's handlers say that it is because the body was read to its end before. All others stay as
// they are.
func UsedBefore(err error) error {
	h, ok := errors.AsType[caddyhttp.HandlerError](err)
	if !ok {
		return err
	}
	h.Err = fmt.Errorf("%s: %w", usedText, h.Err)
	return h
}
