package bodies_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
)

var readers = map[string]func(*http.Request) error{
	"Read": func(r *http.Request) error { _, err := bodies.Read(r); return err },
	"Peek": func(r *http.Request) error { _, _, err := bodies.Peek(r); return err },
}

// TestBroken sends bodies that break off: with the connection, or while the client still waits for an answer.
func TestBroken(t *testing.T) {
	for _, tc := range []struct {
		name, rest string
		gone       bool
	}{
		{"Content-Length", "Content-Length: 9\r\n\r\nhalf", true},
		{"Content-Length, and nothing", "Content-Length: 9\r\n\r\n", true},
		{"a chunk", "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf", true},
		{"between chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", true},
		{"before the first chunk", "Transfer-Encoding: chunked\r\n\r\n", true},
		{"no chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n", false},
	} {
		for name, read := range readers {
			got := make(chan error, 1)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- read(r) }))
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: localhost\r\n"+tc.rest)
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			want(t, name+" of "+tc.name, <-got, tc.gone)
			_, _ = http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // there is none
			conn.Close()
			server.Close()
		}
	}
}

// TestBrokenOverHTTP3 has bodies as HTTP/3 gives them, which says of none that it is shorter than told, and of a client only by the context
// that it has gone.
func TestBrokenOverHTTP3(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	for _, tc := range []struct {
		name string
		body io.Reader
		ctx  context.Context
		gone bool
	}{
		{"shorter than told", strings.NewReader("half"), t.Context(), false},
		{"reset", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("stream reset"))), left, true},
		{"broken", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("x"))), t.Context(), false},
	} {
		for name, read := range readers {
			r := httptest.NewRequestWithContext(tc.ctx, http.MethodPost, "/", tc.body)
			r.ContentLength, r.Proto, r.ProtoMajor, r.ProtoMinor = 9, "HTTP/3.0", 3, 0
			want(t, name+" of one that is "+tc.name, read(r), tc.gone)
		}
	}
}

func want(t *testing.T, what string, err error, gone bool) {
	t.Helper()
	if _, is := errors.AsType[*problem.ClientGone](err); is != gone {
		t.Errorf("%s: got %v, want that the client has gone: %v", what, err, gone)
	}
	if p, is := errors.AsType[*problem.Problem](err); is == gone || is && p.Status != http.StatusBadRequest {
		t.Errorf("%s: got %v", what, err)
	}
}
