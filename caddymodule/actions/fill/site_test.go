package fill_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/fill"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const cardJSON = `{"cardId":"p1","cardExt":{}}`

// signedJSON is what becomes of cardJSON.
var signedJSON = regexp.MustCompile(`^\{"cardId":"p1","cardExt":"\{\\"timestamp\\":\\"\d{10}\\",\\"nonce_str\\":\\"[0-9A-Za-z]{32}\\",\\"signature\\":\\"[0-9a-f]{40}\\"\}"\}$`)

// exchange writes a request and gives everything that came back, less what time and order change.
func exchange(t *testing.T, addr, method, path string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method, path)
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`Date: .*\r\n`).ReplaceAllString(string(all), "")
}

// TestFillPasses compares answers with nothing to fill with those of the same site without fill: header, framing and body.
func TestFillPasses(t *testing.T) {
	backend := http.NewServeMux()
	for path, header := range map[string][]string{
		"/text":        {"Content-Type", "text/html"},
		"/no-type":     {"Content-Type", ""},
		"/encoded":     {"Content-Encoding", "br"},
		"/gbk":         {"Content-Type", "application/json; charset=gbk"},
		"/x-ndjson":    {"Content-Type", "application/x-ndjson"},
		"/stream+json": {"Content-Type", "application/stream+json"},
		"/grpc+json":   {"Content-Type", "application/grpc+json"},
		"/range":       {"Content-Range", "bytes 0-27/28"},
		"/two-types":   {"Content-Type", "application/json, text/html"},
	} {
		backend.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("ETag", `"1"`)
			if w.Header().Set(header[0], header[1]); header[1] == "" {
				w.Header()[header[0]] = nil
			}
			fmt.Fprint(w, cardJSON)
		})
	}
	for path, body := range map[string]string{
		"/nothing": ` {"a":1, "cardId":"p1"}` + "\r\n",
		"/broken":  cardJSON[:20],
		"/empty":   "",
		"/large":   `[` + strings.Repeat(" ", 3000) + cardJSON + `]`,
		"/zero":    "\x00\x01",
		"/signed":  `{"cardId":"p1","cardExt":"{}"}`,
		"/long":    `["` + strings.Repeat("会", 600) + `"]`,
	} {
		for suffix, length := range map[string]bool{"/length": true, "/chunked": false} {
			backend.HandleFunc(path+suffix, func(w http.ResponseWriter, _ *http.Request) {
				h := w.Header()
				h.Set("Content-Type", "application/json")
				h.Set("ETag", `"1"`)
				h.Set("Digest", "x")
				h.Set("Cache-Control", "max-age=60")
				h.Set("Accept-Ranges", "bytes")
				if length {
					h.Set("Content-Length", fmt.Sprint(len(body)))
				}
				w.WriteHeader(http.StatusAccepted)
				for piece := range strings.SplitAfterSeq(body, " ") {
					fmt.Fprint(w, piece)
				}
				if !length {
					_ = http.NewResponseController(w).Flush()
				}
			})
		}
	}
	for _, status := range []int{204, 205, 206, 301, 304, 400, 404, 500} {
		backend.HandleFunc(fmt.Sprintf("/status/%d", status), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("ETag", `"1"`)
			w.WriteHeader(status)
			if status != 204 && status != 205 && status != 304 {
				fmt.Fprint(w, cardJSON)
			}
		})
	}

	with := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
		max_body 2KiB
	}
	reverse_proxy BACKEND`, backend.ServeHTTP)
	without := sitetest.NewListening(t, "reverse_proxy BACKEND", backend.ServeHTTP)

	paths := []string{
		"/text", "/no-type", "/encoded", "/gbk", "/x-ndjson", "/stream+json", "/grpc+json", "/range", "/two-types", "/unknown",
		"/status/204", "/status/205", "/status/206", "/status/301", "/status/304", "/status/400", "/status/404", "/status/500",
	}
	for _, name := range []string{"nothing", "broken", "empty", "large", "zero", "signed", "long"} {
		paths = append(paths, "/"+name+"/length", "/"+name+"/chunked")
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST"} {
			got, want := exchange(t, with.Addr, method, path), exchange(t, without.Addr, method, path)
			// A body that is known in full when it is sent has its length told: the same bytes, framed otherwise.
			if strings.HasSuffix(path, "/chunked") {
				got, want = plainBody(t, got), plainBody(t, want)
			}
			if got != want {
				t.Errorf("%s %s: got\n%s\nwant\n%s", method, path, got, want)
			}
		}
	}
}

// plainBody writes an answer without its framing.
func plainBody(t *testing.T, raw string) string {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	resp.Header.Del("Content-Length")
	_ = resp.Header.Write(&b)
	fmt.Fprintf(&b, "%d\n", resp.StatusCode)
	if _, err := io.Copy(&b, resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFillTypes(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		fmt.Fprint(w, cardJSON)
	})
	for _, typ := range []string{
		"application/json", "application/json;charset=utf-8", "Application/JSON; Charset=\"UTF-8\"", "application/json; charset=utf8",
		"application/json; utf-8", "text/json", "text/json; charset=utf-8", "application/hal+json", "application/vnd.shop.v1+json; charset=utf-8",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:9080/", nil)
		q := r.URL.Query()
		q.Set("type", typ)
		r.URL.RawQuery = q.Encode()
		w := httptest.NewRecorder()
		s.Server.ServeHTTP(w, r)
		if !signedJSON.MatchString(w.Body.String()) || w.Header().Get("Content-Type") != typ {
			t.Errorf("%s: got %q %s", typ, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

// TestFillOtherType has reverse_proxy say of the answers of an old PHP system what they are.
func TestFillOtherType(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
	}
	reverse_proxy BACKEND {
		header_down Content-Type "application/json; charset=utf-8"
	}`, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		fmt.Fprint(w, "\uFEFF"+cardJSON)
	})
	if _, body := s.Send("GET", "/"); !signedJSON.MatchString(strings.TrimPrefix(body, "\uFEFF")) {
		t.Errorf("got %s", body)
	}
}

// TestFillFiles fills a file, and lets others through, and parts.
func TestFillFiles(t *testing.T) {
	root := t.TempDir()
	large := "[" + strings.Repeat(" ", 100_000) + cardJSON + "]"
	for name, text := range map[string]string{"card.json": cardJSON, "card.txt": cardJSON, "large.json": large} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := sitetest.NewListening(t, `
	root * `+root+`
	wechat_card fill {
		card p1
		max_body 50KB
	}
	file_server`, jsonBackend(""))
	resp, body := s.Send("GET", "/card.json")
	if resp.StatusCode != http.StatusOK || !signedJSON.MatchString(body) || resp.Header.Get("Accept-Ranges")+resp.Header.Get("Etag") != "" {
		t.Errorf("got %d %s %v", resp.StatusCode, body, resp.Header)
	}
	if resp, body := s.Send("GET", "/card.json", "Range: bytes=0-3"); resp.StatusCode != http.StatusPartialContent || body != cardJSON[:4] {
		t.Errorf("got %d %s of a part", resp.StatusCode, body)
	}
	for path, want := range map[string]string{"/card.txt": cardJSON, "/large.json": large} {
		if resp, body := s.Send("GET", path); body != want || resp.Header.Get("Etag") == "" {
			t.Errorf("%s: got %d bytes, %v", path, len(body), resp.Header)
		}
	}
}

// TestFillAgain fills many answers at once: what is in one is not in another.
func TestFillAgain(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		jsonBackend(fmt.Sprintf(`{"pad":%q,"cardExt":{"outer_str":%q},"cardId":"p1"}`, strings.Repeat("x", len(r.URL.RawQuery)*37%1000), r.URL.RawQuery))(w, r)
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				query := strings.Repeat(fmt.Sprint(i), j+1)
				var got struct{ Pad, CardExt string }
				var ext struct {
					OuterStr string `json:"outer_str"`
				}
				body := s.Get("/?" + query).Body.Bytes()
				if err := json.Unmarshal(body, &got); err != nil {
					t.Error(err)
					return
				}
				if err := json.Unmarshal([]byte(got.CardExt), &ext); err != nil || ext.OuterStr != query || len(got.Pad) != len(query)*37%1000 {
					t.Errorf("for %s got %s", query, body)
				}
			}
		})
	}
	wg.Wait()
}

// TestFillRequest looks at what the backend, and then an error route, is asked.
func TestFillRequest(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
	}
	reverse_proxy /down 127.0.0.1:1
	reverse_proxy BACKEND
	handle_errors {
		respond "{header.Accept-Encoding} {header.Range} {header.If-None-Match}"
	}`, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q %q %q %q %q %q", r.Header["Accept-Encoding"], r.Header["Range"], r.Header["If-Range"], r.Header["If-Modified-Since"],
			r.Header["If-None-Match"], r.Header["If-Match"])
	})
	all := []string{"Range: bytes=0-1", `If-Range: "1"`, "If-Modified-Since: Sat, 21 Nov 2026 00:00:00 GMT", `If-None-Match: "1"`, `If-Match: "1"`}
	const rest = ` ["bytes=0-1"] ["\"1\""] ["Sat, 21 Nov 2026 00:00:00 GMT"] ["\"1\""] ["\"1\""]`
	for accepted, want := range map[string]string{
		"gzip":                             `["gzip"]`,
		"gzip;q=0.5 ,ZSTD, deflate":        `["gzip;q=0.5 ,ZSTD, deflate"]`, // as it came
		"*;q=0, identity":                  `["*;q=0, identity"]`,
		"gzip, compress, dcb ;q=1, zstd":   `["gzip, zstd"]`,
		"dcb, compress":                    `["identity"]`,
		"gzip\r\nAccept-Encoding: x, zstd": `["gzip, zstd"]`,
	} {
		for _, method := range []string{"GET", "PUT"} {
			if _, got := s.Send(method, "/", append(all, "Accept-Encoding: "+accepted)...); got != want+rest {
				t.Errorf("%s: the backend is asked %s, not %s", method, got, want+rest)
			}
		}
	}
	if _, got := s.Send("GET", "/"); got != `["gzip"] [] [] [] [] []` { // by the proxy, which unpacks it then
		t.Errorf("the backend is asked %s", got)
	}
	if _, got := s.Send("GET", "/down", append(all, "Accept-Encoding: gzip, compress")...); got != `gzip, compress bytes=0-1 "1"` {
		t.Errorf("the error route is asked %s", got)
	}
}

// TestFillHeader looks at the header of an answer that is filled.
func TestFillHeader(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, name := range append(append([]string{"Set-Cookie", "Vary", "X-Powered-By"}, fill.ValidatorFields[:]...), fill.CachingFields[:]...) {
			h.Set(name, "x")
		}
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", fmt.Sprint(len(cardJSON)))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, cardJSON)
	})
	resp, body := s.Send("GET", "/")
	if resp.StatusCode != http.StatusCreated || !signedJSON.MatchString(body) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	want := map[string]string{
		"Set-Cookie": "x", "Vary": "x", "X-Powered-By": "x", "Cache-Control": "no-store", "Content-Type": "application/json",
		"Content-Length": fmt.Sprint(len(body)), "Via": "1.1 Caddy",
	}
	for name, values := range resp.Header {
		if name != "Date" && name != "Server" && (len(values) != 1 || values[0] != want[name]) {
			t.Errorf("got %s: %q, want %q", name, values, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("the answer has no %v", want)
	}
}

func TestFillHead(t *testing.T) {
	s := sitetest.NewListening(t, `
	route {
		wechat_card fill {
			card p1
			max_body 100
		}
		header /inside Content-Type application/json
		respond /inside "{\"cardId\":\"p1\"}"
		reverse_proxy BACKEND
	}`, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", "28")
		switch r.URL.Path {
		case "/text":
			h.Set("Content-Type", "text/plain")
		case "/large":
			h.Set("Content-Length", "101")
		}
		h.Set("ETag", `"1"`)
	})
	for path, want := range map[string]string{"/": "", "/inside": "", "/text": "28", "/large": "101"} {
		resp, _ := s.Send("HEAD", path)
		if got := resp.Header.Get("Content-Length"); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: got %d, Content-Length %q, want %q", path, resp.StatusCode, got, want)
		}
		if got := resp.Header.Get("ETag") != ""; got != (want != "") {
			t.Errorf("%s: got ETag %q", path, resp.Header.Get("ETag"))
		}
	}
}

// TestFillStreams passes what must not wait for its end, byte after byte.
func TestFillStreams(t *testing.T) {
	seen := make(chan struct{})
	s := sitetest.NewListening(t, `
	wechat_card fill {
		card p1
		max_body 64
	}
	reverse_proxy BACKEND {
		flush_interval -1
	}`, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		h := w.Header()
		switch r.URL.Path {
		case "/socket":
			conn, rw, err := rc.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_ = rw.Flush()
			_, _ = io.Copy(conn, rw)
			return
		case "/events":
			h.Set("Content-Type", "text/event-stream")
		case "/told":
			h.Set("Content-Type", "application/json")
			h.Set("Content-Length", "1000")
		case "/found":
			h.Set("Content-Type", "application/json")
			fmt.Fprint(w, "["+strings.Repeat(" ", 62)+"\n") // max_body, and all of it must come with the next byte
		case "/incremental":
			h.Set("Content-Type", "application/json")
			h.Set("Incremental", "?1")
		}
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n", i)
			_ = rc.Flush()
			<-seen // what is buffered would never be seen
		}
		if r.URL.Path == "/told" {
			fmt.Fprint(w, strings.Repeat("x", 1000-24))
		}
	})
	t.Run("WebSocket", func(t *testing.T) {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v", resp, err)
		}
		for i := range 3 {
			fmt.Fprintf(conn, "message %d\n", i)
			if got, err := in.ReadString('\n'); err != nil || got != fmt.Sprintf("message %d\n", i) {
				t.Fatalf("got %q, %v", got, err)
			}
		}
	})
	for _, path := range []string{"/events", "/told", "/found", "/incremental"} {
		t.Run(path, func(t *testing.T) {
			conn, err := net.Dial("tcp", s.Addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			in := bufio.NewReader(resp.Body)
			if path == "/found" {
				if got, err := in.ReadString('\n'); err != nil || len(got) != 64 {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			for i := range 3 {
				if got, err := in.ReadString('\n'); err != nil || got != fmt.Sprintf("data: %d\n", i) {
					t.Fatalf("got %q, %v", got, err)
				}
				seen <- struct{}{}
			}
			if rest, err := io.ReadAll(in); err != nil || len(rest) != map[string]int{"/told": 1000 - 24}[path] {
				t.Errorf("then got %d bytes, %v", len(rest), err)
			}
		})
	}
}

// TestFillBounds looks at bodies around max_body.
func TestFillBounds(t *testing.T) {
	s := sitetest.NewListening(t, fmt.Sprintf(`
	wechat_card fill {
		card p1
		max_body %d
	}
	reverse_proxy BACKEND`, len(cardJSON)), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/chunked" {
			_ = http.NewResponseController(w).Flush()
		}
		fmt.Fprint(w, cardJSON+r.URL.RawQuery)
	})
	for _, path := range []string{"/told", "/chunked"} {
		if _, body := s.Send("GET", path); !signedJSON.MatchString(body) {
			t.Errorf("%s: got %s", path, body)
		}
		if resp, body := s.Send("GET", path+"?x"); body != cardJSON+"x" || resp.Header.Get("Cache-Control") != "" {
			t.Errorf("%s: one byte more: got %s %v", path, body, resp.Header)
		}
	}
}

// TestFillDies ends the backend's answers too early: nobody may take what comes for the whole.
func TestFillDies(t *testing.T) {
	s := sitetest.NewListening(t, `
	route {
		wechat_card fill {
			card p1
		}
		reverse_proxy BACKEND
	}`, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
		switch r.URL.Path {
		case "/length": // all of the JSON, not all of the body
			fmt.Fprintf(rw, "Content-Length: 100\r\n\r\n%s", cardJSON)
		case "/chunked": // all of the JSON, no last chunk
			fmt.Fprintf(rw, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(cardJSON), cardJSON)
		case "/half":
			fmt.Fprintf(rw, "Content-Length: %d\r\n\r\n%s", len(cardJSON), cardJSON[:20])
		case "/close": // without any framing, half of the JSON cannot be told from all of it
			fmt.Fprintf(rw, "Connection: close\r\n\r\n%s", cardJSON[:20])
		case "/none":
			fmt.Fprint(rw, "\r\n")
		}
		_ = rw.Flush()
	})
	for _, path := range []string{"/length", "/chunked", "/half"} {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		if all, _ := io.ReadAll(conn); len(all) > 0 {
			t.Errorf("%s: got %s", path, all)
		}
		conn.Close()
	}
	if resp, body := s.Send("GET", "/close"); body != cardJSON[:20] || resp.Header.Get("Cache-Control") != "" {
		t.Errorf("got %s %v", body, resp.Header)
	}
	if _, body := s.Send("GET", "/none"); body != "" {
		t.Errorf("got %s", body)
	}
}

// TestFillNextFails has a handler fail when it has written half of an answer: the error's answer is whole.
func TestFillNextFails(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("X-Outer", "x")
	failed := errors.New("failed")
	err := (&fill.Fill{MaxBody: 1000}).ServeAction(w, httptest.NewRequest(http.MethodGet, "/", nil), caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Length", "100")
		w.Header().Set("Etag", "x")
		jsonBackend(cardJSON)(w, r)
		return failed
	}), nil)
	if err != failed || w.Body.Len() > 0 || fmt.Sprint(w.Header()) != "map[X-Outer:[x]]" {
		t.Errorf("got %v, %s %v", err, w.Body, w.Header())
	}
}

// TestFillTrailers sends trailers behind a filled body, but for what is true of the old one only.
func TestFillTrailers(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Trailer", "X-Sum, Content-Digest")
		switch r.URL.Path {
		case "/filled":
			fmt.Fprint(w, cardJSON)
		case "/refused":
			fmt.Fprint(w, strings.Replace(cardJSON, "p1", "p9", 1))
		default:
			fmt.Fprint(w, "[]")
		}
		h.Set("X-Sum", "7")
		h.Set("Content-Digest", "x")
		if r.URL.RawQuery == "late" {
			h.Set(http.TrailerPrefix+"X-Late", "8")
		}
	})
	for _, query := range []string{"", "?late"} {
		for path, want := range map[string]string{"/filled": "7", "/nothing": "7 x", "/refused": ""} {
			resp, body := s.Send("GET", path+query)
			got := strings.TrimSpace(resp.Trailer.Get("X-Sum") + " " + resp.Trailer.Get("Content-Digest"))
			late := resp.Trailer.Get("X-Late") != ""
			if got != want || late != (query != "" && want != "") || resp.Header.Get("X-Sum")+resp.Header.Get("Content-Digest") != "" {
				t.Errorf("%s: got %s, header %v, trailers %v", path+query, body, resp.Header, resp.Trailer)
			}
			if path == "/filled" && !signedJSON.MatchString(body) {
				t.Errorf("got %s", body)
			}
		}
	}
}

func TestFillEarlyHints(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusProcessing)
		fmt.Fprint(w, cardJSON)
	})
	var hints []int
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			hints = append(hints, code)
			if header.Get("Link") == "" {
				t.Errorf("%d has no Link", code)
			}
			return nil
		},
	}), http.MethodGet, "http://"+s.Addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if fmt.Sprint(hints) != "[103 102]" || !signedJSON.Match(body) {
		t.Errorf("got %v, then %s", hints, body)
	}
}

// TestFillEncode has encode compress what fill made of an answer, whatever the client accepts.
func TestFillEncode(t *testing.T) {
	padded := `[` + strings.Repeat(" ", 2000) + cardJSON + `]`
	s := sitetest.NewListening(t, `
	encode gzip {
		match header Content-Type application/json*
	}
	wechat_card fill {
		card p1
	}
	reverse_proxy BACKEND`, jsonBackend(padded))
	resp, body := s.Send("GET", "/", "Accept-Encoding: gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %v", resp.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || !signedJSON.MatchString(strings.Trim(string(plain), "[ ]")) {
		t.Errorf("got %s, %v", plain, err)
	}
}

// TestFillHTTP2 fills over HTTP/2, and resets the stream of a backend that dies.
func TestFillHTTP2(t *testing.T) {
	s := sitetest.NewListening(t, fillRoute, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/dies" {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, cardJSON)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, cardJSON)
	})
	front := httptest.NewUnstartedServer(s.Server)
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()
	get := func(path string) (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL+path, nil)
		if err != nil {
			return "", err
		}
		r.Host = "localhost"
		resp, err := front.Client().Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		if resp.ProtoMajor != 2 {
			t.Errorf("%s: got %s", path, resp.Proto)
		}
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	if body, err := get("/"); err != nil || !signedJSON.MatchString(body) {
		t.Errorf("got %s, %v", body, err)
	}
	if body, err := get("/dies"); err == nil {
		t.Errorf("got %s", body)
	}
}
