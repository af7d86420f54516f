//go:build binary

package binarytest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// merchant is a backend with all that a gateway could spoil.
func merchant(t *testing.T) (addr string) {
	t.Helper()
	mux := http.NewServeMux()
	// An upgrade, as WebSocket makes it: afterwards both sides just talk.
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(rw, "echo ", line)
			_ = rw.Flush()
		}
	})
	// Server-sent events: each must arrive before the next is sent.
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(200 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-After")
		fmt.Fprintf(w, "%s with %s", body, r.Trailer.Get("X-Sum"))
		w.Header().Set("X-After", "all of it")
	})
	mux.HandleFunc("GET /early", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "late")
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// TestPassesEverythingElse sends what a site may carry through a site with the directive: past actions that do not
// match, and through inject, which wraps the answer.
func TestPassesEverythingElse(t *testing.T) {
	backend := merchant(t)
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	p := freeport.Ports(t, 2)
	config := strings.Replace(gateway(w, p[0], "handle {\n\t\treverse_proxy "+backend+"\n\t}"), "{\n", "{\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n", 1)
	config += fmt.Sprintf(":%s {\n\twechat_card inject {\n\t\theader X-Ticket api_ticket\n\t\tquery t access_token\n\t}\n\treverse_proxy %s\n}\n", p[1], backend)
	h.run(t, h.file(t, "Caddyfile", config))

	for name, port := range map[string]string{"past actions": p[0], "through inject": p[1]} {
		site := "127.0.0.1:" + port
		t.Run(name+"/WebSocket", func(t *testing.T) { checkSocket(t, site) })
		t.Run(name+"/events", func(t *testing.T) { checkEvents(t, site) })
		t.Run(name+"/1 GiB upload", func(t *testing.T) { checkUpload(t, site) })
		t.Run(name+"/HTTP2 trailers", func(t *testing.T) { checkTrailers(t, site) })
		t.Run(name+"/early hints", func(t *testing.T) { checkEarlyHints(t, site) })
	}
}

func checkSocket(t *testing.T, site string) {
	conn, err := net.Dial("tcp", site)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", site)
	rd := bufio.NewReader(conn)
	resp, err := http.ReadResponse(rd, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", resp, err)
	}
	for i := range 3 {
		fmt.Fprintf(conn, "%d\n", i)
		if line, err := rd.ReadString('\n'); err != nil || line != fmt.Sprintf("echo %d\n", i) {
			t.Fatalf("got %q, %v", line, err)
		}
	}
}

func checkEvents(t *testing.T, site string) {
	began := time.Now()
	resp, err := http.Get("http://" + site + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || line != "data: 0\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("the first event came after %v: it was kept back", took)
	}
}

// zeros is a body of so many bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func checkUpload(t *testing.T, site string) {
	const size = 1 << 30
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+site+"/upload", zeros(size))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); string(got) != fmt.Sprint(size) {
		t.Errorf("%s: the backend got %s bytes", resp.Status, got)
	}
}

func checkTrailers(t *testing.T, site string) {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+site+"/trailers", io.NopCloser(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Sum": {"42"}}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.ProtoMajor != 2 || string(body) != "body with 42" || resp.Trailer.Get("X-After") != "all of it" {
		t.Errorf("%s: %q with trailers %v, %v", resp.Proto, body, resp.Trailer, err)
	}
}

func checkEarlyHints(t *testing.T, site string) {
	conn, err := net.Dial("tcp", site)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET /early HTTP/1.1\r\nHost: %s\r\n\r\n", site)
	rd := bufio.NewReader(conn)
	hints, err := http.ReadResponse(rd, nil)
	if err != nil || hints.StatusCode != http.StatusEarlyHints || hints.Header.Get("Link") == "" {
		t.Fatalf("got %v, %v", hints, err)
	}
	if resp, err := http.ReadResponse(rd, nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("got %v, %v", resp, err)
	}
}
