package inject_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestInjectSite(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card inject {
		header X-Wechat-Api-Ticket api_ticket
		query  access.token api_ticket
	}
	reverse_proxy BACKEND`, sitetest.Echo)
	mine := "access.token=" + url.QueryEscape(s.Ticket)
	answer := func(method, uri, body string) string {
		return fmt.Sprintf("%s %s ticket=%q body=%q trailers=%q", method, uri, []string{s.Ticket}, body, []string(nil))
	}

	for target, want := range map[string]string{
		"/":                                "/?" + mine,
		"/x?":                              "/x?" + mine,
		"/a%2Fb/%E4%BC%9A?a=%2f&b=+%20&&c": "/a%2Fb/%E4%BC%9A?" + mine + "&a=%2f&b=+%20&&c",
		"/x?access_token=forged&a=1":       "/x?" + mine + "&a=1",
		"/x?a=1&access.token=forged":       "/x?" + mine + "&a=1",
		"/x?ACCESS%5Ftoken[]=forged&Access+Token=forged;%61ccess.token=x&a=%zz": "/x?" + mine + "&a=%zz",
	} {
		if resp, got := s.Send("GET", target); resp.StatusCode != http.StatusOK || got != answer("GET", want, "") {
			t.Errorf("%s: got %d %s, want %s", target, resp.StatusCode, got, answer("GET", want, ""))
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"} {
		if _, got := s.Send(method, "/x", "Content-Length: 0"); got != answer(method, "/x?"+mine, "") {
			t.Errorf("%s: got %s", method, got)
		}
	}
	forged := []string{
		"X-Wechat-Api-Ticket: forged", "x-wechat-api-ticket: forged", "X-WECHAT-API-TICKET: forged", "X_Wechat_Api_Ticket: forged",
		"X.Wechat.Api.Ticket: forged", "Connection: close, X-Wechat-Api-Ticket", "Keep-Alive: x-wechat-api-ticket",
	}
	if _, got := s.Send("GET", "/x", forged...); got != answer("GET", "/x?"+mine, "") {
		t.Errorf("forged headers: got %s", got)
	}
	if _, got := s.Send("POST", "/x", "Transfer-Encoding: chunked", "Trailer: X-Wechat-Api-Ticket, X-Sum", "X-Last: 1\r\n\r\n4\r\nbody\r\n0\r\nx-wechat-api-ticket: forged\r\nX_wechat_api_ticket: forged\r\nX-Sum: 7"); got != strings.ReplaceAll(answer("POST", "/x?"+mine, "body"), "[]", `["X-End=1" "X-Sum=7"]`) {
		t.Errorf("forged trailers: got %s", got)
	}
}

func TestInjectSiteBeforeRewrite(t *testing.T) {
	s := sitetest.NewListening(t, `
	route {
		wechat_card inject {
			header      X-Wechat-Api-Ticket api_ticket
			query       t api_ticket
			placeholder api_ticket
		}
		rewrite /first  /index.php?{query}
		rewrite /second /index.php?ticket={http.wechat_card.api_ticket}&t={query.t}
		reverse_proxy BACKEND {
			header_up X-Copy {http.request.header.X-Wechat-Api-Ticket}
		}
	}`, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.RequestURI, r.Header.Get("X-Copy"))
	})
	for target, want := range map[string]string{
		"/first?t=forged&a=1":  "/index.php?t=TICKET&a=1 TICKET",
		"/second?t=forged&a=1": "/index.php?ticket=TICKET&t=TICKET TICKET",
	} {
		_, got := s.Send("GET", target, "X-Wechat-Api-Ticket: forged")
		if got = strings.ReplaceAll(strings.ReplaceAll(got, url.QueryEscape(s.Ticket), "TICKET"), s.Ticket, "TICKET"); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
}

// TestInjectSitePHP looks at what php-fpm would be told.
func TestInjectSitePHP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	told := new(tappedListener)
	told.Listener = l
	go func() {
		_ = fcgi.Serve(told, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// net/http/fcgi takes the URL from REQUEST_URI
			fmt.Fprintf(w, "%s %q", r.URL.RequestURI(), r.Header["X-Wechat-Api-Ticket"])
		}))
	}()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "index.php"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := sitetest.NewListening(t, `
	root * `+root+`
	wechat_card inject {
		header X-Wechat-Api-Ticket api_ticket
		query  t api_ticket
	}
	php_fastcgi `+l.Addr().String(), sitetest.Echo)
	_, got := s.Send("GET", "/shop?t[]=forged&a=1", "X-Wechat-Api-Ticket: forged")
	if want := fmt.Sprintf("/shop?a=1 %q", []string{s.Ticket}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if all := told.String(); !strings.Contains(all, "QUERY_STRINGt="+url.QueryEscape(s.Ticket)+"&a=1") || strings.Contains(all, "forged") {
		t.Errorf("PHP was told %q", all)
	}
}

// tappedListener keeps what its connections receive.
type tappedListener struct {
	net.Listener
	mu  sync.Mutex
	all strings.Builder
}

func (l *tappedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tappedConn{conn, l}, nil
}

func (l *tappedListener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

type tappedConn struct {
	net.Conn
	l *tappedListener
}

func (c *tappedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.l.all.Write(p[:n])
	return n, err
}

func TestInjectSiteRedirects(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card inject {
		query t api_ticket
	}
	redir   /inside /y?{query}
	reverse_proxy BACKEND`, func(w http.ResponseWriter, r *http.Request) {
		self := r.URL.RequestURI()
		w.Header().Set("Content-Location", self)
		w.Header().Set("Refresh", "5; url="+self)
		w.Header().Set("Link", "<"+self+">; rel=preload")
		switch r.URL.Path {
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		case "/login":
			http.Redirect(w, r, "/login?return="+url.QueryEscape(self)+"&z=1", http.StatusFound)
		case "/twice":
			http.Redirect(w, r, "/login?return="+url.QueryEscape("/b?c="+url.QueryEscape(self)), http.StatusFound)
		default:
			http.Redirect(w, r, "/y?"+r.URL.RawQuery, http.StatusMovedPermanently)
		}
	})
	for _, tc := range []struct{ target, location, link string }{
		{"/slash", "/y", "/slash"},
		{"/slash?a=1", "/y?a=1", "/slash?a=1"},
		{"/login?a=1&b=2", "/login?return=%2Flogin%3Fa%3D1%26b%3D2&z=1", "/login?a=1&b=2"},
		{"/login", "/login?return=%2Flogin&z=1", "/login"},
		{"/twice?a=1", "/login?return=%2Fb%3Fc%3D%252Ftwice%253Fa%253D1", "/twice?a=1"},
		{"/inside?a=1&b=%2F", "/y?a=1&b=%2F", ""},
	} {
		resp, body := s.Send("GET", tc.target)
		if got := resp.Header.Get("Location"); got != tc.location {
			t.Errorf("%s: got Location %s, want %s", tc.target, got, tc.location)
		}
		if body != "" || resp.ContentLength != 0 {
			t.Errorf("%s: got body %q", tc.target, body)
		}
		if tc.link == "" {
			continue
		}
		for name, want := range map[string]string{"Content-Location": tc.link, "Refresh": "5; url=" + tc.link, "Link": "<" + tc.link + ">; rel=preload"} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: got %s %s, want %s", tc.target, name, got, want)
			}
		}
	}

	hints := 0
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			hints++
			if got := header.Get("Link"); code != http.StatusEarlyHints || got != "</hints?a=1>; rel=preload" {
				t.Errorf("got %d with Link %s", code, got)
			}
			return nil
		},
	}), http.MethodGet, "http://"+s.Addr+"/hints?a=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "localhost"
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if hints != 1 || resp.StatusCode != http.StatusOK || resp.Header.Get("Link") != "</hints?a=1>; rel=preload" {
		t.Errorf("got %d hints, then %d with Link %s", hints, resp.StatusCode, resp.Header.Get("Link"))
	}
}

// TestInjectSiteAnswerHeaders has a backend put what it was given into every header that it can think of.
func TestInjectSiteAnswerHeaders(t *testing.T) {
	logs := sitetest.Logs(t)
	s := sitetest.NewListening(t, `
	wechat_card inject {
		query t api_ticket
	}
	reverse_proxy BACKEND`, func(w http.ResponseWriter, r *http.Request) {
		self, h := r.URL.RequestURI(), w.Header()
		h.Set("Hx-Redirect", self)
		h.Set("X-Redirect", "https://shop.example"+url.QueryEscape(self))
		h.Set("X-Query", r.URL.RawQuery)
		h.Set("X-Ticket", r.URL.Query().Get("t"))
		h.Set("Etag", fmt.Sprintf("%q", r.URL.Query().Get("t")))
		h.Add("Set-Cookie", "a=1; Path=/")
		h.Add("Set-Cookie", "t="+r.URL.Query().Get("t")+"; Path=/")
		h.Set("Trailer", "X-Sum, X-Good")
		fmt.Fprint(w, "body")
		h.Set("X-Sum", self)
		h.Set("X-Good", "1")
		h.Set(http.TrailerPrefix+"X-Late", "see "+self)
	})
	for range 3 {
		resp, body := s.Send("GET", "/x?a=1")
		all := fmt.Sprint(resp.Header, resp.Trailer)
		if body != "body" || strings.Contains(all, s.Ticket) || strings.Contains(all, url.QueryEscape(s.Ticket)) || strings.Contains(all, url.QueryEscape(url.QueryEscape(s.Ticket))) {
			t.Errorf("got %s", all)
		}
		if resp.Header.Get("Hx-Redirect") != "/x?a=1" || fmt.Sprint(resp.Header["Set-Cookie"]) != "[a=1; Path=/]" || resp.Trailer.Get("X-Good") != "1" || resp.Trailer.Get("X-Sum") != "/x?a=1" {
			t.Errorf("got %s", all)
		}
	}
	n := 0
	for _, line := range logs() {
		if msg, _ := line["msg"].(string); strings.Contains(msg, "held the credential") {
			n++
			if line["level"] != "warn" || line["field"] == "" {
				t.Errorf("logged %v", line)
			}
		}
	}
	if n != 1 {
		t.Errorf("warned %d times", n)
	}
}

// TestInjectSiteStreams passes an upgrade, server-sent events and trailers through everything that inject does.
func TestInjectSiteStreams(t *testing.T) {
	seen := make(chan struct{})
	s := sitetest.NewListening(t, `
	wechat_card inject {
		header X-Wechat-Api-Ticket api_ticket
		query  t api_ticket
	}
	reverse_proxy BACKEND`, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		switch r.URL.Path {
		case "/socket":
			conn, rw, err := rc.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Ticket: %t\r\n\r\n", r.Header.Get("X-Wechat-Api-Ticket") != "")
			_ = rw.Flush()
			_, _ = io.Copy(conn, rw)
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", i)
				_ = rc.Flush()
				<-seen // a buffered event would never be seen
			}
		case "/trailers":
			w.Header().Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "body")
			w.Header().Set("X-Sum", "7")
			w.Header().Set(http.TrailerPrefix+"X-Late", "8")
		}
	})

	t.Run("WebSocket", func(t *testing.T) {
		conn, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(conn, "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, x-wechat-api-ticket\r\nUpgrade: websocket\r\n\r\n")
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("X-Ticket") != "true" {
			t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
		}
		for i := range 3 {
			fmt.Fprintf(conn, "message %d\n", i)
			if got, err := in.ReadString('\n'); err != nil || got != fmt.Sprintf("message %d\n", i) {
				t.Fatalf("got %q, %v", got, err)
			}
		}
	})
	get := func(t *testing.T, path string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "localhost"
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	t.Run("events", func(t *testing.T) {
		in := bufio.NewReader(get(t, "/events").Body)
		for i := range 3 {
			if got, err := in.ReadString('\n'); err != nil || got != fmt.Sprintf("data: %d\n", i) {
				t.Fatalf("got %q, %v", got, err)
			}
			_, _ = in.ReadString('\n')
			seen <- struct{}{}
		}
	})
	t.Run("trailers", func(t *testing.T) {
		resp := get(t, "/trailers")
		if body, err := io.ReadAll(resp.Body); string(body) != "body" || err != nil {
			t.Errorf("got %q, %v", body, err)
		}
		if resp.Trailer.Get("X-Sum") != "7" || resp.Trailer.Get("X-Late") != "8" {
			t.Errorf("got trailers %v", resp.Trailer)
		}
	})
}

// TestInjectSiteErrors wants nothing of ours in error routes, and nothing forged either.
func TestInjectSiteErrors(t *testing.T) {
	const routes = `
	wechat_card ACCOUNT {
		header      X-Wechat-Api-Ticket api_ticket
		query       t api_ticket
		placeholder api_ticket
		errors      caddy
	}
	error 418
	handle_errors {
		respond "{err.status_code} {query} {header.X-Wechat-Api-Ticket} {http.wechat_card.api_ticket}."
	}`
	s := sitetest.NewListening(t, strings.ReplaceAll(routes, "ACCOUNT", "inject"), sitetest.Echo)
	if _, got := s.Send("GET", "/x?t=forged&a=1", "X-Wechat-Api-Ticket: forged"); got != "418 a=1  {http.wechat_card.api_ticket}." {
		t.Errorf("got %s", got)
	}

	const nowhere = `{
		admin off
		storage file_system DIR
		wechat_card {
			api http://127.0.0.1:1
			store off
			account {
				app_id wx0000000000000001
				app_secret {env.TEST_APP_SECRET}
			}
		}
	}
	http://localhost:9080 {
		ROUTES
	}`
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	for _, tc := range []struct{ routes, want string }{
		{strings.ReplaceAll(routes, "ACCOUNT", "inject"), "503 a=1  {http.wechat_card.api_ticket}."},
		{"wechat_card inject {\n query t api_ticket\n header X-Wechat-Api-Ticket api_ticket\n placeholder api_ticket\n optional\n}\n" +
			`respond "{query} {header.X-Wechat-Api-Ticket} {http.wechat_card.api_ticket}."`, "a=1  ."},
		{"wechat_card inject {\n query t api_ticket\n}", `"reason":"credential_unavailable"`},
	} {
		input := strings.NewReplacer("DIR", t.TempDir(), "ROUTES", tc.routes).Replace(nowhere)
		ctx := sitetest.Provision(t, input)
		app, err := ctx.App("http")
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://localhost:9080/x?t=forged&a=1", nil)
		r.Header.Set("X-Wechat-Api-Ticket", "forged")
		app.(*caddyhttp.App).Servers["srv0"].ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), tc.want) || strings.Contains(w.Body.String(), "forged") {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, tc.want)
		}
		if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
	}
}

// TestInjectSiteAgain sends many requests at once over few connections: what one request takes back is not another's.
func TestInjectSiteAgain(t *testing.T) {
	s := sitetest.NewListening(t, `
	wechat_card inject {
		header X-Wechat-Api-Ticket api_ticket
		query  t api_ticket
	}
	reverse_proxy BACKEND`, sitetest.Echo)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://%s/x?t=forged&i=%d&j=%d", s.Addr, i, j), strings.NewReader("body"))
				if err != nil {
					t.Error(err)
					return
				}
				r.Host = "localhost"
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				got, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if want := fmt.Sprintf("POST /x?t=%s&i=%d&j=%d ticket=%q body=\"body\" trailers=[]", url.QueryEscape(s.Ticket), i, j, []string{s.Ticket}); string(got) != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestInjectSiteLogs: Caddy logs a request's URI in many places, at DEBUG the one that goes to the backend, too.
func TestInjectSiteLogs(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	logs := filepath.Join(t.TempDir(), "all.log")
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("t") == "" {
			t.Error("nothing was injected")
		}
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
		}
	}))
	defer backend.Close()
	api := httptest.NewServer(sandbox.New(sandbox.Config{}))
	defer api.Close()
	ctx := sitetest.Provision(t, logging(t, logs, api.URL, "")+`
http://localhost:9080 {
	log
	log_append query {query}
	log_append ticket {header.X-Wechat-Api-Ticket}
	wechat_card inject {
		query t api_ticket
	}
	reverse_proxy /down/* 127.0.0.1:1
	reverse_proxy `+backend.Listener.Addr().String()+`
}`)
	mod, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	server := mod.(*caddyhttp.App).Servers["srv0"]
	var all strings.Builder
	for _, target := range []string{"/x?a=1", "/redirect?a=1", "/down/x?a=1"} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:9080"+target, nil))
		_ = w.Result().Header.Write(&all)
		all.WriteString(w.Body.String())
	}
	written, err := os.ReadFile(logs)
	if err != nil || !strings.Contains(string(written), "upstream roundtrip") || !strings.Contains(string(written), "handled request") {
		t.Fatalf("got %s, %v", written, err)
	}
	for line := range strings.Lines(string(written)) {
		// what reverse_proxy says at DEBUG of the answer that it got is out of our hands
		if !strings.Contains(line, `"level":"debug"`) || !strings.Contains(line, `"Location"`) {
			all.WriteString(line)
		}
	}
	mod, err = ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := mod.(*app.App).Account(app.DefaultAccount).Credential(t.Context(), credential.APITicket)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(all.String(), ticket); i >= 0 {
		t.Errorf("the api_ticket is in %s", all.String()[max(0, i-1000):])
	}
}
