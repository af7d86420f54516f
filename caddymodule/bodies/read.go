package bodies

import (
	"io"
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
)

// Max is how many bytes a request body may have.
const Max = 64 << 10

// Read reads a body of at most maxBody bytes.
func Read(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > Max {
		return nil, TooLarge()
	}
	var body []byte
	var n int
	var err error
	if r.ContentLength > 0 {
		body = make([]byte, r.ContentLength)
		n, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, Max+1))
		n = len(body)
	}
	if n == 0 && wasUsed(r, err) {
		return nil, used(err)
	}
	if err != nil {
		return nil, Unreadable(err)
	}
	if len(body) > Max {
		return nil, TooLarge()
	}
	return body, nil
}

// TooLarge is the 413 for a body of more than Max bytes.
func TooLarge() *problem.Problem {
	return problem.Newf(http.StatusRequestEntityTooLarge, problem.ReasonBodyTooLarge, "the body has more than %d bytes", Max)
}
