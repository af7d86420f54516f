package nostore

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// through gives what a client reads of an answer that goes through Serve.
func through(t *testing.T, method string, handler http.HandlerFunc) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = Serve(w, func(w http.ResponseWriter) error { handler(w, r); return nil })
	}))
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Transport.RoundTrip(r)
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

func TestWhatSaysSomethingOfCachingStays(t *testing.T) {
	for _, tc := range []struct {
		header string // name: value, of a line each
		want   []string
	}{
		{"", []string{"no-store"}},
		{"Cache-Control: ", []string{"no-store"}},
		{"Cache-Control: no-transform", []string{"no-transform", "no-store"}},
		{"Cache-Control: No-Transform, ", []string{"No-Transform, ", "no-store"}},
		{"Etag: \"e\"\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\nVary: Accept", []string{"no-store"}},
		{"Pragma: no-cache", []string{"no-store"}},
		{"Pragma: public", []string{"no-store"}},
		{"Surrogate-Control: max-age=60", []string{"no-store"}},
		{"CDN-Cache-Control: max-age=60", []string{"no-store"}},
		{"X-Accel-Expires: 60", []string{"no-store"}},

		{"Cache-Control: private", []string{"private"}},
		{"Cache-Control: max-age=60, public", []string{"max-age=60, public"}},
		{"Cache-Control: no-transform\nCache-Control: max-age=60", []string{"no-transform", "max-age=60"}},
		{"Cache-Control: NO-CACHE", []string{"NO-CACHE"}},
		{`Cache-Control: private="Set-Cookie, X-A"`, []string{`private="Set-Cookie, X-A"`}},
		{"Expires: Mon, 02 Jan 2096 15:04:05 GMT", nil},
		{"Expires: 0", nil},
	} {
		for _, status := range []int{200, 204, 206, 301, 304, 404, 410, 500} {
			resp, _ := through(t, http.MethodGet, func(w http.ResponseWriter, _ *http.Request) {
				for line := range strings.Lines(tc.header) {
					name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
					w.Header().Add(name, value)
				}
				w.WriteHeader(status)
			})
			var want []string
			for _, value := range tc.want {
				want = append(want, strings.TrimSpace(value)) // as net/http sends it
			}
			if got := resp.Header["Cache-Control"]; !slices.Equal(got, want) || resp.StatusCode != status {
				t.Errorf("%d with %q: got %d with Cache-Control %q, want %q", status, tc.header, resp.StatusCode, got, want)
			}
		}
	}
}

// However a handler begins its answer, the header is marked before it goes.
func TestHoweverAnAnswerBegins(t *testing.T) {
	for name, begin := range map[string]func(w http.ResponseWriter){
		"not at all": func(http.ResponseWriter) {},
		"body":       func(w http.ResponseWriter) { _, _ = io.WriteString(w, "body") },
		"copied":     func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("body")) },
		"flushed": func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "body")
		},
		"hints before": func(w http.ResponseWriter) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, "body")
		},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp, body := through(t, method, func(w http.ResponseWriter, _ *http.Request) { begin(w) })
			want := "body"
			if name == "not at all" || method == http.MethodHead {
				want = ""
			}
			if got := resp.Header["Cache-Control"]; !slices.Equal(got, []string{"no-store"}) || body != want {
				t.Errorf("%s, %s: got Cache-Control %q and %q", name, method, got, body)
			}
		}
	}
}

// Hints, and a connection that becomes another protocol's, go as they came.
func TestWhatIsNoAnswerIsLeftAlone(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = Serve(w, func(w http.ResponseWriter) error {
			if r.URL.Path == "/hints" {
				w.WriteHeader(http.StatusEarlyHints)
				return nil
			}
			w.Header().Set("Upgrade", "echo")
			w.Header().Set("Connection", "Upgrade")
			w.WriteHeader(http.StatusSwitchingProtocols)
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return nil
			}
			defer conn.Close()
			_, _ = buf.WriteString("hello")
			return buf.Flush()
		})
	}))
	defer srv.Close()
	for path, status := range map[string]int{"/hints": http.StatusEarlyHints, "/": http.StatusSwitchingProtocols} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", path)
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != status || resp.Header["Cache-Control"] != nil {
			t.Errorf("%s: got %v, %v", path, resp, err)
		}
		if status != http.StatusSwitchingProtocols {
			continue
		}
		hello := make([]byte, 5)
		if _, err := io.ReadFull(r, hello); err != nil || string(hello) != "hello" {
			t.Errorf("got %q, %v", hello, err)
		}
	}
}

// What an error route answers comes of the same request. It may say otherwise.
func TestErrorsAreMarked(t *testing.T) {
	failed := errors.New("the backend is gone")
	for _, said := range []string{"", "max-age=5"} {
		w := httptest.NewRecorder()
		if said != "" {
			w.Header().Set("Cache-Control", said)
		}
		err := Serve(w, func(http.ResponseWriter) error { return failed })
		want := said
		if want == "" {
			want = "no-store"
		}
		if got := w.Header().Get("Cache-Control"); !errors.Is(err, failed) || got != want {
			t.Errorf("got %v and Cache-Control %q, want %q", err, got, want)
		}
	}
	// in the middle of an answer there is nothing to mark any more
	w := httptest.NewRecorder()
	_ = Serve(w, func(w http.ResponseWriter) error {
		w.Header().Set("Cache-Control", "public")
		_, _ = io.WriteString(w, "half")
		w.Header().Del("Cache-Control")
		return failed
	})
	if w.Header()["Cache-Control"] != nil {
		t.Errorf("got %v", w.Header())
	}
}
