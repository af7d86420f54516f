package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// maxKept bounds the bodies that are kept for a repeat.
const maxKept = 2 << 20

// prepare makes the request that goes to the proxy: without what is not for WeChat, and without a query, for the proxy
// logs it.
func (c *relayCall) prepare(r *http.Request) (*http.Request, error) {
	out := r.WithContext(context.WithValue(r.Context(), relayCallKey{}, c))
	u := *r.URL
	u.RawQuery = ""
	out.URL, out.RequestURI = &u, u.EscapedPath()
	out.Header = relayHeader(r.Header)
	return out, c.keepBody(out)
}

// relayHeader copies what may be sent on.
func relayHeader(header http.Header) http.Header {
	out := make(http.Header, len(header)+3)
	for name, values := range header {
		switch name {
		case "Cookie", "Authorization", "Accept-Encoding", "Forwarded", "X-Real-Ip", "Via", "Origin", "Referer", "Upgrade", "Expect":
			continue
		}
		if !strings.HasPrefix(name, "X-Forwarded-") {
			out[name] = values
		}
	}
	// fields that are there without a value are those that the proxy does not add
	out["X-Forwarded-For"], out["X-Forwarded-Proto"], out["X-Forwarded-Host"] = nil, nil, nil
	return out
}

// keepBody reads a body that may be sent twice, and leaves the others where they are.
func (c *relayCall) keepBody(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 || r.ContentLength > maxKept || isMultipart(r.Header) {
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
		if _, ok := errors.AsType[caddyhttp.HandlerError](err); ok {
			return err // of request_body, which has a bound of its own
		}
		return bodies.Unreadable(err)
	}
	if body.Len() > maxKept {
		r.Body = bodies.ReadBefore{Reader: io.MultiReader(&body, r.Body), Closer: r.Body}
		return nil
	}
	c.Body = body.Bytes()
	r.Body, r.ContentLength, r.Trailer = http.NoBody, 0, nil
	return nil
}

func isMultipart(header http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return strings.HasPrefix(mediaType, "multipart/") || err != nil && strings.Contains(strings.ToLower(header.Get("Content-Type")), "multipart/")
}
