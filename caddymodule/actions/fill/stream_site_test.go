package fill_test

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/klauspost/compress/zstd"
)

// flusher is what packs a stream.
type flusher interface {
	io.Writer
	Flush() error
}

type plainStream struct{ io.Writer }

func (plainStream) Flush() error { return nil }

// packings are content codings from both sides.
var packings = map[string]struct {
	pack   func(io.Writer) flusher
	unpack func(io.Reader) (io.Reader, error)
}{
	"": {
		func(w io.Writer) flusher { return plainStream{w} },
		func(r io.Reader) (io.Reader, error) { return r, nil },
	},
	"gzip": {
		func(w io.Writer) flusher { return gzip.NewWriter(w) },
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	},
	"br": {
		func(w io.Writer) flusher { return brotli.NewWriter(w) },
		func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	},
	"deflate": {
		func(w io.Writer) flusher { return zlib.NewWriter(w) },
		func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
	},
	"zstd": {
		func(w io.Writer) flusher { e, _ := zstd.NewWriter(w); return e },
		func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	},
}

// TestFillJSONStreams reads values one by one that stand one behind the other in an answer, packed or not: the backend sends
// the next but one when the client has seen one.
func TestFillJSONStreams(t *testing.T) {
	seen := make(chan struct{})
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		coding := r.Header.Get("X-Coding")
		w.Header().Set("Content-Type", "application/json")
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		out := packings[coding].pack(w)
		for i := range 4 {
			fmt.Fprintf(out, `{"n":%d}`+"\n", i)
			_ = out.Flush()
			_ = http.NewResponseController(w).Flush()
			if i > 0 { // for the first one nobody can tell
				<-seen
			}
		}
	})
	front := httptest.NewServer(s.Server)
	defer front.Close()
	for coding, packing := range packings {
		t.Run(coding, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "localhost"
			r.Header.Set("X-Coding", coding)
			r.Header.Set("Accept-Encoding", "gzip, br, deflate, zstd")
			resp, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			plain, err := packing.unpack(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(plain)
			for i := range 4 {
				if got, err := in.ReadString('\n'); err != nil || got != fmt.Sprintf(`{"n":%d}`+"\n", i) {
					t.Fatalf("got %q, %v", got, err)
				}
				if i > 0 {
					seen <- struct{}{}
				}
			}
		})
	}
}

// TestFillBothWays talks with a backend: each value is answered before the next one is sent, over HTTP/2 on both sides and
// with HTTP/1.1 behind.
func TestFillBothWays(t *testing.T) {
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = rc.Flush()
		in := bufio.NewReader(r.Body)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(w, line)
			_ = rc.Flush()
		}
	}))
	backend.Config.Protocols = new(http.Protocols)
	backend.Config.Protocols.SetHTTP1(true)
	backend.Config.Protocols.SetUnencryptedHTTP2(true)
	backend.Start()
	defer backend.Close()
	for _, scheme := range []string{"h2c://", "http://"} {
		t.Run(scheme, func(t *testing.T) {
			s := sitetest.New(t, strings.ReplaceAll(fillRoute, "BACKEND", scheme+backend.Listener.Addr().String()))
			front := httptest.NewUnstartedServer(s.Server)
			front.EnableHTTP2 = true
			front.StartTLS()
			defer front.Close()
			body, out := io.Pipe()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "localhost"
			client := front.Client()
			client.Timeout = 20 * time.Second
			resp, err := client.Do(r) // before anything is sent
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			in := bufio.NewReader(resp.Body)
			for i := range 3 {
				line := fmt.Sprintf(`{"n":%d}`+"\n", i)
				fmt.Fprint(out, line)
				if got, err := in.ReadString('\n'); err != nil || got != line {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			out.Close()
			if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 || resp.ProtoMajor != 2 {
				t.Errorf("then got %q, %v over %s", rest, err, resp.Proto)
			}
		})
	}
}

// TestFillUploads fills answers to bodies of any kind that the backend reads to their end, or does not read at all.
func TestFillUploads(t *testing.T) {
	s := sitetest.NewListening(t, `
	route {
		wechat_card fill {
			card p1
		}
		header /inside Content-Type application/json
		respond /inside `+"`"+`{"cardId":"p1","cardExt":\{\}}`+"`"+`
		reverse_proxy BACKEND
	}`, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_ = http.NewResponseController(w).Flush() // so that there is no Content-Length
		fmt.Fprint(w, cardJSON)
	})
	front := httptest.NewUnstartedServer(s.Server)
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()
	for _, path := range []string{"/inside", "/backend"} {
		for _, size := range []int{0, 10, 100_000} {
			for _, told := range []bool{true, false} {
				for _, url := range []string{"http://" + s.Addr, front.URL} {
					var body io.Reader = strings.NewReader(strings.Repeat("x", size))
					if !told {
						body = struct{ io.Reader }{body}
					}
					r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, body)
					if err != nil {
						t.Fatal(err)
					}
					r.Host = "localhost"
					resp, err := front.Client().Do(r)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || !signedJSON.Match(got) {
						t.Errorf("%s, %d bytes, length told: %t, %s: got %s, %v", path, size, told, resp.Proto, got, err)
					}
				}
			}
		}
	}
}
