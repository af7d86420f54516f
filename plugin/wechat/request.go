package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
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

	// credential says that a credential is asked for.
	credential bool

	// Secrets are values in Path, Query, Header or Body that must never appear in an error.
	// AccessToken is one without being named here.
	Secrets []string

	// Rewrite, unless nil, is given the Content-Type and the body of a 200 and returns what is read in its place: for
	// others than WeChat.
	Rewrite func(contentType string, body []byte) []byte
}

var errLost = errors.New("connection lost after the request was sent")

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
