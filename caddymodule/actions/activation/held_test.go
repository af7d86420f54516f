package activation

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// answerThrough lets a backend's handler answer through a heldAnswer, as activation does, and gives what a client reads.
func answerThrough(t *testing.T, handler http.HandlerFunc) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		held := newHeldAnswer(w)
		handler(held, r)
		if held.Holding() {
			held.Send(held.Body)
		}
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestHeldAnswerLengths(t *testing.T) {
	for _, n := range []int{0, 1, 4096, maxHeldAnswer - 1, maxHeldAnswer, maxHeldAnswer + 1, 3 * maxHeldAnswer} {
		for _, declared := range []bool{false, true} {
			for _, copied := range []bool{false, true} {
				want := strings.Repeat("7", n)
				resp, got := answerThrough(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/vnd.shop+json; charset=utf-8")
					if declared {
						w.Header().Set("Content-Length", strconv.Itoa(n))
					}
					w.WriteHeader(http.StatusCreated)
					w.WriteHeader(http.StatusTeapot) // too late
					if held := w.(*heldAnswer); held.Holding() != (!declared || n <= maxHeldAnswer) {
						t.Errorf("%d bytes, declared %t: holding %t", n, declared, held.Holding())
					}
					if copied {
						_, _ = io.Copy(w, io.MultiReader(strings.NewReader(want))) // uses ReadFrom
						return
					}
					for part := want; part != ""; {
						size := min(len(part), 1000)
						_, _ = io.WriteString(w, part[:size])
						part = part[size:]
					}
				})
				if resp.StatusCode != http.StatusCreated || got != want {
					t.Errorf("%d bytes, declared %t, copied %t: got %d and %d bytes", n, declared, copied, resp.StatusCode, len(got))
				}
			}
		}
	}
}

func TestHeldAnswerLetsStreamsGo(t *testing.T) {
	read := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		held := newHeldAnswer(w)
		held.Header().Set("Link", "</a.css>")
		held.WriteHeader(http.StatusEarlyHints)
		held.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(held, "data: 1\n\n")
		if err := http.NewResponseController(held).Flush(); err != nil {
			t.Error(err)
		}
		<-read // would never come if the first event were held
		_, _ = io.Copy(held, strings.NewReader("data: 2\n\n"))
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	r := bufio.NewReader(conn)
	hints, err := http.ReadResponse(r, nil)
	if err != nil || hints.StatusCode != http.StatusEarlyHints || hints.Header.Get("Link") == "" {
		t.Fatalf("got %v, %v", hints, err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 9)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	close(read)
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(first)+string(rest) != "data: 1\n\ndata: 2\n\n" {
		t.Errorf("got %q and %q, %v", first, rest, err)
	}
}

func TestHeldAnswerFlushAndTrailers(t *testing.T) {
	_, got := answerThrough(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"a":`)
		if err := http.NewResponseController(w).Flush(); err != nil || !w.(*heldAnswer).Holding() {
			t.Errorf("a flush lets go what is held, or fails: %v", err)
		}
		_, _ = io.WriteString(w, `1}`)
	})
	if got != `{"a":1}` {
		t.Errorf("got %s", got)
	}
	for typ, sent := range map[string]bool{"application/json": false, "text/event-stream": true} { // before anything is written
		rec := httptest.NewRecorder()
		held := newHeldAnswer(rec)
		held.Header().Set("Content-Type", typ)
		if err := http.NewResponseController(held).Flush(); err != nil || rec.Flushed != sent {
			t.Errorf("%s: a flush sends the header: %t, %v", typ, rec.Flushed, err)
		}
	}
	resp, _ := answerThrough(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, `{}`)
		w.Header().Set("X-Sum", "2")
	})
	if resp.Trailer.Get("X-Sum") != "2" {
		t.Errorf("got the trailers %v", resp.Trailer)
	}
}
