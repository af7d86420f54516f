package wechat

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var quiet = log.New(io.Discard, "", 0)

const goodToken = `{"access_token":"A","expires_in":7200}`

// How one host may fail, and what the call then says when there is no other.
var failures = []struct {
	name string
	make func(t *testing.T) string
	sent bool // the request has been written by then
	want string
}{
	{"refused", func(t *testing.T) string { return refused(t) }, false, "connection refused"},
	{"500", func(t *testing.T) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }).URL
	}, true, "HTTP status 500"},
	{"503 with JSON", func(t *testing.T) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			_, _ = io.WriteString(w, goodToken)
		}).URL
	}, true, "HTTP status 503"},
	{"dropped after the request", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) { readRequest(bufio.NewReader(conn)) }).url
	}, true, "EOF"},
	{"half a header", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-")
		}).url
	}, true, "malformed MIME header"},
	{"half a body", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"+goodToken)
		}).url
	}, true, "reading the answer: unexpected EOF"},
	{"half a chunk", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n60\r\n"+goodToken)
		}).url
	}, true, "reading the answer: unexpected EOF"},
	{"no HTTP", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "220 mail ready\r\n")
		}).url
	}, true, "malformed HTTP"},
	{"endless header", func(t *testing.T) string {
		return serveRaw(t, func(_ int, conn net.Conn) {
			readRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20))
		}).url
	}, true, ""},
	{"HTML", func(t *testing.T) string { return answer(t, "<html>log in to the network</html>").URL }, true, "not the JSON that was due"},
	{"nothing", func(t *testing.T) string { return answer(t, "").URL }, true, "not the JSON that was due"},
	{"text", func(t *testing.T) string { return answer(t, `"ok"`).URL }, true, "not the JSON that was due"},
	{"null", func(t *testing.T) string { return answer(t, "null").URL }, true, "not the JSON that was due"},
	{"array", func(t *testing.T) string { return answer(t, "["+goodToken+"]").URL }, true, "not the JSON that was due"},
	{"two objects", func(t *testing.T) string { return answer(t, goodToken+goodToken).URL }, true, "not the JSON that was due"},
	{"half an object", func(t *testing.T) string { return answer(t, goodToken[:20]).URL }, true, "not the JSON that was due"},
	{"too long", func(t *testing.T) string { return answer(t, strings.Repeat(" ", maxAnswer)+goodToken).URL }, true, "longer than"},
	{"403", func(t *testing.T) string { return status(t, 403, "<html>denied</html>") }, true, "HTTP status 403"},
	{"403 with JSON", func(t *testing.T) string { return status(t, 403, goodToken) }, true, "HTTP status 403"},
	{"301", func(t *testing.T) string { return status(t, 301, goodToken) }, true, "HTTP status 301"},
	{"302", func(t *testing.T) string { return status(t, 302, "") }, true, "HTTP status 302"},
	{"307", func(t *testing.T) string { return status(t, 307, "") }, true, "HTTP status 307"},
	{"404 with HTML", func(t *testing.T) string { return status(t, 404, "<html>") }, true, "HTTP status 404"},
	{"429 with nothing", func(t *testing.T) string { return status(t, 429, "") }, true, "HTTP status 429"},
	{"204", func(t *testing.T) string { return status(t, 204, "") }, true, "HTTP status 204"},
	{"retired address", func(t *testing.T) string {
		return answer(t, `{"errcode":48017,"errmsg":"retired ip"}`).URL
	}, true, "errcode 48017"},
}

// status is the base URL of a host that answers everything so; a redirect leads to an answer that is good.
func status(t *testing.T, code int, body string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			t.Error("the redirect was followed")
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}).URL
}

func TestHostFails(t *testing.T) {
	for _, test := range failures {
		t.Run(test.name, func(t *testing.T) {
			second := answer(t, goodToken)
			for _, repeatable := range []bool{true, false} {
				for _, body := range []any{nil, []byte(`{"a":1}`)} {
					call := Call{API: "x", Path: "/x", AccessToken: testToken, Body: body, Repeatable: repeatable}
					bad := test.make(t)

					// Alone.
					e := wantError(t, newClient(t, Config{}, bad).Do(t.Context(), call, new(tokenAnswer)), "x")
					if !strings.Contains(e.Error(), test.want) || e.Timeout || e.Reaction() != Transient {
						t.Errorf("repeatable %v: got %v, want %q", repeatable, e, test.want)
					}
					checkNoSecrets(t, e)

					// With another host, which must not see a call twice that must not run twice.
					var a tokenAnswer
					err := newClient(t, Config{}, bad, second.URL).Do(t.Context(), call, &a)
					if repeatable || !test.sent {
						if err != nil || a.AccessToken != "A" {
							t.Errorf("repeatable %v: got %+v, %v from the second host", repeatable, a, err)
						}
					} else if err == nil {
						t.Error("not repeatable: the call went to the second host")
					}
				}
			}
		})
	}
}

// A JSON object is an answer, whatever it says: no other host is asked.
func TestAnswerIsNotTakenElsewhere(t *testing.T) {
	for _, test := range []struct {
		name string
		h    http.HandlerFunc
	}{
		{"errcode", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":40013,"errmsg":"invalid appid"}`)
		}},
		{"busy", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":-1,"errmsg":"system error"}`)
		}},
		{"no token", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }},
		{"404 with JSON", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, `{"errcode":0}`)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var second atomic.Int32
			s2 := serve(t, func(http.ResponseWriter, *http.Request) { second.Add(1) })
			c := newClient(t, Config{}, serve(t, test.h).URL, s2.URL)
			if _, err := c.Token(t.Context(), testAppID, testSecret); err == nil {
				t.Error("no error")
			}
			if second.Load() != 0 {
				t.Error("the second host was asked")
			}
		})
	}
}

func TestAllHostsFail(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) })
	_, err := newClient(t, Config{}, refused(t), refused(t), s.URL).Token(t.Context(), testAppID, testSecret)
	if e := wantError(t, err, "token"); e.Status != 502 {
		t.Errorf("got %+v, want the last host's failure", e)
	}
}

// A host that swallows packets must leave time for the next. It is played by
// one that accepts the connection and never answers the TLS handshake.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	hole := serveRaw(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	second := answer(t, goodToken)
	c := newClient(t, Config{Timeout: 3 * time.Second}, strings.Replace(hole.url, "http:", "https:", 1), second.URL)
	for i := range 2 {
		g, err := c.Token(t.Context(), testAppID, testSecret)
		if err != nil || g.Value != "A" {
			t.Fatalf("call %d: got %+v, %v", i, g, err)
		}
	}
	if n := hole.conns.Load(); n != 1 {
		t.Errorf("%d connections to the black hole, want 1", n)
	}
}

func TestBlackHoleAlone(t *testing.T) {
	hole := serveRaw(t, func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	base := strings.Replace(hole.url, "http:", "https:", 1)
	for _, bases := range [][]string{{base}, {base, base + "/2"}} {
		_, err := newClient(t, Config{Timeout: 100 * time.Millisecond}, bases...).Token(t.Context(), testAppID, testSecret)
		if e := wantError(t, err, "token"); !e.Timeout {
			t.Errorf("got %+v", e)
		}
	}
}

// Each host has the time-out to itself: one that uses it up, at whatever point, leaves the next one all of its own, and that
// is not blamed.
func TestSlowHostIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second // this machine may be slow
	for name, first := range map[string]func(w http.ResponseWriter, r *http.Request){
		"hangs":           hang,
		"504 at the end":  func(w http.ResponseWriter, _ *http.Request) { time.Sleep(timeout * 9 / 10); w.WriteHeader(504) },
		"header, no body": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); hang(w, r) },
		"drips":           func(w http.ResponseWriter, r *http.Request) { drip(w, r) },
		"hangs in the body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, goodToken[:9])
			w.(http.Flusher).Flush()
			hang(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := serve(t, first)
			t.Cleanup(bad.CloseClientConnections)
			second := answer(t, goodToken)
			c := newClient(t, Config{Timeout: timeout}, bad.URL, second.URL)
			for i := range 6 {
				if g, err := c.Token(t.Context(), testAppID, testSecret); err != nil || g.Value != "A" {
					t.Errorf("call %d: got %+v, %v", i, g, err)
				}
			}
			if c.hosts[0].failed.Load() == 0 || c.hosts[1].failed.Load() != 0 {
				t.Errorf("blamed: first %v, second %v", c.hosts[0].failed.Load() != 0, c.hosts[1].failed.Load() != 0)
			}
		})
	}
}

// hang answers no more until the client has gone, which a server notices once it has read the request.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// drip answers a byte now and then.
func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

// A caller who leaves, or has less time, says nothing of the host, and asks no other.
func TestCallerWithLessTime(t *testing.T) {
	bad := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	second := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the second host was asked") })
	c := newClient(t, Config{Timeout: time.Minute}, bad.URL, second.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Token(ctx, testAppID, testSecret)
	if e := wantError(t, err, "token"); !e.Timeout || c.hosts[0].failed.Load() != 0 {
		t.Errorf("got %v, blamed %v", e, c.hosts[0].failed.Load() != 0)
	}
}

// A slow answer is waited for.
func TestSlowAnswerIsNotFailedOver(t *testing.T) {
	t.Parallel()
	slow := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2100 * time.Millisecond)
		_, _ = io.WriteString(w, goodToken)
	})
	var second atomic.Int32
	s2 := serve(t, func(http.ResponseWriter, *http.Request) { second.Add(1) })
	c := newClient(t, Config{Timeout: 4 * time.Second}, slow.URL, s2.URL)
	if _, err := c.Token(t.Context(), testAppID, testSecret); err != nil || second.Load() != 0 {
		t.Errorf("got %v after %d calls of the second host", err, second.Load())
	}
}

// A host that failed comes last for a minute, then is tried again.
func TestFailedHostRests(t *testing.T) {
	clk := newClock(time.Unix(1_700_000_000, 0))
	var first, second atomic.Int32
	var down atomic.Bool
	s1 := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		first.Add(1)
		if down.Load() {
			w.WriteHeader(500)
			return
		}
		_, _ = io.WriteString(w, goodToken)
	})
	s2 := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		second.Add(1)
		_, _ = io.WriteString(w, goodToken)
	})
	c := newClient(t, Config{Now: clk.now}, s1.URL, s2.URL)
	call := func(name string, want1, want2 int32) {
		t.Helper()
		if _, err := c.Token(t.Context(), testAppID, testSecret); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if first.Load() != want1 || second.Load() != want2 {
			t.Fatalf("%s: %d and %d calls, want %d and %d", name, first.Load(), second.Load(), want1, want2)
		}
	}
	call("well", 1, 0)
	down.Store(true)
	call("fails", 2, 1)
	call("rests", 2, 2)
	clk.advance(failedFor - time.Second)
	call("still rests", 2, 3)
	clk.advance(2 * time.Second)
	call("tried again, fails", 3, 4)
	call("rests again", 3, 5)
	down.Store(false)
	clk.advance(failedFor + time.Second)
	call("well again", 4, 5)
	call("stays first", 5, 5)

	down.Store(true)
	call("fails once more", 6, 6)
	clk.advance(-time.Hour)
	call("a clock set back does not keep it away", 7, 7)
}

// Of many callers one tries a host whose minute is over.
func TestOneCallerProbes(t *testing.T) {
	hs := newHosts([]string{"http://a", "http://b"})
	now := time.Now()
	hs[0].noteFailure(now.Add(-2 * failedFor))
	var probes atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if hs.order(now)[0] == hs[0] {
				probes.Add(1)
			}
		})
	}
	wg.Wait()
	if probes.Load() != 1 {
		t.Errorf("%d callers probe, want 1", probes.Load())
	}
}

// What net/http does by itself when a kept connection turns out to be dead.
func TestDeadKeptConnection(t *testing.T) {
	for _, body := range []any{nil, []byte(`{"a":1}`)} {
		for _, repeatable := range []bool{true, false} {
			var lost atomic.Int32
			s := serveRaw(t, func(n int, conn net.Conn) {
				r := bufio.NewReader(conn)
				for i := 0; ; i++ {
					if _, ok := readRequest(r); !ok {
						return
					}
					if n == 1 && i == 1 {
						lost.Add(1)
						return // got the request, perhaps ran it, and the answer is lost
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n"+goodToken)
				}
			})
			c := newClient(t, Config{}, s.url)
			call := Call{API: "x", Path: "/x", Body: body, Repeatable: repeatable}
			if err := c.Do(t.Context(), call, new(tokenAnswer)); err != nil {
				t.Fatal(err)
			}
			err := c.Do(t.Context(), call, new(tokenAnswer))
			if (err == nil) != repeatable {
				t.Errorf("repeatable %v, body %s: got %v", repeatable, body, err)
			}
			if n := s.conns.Load(); !repeatable && n != 1 || lost.Load() != 1 {
				t.Errorf("repeatable %v, body %s: %d connections, %d lost answers", repeatable, body, n, lost.Load())
			}
		}
	}
}

// Over HTTP/2, too, a call that must not run twice is sent once.
func TestLostAnswerOverHTTP2(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		var calls atomic.Int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			calls.Add(1)
			panic(http.ErrAbortHandler)
		}))
		s.EnableHTTP2 = true
		s.Config.ErrorLog = quiet
		s.StartTLS()
		c := newClient(t, Config{RootCAs: poolOf(s)}, s.URL, s.URL+"/second")
		err := c.Do(t.Context(), Call{API: "x", Path: "/x", Body: []byte("{}"), Repeatable: repeatable}, nil)
		wantError(t, err, "x")
		want := int32(1)
		if repeatable {
			want = 2
		}
		if calls.Load() != want {
			t.Errorf("repeatable %v: %d calls, want %d", repeatable, calls.Load(), want)
		}
		s.Close()
	}
}

func TestUnusableURL(t *testing.T) {
	second := answer(t, goodToken)
	for _, bad := range []string{"http://bad host", "::", "ftp://127.0.0.1", "http://[::1", ""} {
		_, err := newClient(t, Config{}, bad).Token(t.Context(), testAppID, testSecret)
		checkNoSecrets(t, wantError(t, err, "token"))
		if _, err := newClient(t, Config{}, bad, second.URL).Token(t.Context(), testAppID, testSecret); err != nil {
			t.Errorf("%q: the second host was not asked: %v", bad, err)
		}
	}
}
