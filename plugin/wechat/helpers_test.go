package wechat

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Credentials as long as WeChat's, so that a leak of one is no chance hit.
const (
	testAppID  = "wxf8b4f85f3a794e77"
	testSecret = "0f7c13d9a2b84e56c1d0e9f8a7b6c5d4"
	testToken  = "72_kTcYbUxWz0-ZpQ4nVr8LsDmGfHjKaXeCvBnMqWeRtYuIoPlKjHgFdSaZxCv"
)

// noProxy keeps the environment's proxy out of the tests.
func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// newClient makes a client that ends with the test.
func newClient(t testing.TB, cfg Config, baseURLs ...string) *Client {
	t.Helper()
	cfg.BaseURLs = baseURLs
	if cfg.Proxy == nil {
		cfg.Proxy = noProxy
	}
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

// serve starts an HTTP server that ends with the test.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// answer serves one body to everybody.
func answer(t testing.TB, body string) *httptest.Server {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

// refused is the base URL of a port where nobody listens.
func refused(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// rawServer is a server without HTTP: handle gets each connection, which is
// closed when it returns.
type rawServer struct {
	url   string
	conns atomic.Int32
}

func serveRaw(t testing.TB, handle func(n int, conn net.Conn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + l.Addr().String()}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n := int(s.conns.Add(1))
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				defer conn.Close()
				handle(n, conn)
			}()
			go func() {
				select {
				case <-stop:
					conn.Close()
				case <-finished:
				}
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		close(stop)
		<-done
	})
	return s
}

// readRequest reads one request, body included.
func readRequest(r *bufio.Reader) (*http.Request, bool) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return req, err == nil
}

// wantError wants an *Error of this API and hands it out.
func wantError(t testing.TB, err error, api string) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got error %v (%T), want an *Error", err, err)
	}
	if e.API != api {
		t.Errorf("API %q, want %q", e.API, api)
	}
	return e
}

// clock is a local clock that tests move.
type clock struct{ nanos atomic.Int64 }

func newClock(t time.Time) *clock {
	c := new(clock)
	c.nanos.Store(t.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }
