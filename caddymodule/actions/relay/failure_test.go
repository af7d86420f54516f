package relay_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

const allowCard = "wechat_card relay {\nallow /card/* /sns/*\n}"

// closedPort is a base URL where nobody listens.
func closedPort(t testing.TB) string {
	t.Helper()
	return "http://" + freeport.Address(t)
}

// dropAfterRequest makes WeChat close the connection when it has read a call.
func dropAfterRequest(calls *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	}
}

func TestRelayHosts(t *testing.T) {
	// a host that cannot be reached: the next one, whatever the body
	long := strings.Repeat("x", relay.MaxKept+1)
	for _, tc := range []struct {
		body io.Reader
		want string
	}{
		{nil, ""},
		{strings.NewReader("x"), "x"},
		{strings.NewReader(long), long},
		{io.MultiReader(strings.NewReader(long)), long},
	} {
		// a new one each time, whose first host has never failed
		s := newRelaySiteOf(t, nil, "wechat_card {\napi "+closedPort(t)+" API\n}", allowCard)
		resp, got := s.call(http.MethodPost, "/card/update", tc.body)
		if resp.StatusCode != http.StatusOK || got != `{"errcode":0,"errmsg":"ok"}` {
			t.Errorf("got %d %s", resp.StatusCode, got)
		}
		if calls := s.wechat.seen(); len(calls) != 1 || calls[0].body != tc.want {
			t.Errorf("WeChat saw %d calls", len(calls))
		}
	}

	// one that lost the call: nobody knows whether it was executed
	var lost atomic.Int32
	var reached atomic.Int32
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		fmt.Fprint(w, "{}")
	}))
	defer second.Close()
	s := newRelaySiteOf(t, dropAfterRequest(&lost), "wechat_card {\napi API "+second.URL+"\n}", allowCard)
	for i, body := range []string{"x", long} {
		resp, got := s.call(http.MethodPost, "/card/code/consume", strings.NewReader(body))
		if resp.StatusCode != http.StatusBadGateway || !strings.Contains(got, `"reason":"wechat_error"`) {
			t.Errorf("got %d %s", resp.StatusCode, got)
		}
		if n := lost.Load(); n != int32(i+1) || reached.Load() != 0 {
			t.Errorf("the first host was asked %d times, the second %d", n, reached.Load())
		}
	}
	if resp, _ := s.call(http.MethodGet, "/card/delete", nil); resp.StatusCode != http.StatusBadGateway || reached.Load() != 0 {
		t.Errorf("got %d, the second host was asked %d times", resp.StatusCode, reached.Load())
	}
	// unless it only reads
	if resp, got := s.call(http.MethodGet, "/card/get", nil); resp.StatusCode != http.StatusOK || got != "{}" || reached.Load() != 1 {
		t.Errorf("got %d %s, the second host was asked %d times", resp.StatusCode, got, reached.Load())
	}

	// and an answer is an answer, whatever its status
	s = newRelaySiteOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html>")
	}, "wechat_card {\napi API "+second.URL+"\n}", allowCard)
	if resp, got := s.call(http.MethodPost, "/card/update", nil); resp.StatusCode != http.StatusBadGateway || got != "<html>" {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
}

func TestRelayLostConnection(t *testing.T) {
	// a kept connection that dies with the call: net/http must not make it again
	var calls atomic.Int32
	var drop atomic.Bool
	s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if drop.Load() {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, `{"errcode":0}`)
	}, "allow /card/*")
	for _, body := range []string{"x", strings.Repeat("x", relay.MaxKept+1)} {
		drop.Store(false)
		s.get("/card/get")
		calls.Store(0)
		drop.Store(true)
		s.call(http.MethodPost, "/card/code/consume", strings.NewReader(body), "Idempotency-Key", "1")
		if n := calls.Load(); n != 1 {
			t.Errorf("a call with %d bytes arrived %d times", len(body), n)
		}
	}

	// half an answer
	s = newRelaySite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"errcode":0`)
	}, "allow /card/*")
	s.refuses(http.StatusBadGateway, "wechat_error", "/card/get")
}

func TestRelayTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/card/never":
			<-release
		case "/card/slow":
			w.Header().Set("Content-Type", "image/png")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(400 * time.Millisecond)
			fmt.Fprint(w, "slow")
		default:
			fmt.Fprint(w, r.ContentLength)
		}
	}, "wechat_card {\ntimeout 300ms\n}", allowCard)
	s.get("/card/get") // the token is there
	s.refuses(http.StatusGatewayTimeout, "wechat_timeout", "/card/never")
	if got := s.get("/card/slow"); got != "slow" {
		t.Errorf("got %s", got)
	}
	// an upload may take as long as it likes
	body, upload := io.Pipe()
	go func() {
		fmt.Fprint(upload, "--b")
		time.Sleep(400 * time.Millisecond)
		fmt.Fprint(upload, "--")
		upload.Close()
	}()
	if resp, got := s.call(http.MethodPost, "/card/upload", body, "Content-Type", "multipart/form-data; boundary=b"); resp.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
	down := newRelaySiteOf(t, nil, "wechat_card {\napi "+closedPort(t)+"\n}", allowCard)
	down.refuses(http.StatusBadGateway, "wechat_error", "/sns/userinfo")
	down.refuses(http.StatusServiceUnavailable, "credential_unavailable", "/card/get")
}

func TestRelayBrokenBody(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/*")
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /card/get HTTP/1.1\r\nHost: localhost:9080\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\nzz\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "invalid_request") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if calls := s.wechat.seen(); len(calls) != 0 {
		t.Errorf("WeChat saw %+v", calls)
	}

	bounded := newRelaySiteOf(t, nil, "", "request_body {\nmax_size 10\n}\n"+allowCard)
	if resp, _ := bounded.call(http.MethodPost, "/card/get", io.MultiReader(strings.NewReader("more than ten bytes"))); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", resp.StatusCode)
	}

	// a body that is not kept breaks off when a part of it has been sent
	long := strings.Repeat("x", relay.MaxKept+1)
	bounded = newRelaySiteOf(t, nil, "", "request_body {\nmax_size 2200000\n}\n"+allowCard)
	resp, body := bounded.call(http.MethodPost, "/card/get", io.MultiReader(strings.NewReader(long+long)))
	seenBySDK(t, resp, body, 413, "body_too_large", 47001)
	if conn, err = net.Dial("tcp", s.addr); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /card/get HTTP/1.1\r\nHost: localhost:9080\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n", len(long), long)
	if resp, err = http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	broken, _ := io.ReadAll(resp.Body)
	seenBySDK(t, resp, string(broken), 400, "invalid_request", 47001)
}

// TestRelayClientGone lets the client go at every stage of a call.
func TestRelayClientGone(t *testing.T) {
	logs := filepath.Join(t.TempDir(), "log")
	arrived, gone := make(chan struct{}, 1), make(chan struct{}, 1)
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/card/header":
			w.Header().Set("Content-Type", "image/png")
			_ = http.NewResponseController(w).Flush()
		case "/card/object":
			fmt.Fprint(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}, "log {\noutput file "+logs+"\nlevel INFO\n}", allowCard)
	if _, err := s.App.Account(app.DefaultAccount).Credential(t.Context(), credential.AccessToken); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/card/wait", "/card/header", "/card/object"} {
		ctx, leave := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addr+path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost:9080"
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := plain.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}()
		<-arrived
		leave()
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: WeChat was not told", path)
		}
		<-done
	}
	s.front.Close() // returns when all requests have ended
	b, err := os.ReadFile(logs)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"level":"error"`) {
		t.Errorf("logged: %s", b)
	}
}

// TestRelayLogs makes calls go well and wrong with everything logged, then looks for what must not be there.
func TestRelayLogs(t *testing.T) {
	t.Setenv("GATEWAY_KEY", "0f7c13d9a2b84e56")
	logs := filepath.Join(t.TempDir(), "log")
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/card/moved":
			w.Header().Set("Location", "https://api.weixin.qq.com"+r.RequestURI)
			w.WriteHeader(http.StatusMovedPermanently)
		case "/card/drop":
			panic(http.ErrAbortHandler)
		case "/card/half":
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		case "/card/nonsense":
			conn, _, _ := http.NewResponseController(w).Hijack()
			fmt.Fprint(conn, r.RequestURI)
			conn.Close()
		}
	}, "debug\nlog {\noutput file "+logs+"\nlevel DEBUG\n}", `
	wechat_card relay {
		allow /card/* /sns/*
		key   {env.GATEWAY_KEY}
	}`)
	for _, path := range []string{"/card/get", "/card/moved", "/card/drop", "/card/nonsense", "/other"} {
		resp, body := s.call(http.MethodGet, path+"?access_token=0f7c13d9a2b84e56&x=1", nil)
		if all := fmt.Sprint(resp.Header, body); strings.Contains(all, relayToken(1)) || strings.Contains(all, "0f7c13d9") {
			t.Errorf("%s: got %s", path, all)
		}
	}
	for _, target := range []string{"/card/half?access_token=0f7c13d9a2b84e56", "/sns/jscode2session?secret=f9e8d7c6b5a4"} {
		if resp, err := plain.Get("http://" + s.addr + target); err == nil { // without the name of the site
			resp.Body.Close()
		}
		req, _ := http.NewRequest(http.MethodGet, "http://"+s.addr+target, nil)
		req.Host = "localhost:9080"
		if resp, err := plain.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	s.wechat.end()
	s.call(http.MethodGet, "/card/get?access_token=0f7c13d9a2b84e56", nil)
	s.call(http.MethodGet, "/card/get?access_token=guess", nil)
	s.front.Close()
	b, err := os.ReadFile(logs)
	if err != nil {
		t.Fatal(err)
	}
	var ours strings.Builder
	for line := range strings.Lines(string(b)) {
		// of requests as they arrive Caddy logs the whole address; the log encoder of Caddyfile.example is for these
		if !strings.Contains(line, `"logger":"http.log.`) {
			ours.WriteString(line)
		}
	}
	got := ours.String()
	for _, secret := range []string{relayToken(1), relayToken(2), "0f7c13d9a2b84e56", "f9e8d7c6b5a4", sitetest.Secret} {
		if i := strings.Index(got, secret); i >= 0 {
			t.Errorf("the log holds %s: %s", secret, got[max(0, i-500):i+100])
		}
	}
	for _, want := range []string{
		"upstream roundtrip", `"reason":"path_not_allowed"`, `"reason":"client_not_allowed"`, "aborting with incomplete response", `"reason":"wechat_error"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the log holds no %s", want)
		}
	}
	for line := range strings.Lines(got) {
		if strings.Contains(line, "not_allowed") && !strings.Contains(line, `"level":"warn"`) {
			t.Errorf("logged as %s", line)
		}
	}
}

func TestRelayMetrics(t *testing.T) {
	s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/card/no":
			fmt.Fprint(w, `{"errcode":40073}`)
		case "/card/502":
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"errcode":0}`)
		}
	}, "allow /card/* /metrics/exact")
	before := sitetest.GatheredBy(t, observe.Metrics())
	for _, path := range []string{"/card/a", "/card/b", "/card/no", "/metrics/exact"} {
		s.get(path)
	}
	s.call(http.MethodGet, "/card/502", nil)
	after := sitetest.GatheredBy(t, observe.Metrics())
	const requests = "api_requests_total{account=default,api=%s,errcode=%s}"
	for name, want := range map[string]float64{
		fmt.Sprintf(requests, "/card/*", "0"):        2,
		fmt.Sprintf(requests, "/card/*", "40073"):    1,
		fmt.Sprintf(requests, "/card/*", "http_5xx"): 1,
		fmt.Sprintf(requests, "/metrics/exact", "0"): 1,
	} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s: counted %v, want %v", name, got, want)
		}
	}
}
