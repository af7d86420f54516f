package wechat

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// However many Clients and callers there are, a host sees 64 connections and no more, and what others upload takes none from the
// calls that ask for credentials.
func TestConnectionsAreBounded(t *testing.T) {
	var open, most atomic.Int32
	slow := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cgi-bin/media/upload" {
			<-slow
		}
		_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
	})
	shared := Connect(Config{Proxy: noProxy, Timeout: time.Minute})
	defer shared.Close()
	for _, transport := range []*http.Transport{shared.credentials, shared.others} {
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			n := open.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return &countedConn{Conn: conn, open: &open}, nil
		}
	}
	var wg sync.WaitGroup
	for range 10 {
		c := New(Config{BaseURLs: []string{s.URL}, Proxy: noProxy, Timeout: time.Minute, Connections: shared})
		defer c.Close()
		for range 10 {
			account := c.Observed(nil, nil)
			wg.Go(func() {
				var a struct{}
				if err := account.Do(t.Context(), Call{API: "upload", Path: "/cgi-bin/media/upload"}, &a); err != nil {
					t.Error(err)
				}
			})
		}
	}
	for open.Load() < maxOtherConns {
		time.Sleep(time.Millisecond)
	}
	for range 200 { // while nothing of the uploads moves
		c := New(Config{BaseURLs: []string{s.URL}, Proxy: noProxy, Timeout: time.Minute, Connections: shared})
		wg.Go(func() {
			if _, err := c.Token(t.Context(), testAppID, testSecret); err != nil {
				t.Error(err)
			}
		})
	}
	for open.Load() == maxOtherConns {
		time.Sleep(time.Millisecond)
	}
	if _, err := New(Config{BaseURLs: []string{s.URL}, Timeout: time.Minute, Connections: shared}).StableToken(t.Context(), testAppID, testSecret, false); err != nil {
		t.Error(err)
	}
	close(slow)
	wg.Wait()
	if n := most.Load(); n > 64 {
		t.Errorf("%d connections", n)
	}
}

// countedConn counts while it is open.
type countedConn struct {
	net.Conn
	open *atomic.Int32
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// Clients that share their connections know the same of the hosts and of WeChat's clock, and each tells its own observer.
func TestObserved(t *testing.T) {
	good := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}
		_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
	})
	var bad atomic.Int32
	down := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		bad.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	c := newClient(t, Config{}, down.URL, good.URL)
	var first, second int
	a := c.Observed(func(string, error, time.Duration) { first++ }, nil)
	b := c.Observed(func(string, error, time.Duration) { second++ }, nil)
	for range 3 {
		if _, err := a.Token(t.Context(), testAppID, testSecret); err != nil {
			t.Error(err)
		}
		if _, err := b.Token(t.Context(), testAppID, testSecret); err != nil {
			t.Error(err)
		}
	}
	if first != 3 || second != 3 {
		t.Errorf("told of %d and %d calls, want 3 each", first, second)
	}
	if bad.Load() != 1 {
		t.Errorf("the host that is down was asked %d times, want once", bad.Load())
	}
	if a.Offset() != b.Offset() || !b.Measured() || b.Offset() < 59*time.Minute {
		t.Errorf("clocks %v and %v", a.Offset(), b.Offset())
	}
}
