package wechat

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What goes over the wire, call by call.
func TestRequests(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.RequestURI + " " + r.Header.Get("Content-Type") + " " + string(body)
		if r.Header.Get("Idempotency-Key") != "" {
			t.Error("Idempotency-Key was sent")
		}
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok","access_token":"A","ticket":"T","code":"123","url":"https://u","expires_in":7200}`)
	})
	c := newClient(t, Config{}, s.URL+"/prefix/")
	now := time.Now()
	checkGrant := func(want string) func(Grant, error) {
		return func(g Grant, err error) {
			t.Helper()
			if err != nil || g.Value != want || g.Lifetime != 2*time.Hour || g.Requested.Before(now) || time.Since(g.Requested) > time.Minute {
				t.Errorf("got %+v, %v", g, err)
			}
		}
	}
	checkString := func(want string) func(string, error) {
		return func(s string, err error) {
			t.Helper()
			if err != nil || s != want {
				t.Errorf("got %q, %v", s, err)
			}
		}
	}
	for _, test := range []struct {
		name string
		run  func(ctx context.Context)
		want string
	}{
		{
			"token",
			func(ctx context.Context) { checkGrant("A")(c.Token(ctx, "wx1", "a&b=c+d")) },
			"GET /prefix/cgi-bin/token?appid=wx1&grant_type=client_credential&secret=a%26b%3Dc%2Bd  ",
		},
		{
			"stable_token",
			func(ctx context.Context) { checkGrant("A")(c.StableToken(ctx, "wx1", "<&>", false)) },
			`POST /prefix/cgi-bin/stable_token application/json {"grant_type":"client_credential","appid":"wx1","secret":"<&>","force_refresh":false}`,
		},
		{
			"stable_token by force",
			func(ctx context.Context) { checkGrant("A")(c.StableToken(ctx, "wx1", "s", true)) },
			`POST /prefix/cgi-bin/stable_token application/json {"grant_type":"client_credential","appid":"wx1","secret":"s","force_refresh":true}`,
		},
		{
			"card ticket",
			func(ctx context.Context) { checkGrant("T")(c.Ticket(ctx, "a+/b", CardTicket)) },
			"GET /prefix/cgi-bin/ticket/getticket?access_token=a%2B%2Fb&type=wx_card  ",
		},
		{
			"jsapi ticket",
			func(ctx context.Context) { checkGrant("T")(c.Ticket(ctx, "tok", JSAPITicket)) },
			"GET /prefix/cgi-bin/ticket/getticket?access_token=tok&type=jsapi  ",
		},
		{
			"decrypt",
			func(ctx context.Context) { checkString("123")(c.DecryptCode(ctx, "tok", "XX+/ab==")) },
			`POST /prefix/card/code/decrypt?access_token=tok application/json {"encrypt_code":"XX+/ab=="}`,
		},
		{
			"geturl",
			func(ctx context.Context) {
				checkString("https://u")(c.ActivateURL(ctx, "tok", "p1", `小程序<&>"\🎁`))
			},
			`POST /prefix/card/membercard/activate/geturl?access_token=tok application/json {"card_id":"p1","outer_str":"小程序<&>\"\\🎁"}`,
		},
		{
			"geturl without outer_str",
			func(ctx context.Context) { checkString("https://u")(c.ActivateURL(ctx, "tok", "p1", "")) },
			`POST /prefix/card/membercard/activate/geturl?access_token=tok application/json {"card_id":"p1"}`,
		},
		{
			"raw body",
			func(ctx context.Context) {
				err := c.Do(ctx, Call{API: "x", Path: "/card/get", AccessToken: "tok", Body: []byte(`{"card_id": "p1" }`)}, nil)
				if err != nil {
					t.Error(err)
				}
			},
			`POST /prefix/card/get?access_token=tok application/json {"card_id": "p1" }`,
		},
		{
			"no token, no query",
			func(ctx context.Context) { _ = c.Do(ctx, Call{API: "x", Path: "/card/getcolors"}, nil) },
			"GET /prefix/card/getcolors  ",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t.Context())
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestBodyThatIsNoJSON(t *testing.T) {
	c := newClient(t, Config{}, refused(t))
	e := wantError(t, c.Do(t.Context(), Call{API: "x", Path: "/", Body: func() {}}, nil), "x")
	if e.Reaction() != Transient || !strings.Contains(e.Error(), "JSON") {
		t.Error(e)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var calls, conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, strings.Repeat("<html>", 5000))
		case 1:
			_, _ = io.WriteString(w, `{"errcode":-1,"errmsg":"system error"}`)
		case 2:
			_, _ = io.WriteString(w, strings.Repeat("<html>", 5000))
		default:
			_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
		}
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := newClient(t, Config{}, s.URL)
	for range 20 {
		_, _ = c.StableToken(t.Context(), testAppID, testSecret, false)
	}
	if calls.Load() != 20 || conns.Load() != 1 {
		t.Errorf("%d calls over %d connections, want 20 over 1", calls.Load(), conns.Load())
	}
}

func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name string
		h    http.HandlerFunc
	}{
		{"before the header", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"within the body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"access_token":`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, test.h)
			c := newClient(t, Config{Timeout: 50 * time.Millisecond}, s.URL)
			began := time.Now()
			_, err := c.Token(t.Context(), testAppID, testSecret)
			e := wantError(t, err, "token")
			if !e.Timeout || e.Code != 0 || e.Reaction() != Transient || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %+v", e)
			}
			if e.Error() != "token: no answer in time" {
				t.Errorf("text %q", e)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestCallerLeaves(t *testing.T) {
	started := make(chan struct{}, 2)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
	})
	c := newClient(t, Config{}, s.URL, s.URL+"/second")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	_, err := c.Token(ctx, testAppID, testSecret)
	e := wantError(t, err, "token")
	if e.Timeout || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", e)
	}
	if len(started) != 0 {
		t.Error("the call went on to the second host")
	}
	if c.hosts[0].failed.Load() != 0 {
		t.Error("the host counts as failed")
	}

	// One that has left already costs no call.
	if _, err := c.Token(ctx, testAppID, testSecret); !errors.Is(err, context.Canceled) || len(started) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestProxy(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		var seen string
		proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
			seen = r.URL.Host + r.URL.Path
			_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
		})
		c := newClient(t, Config{Proxy: http.ProxyURL(mustURL(t, proxy.URL))}, "http://api.weixin.example")
		if g, err := c.Token(t.Context(), testAppID, testSecret); err != nil || g.Value != "A" {
			t.Errorf("got %+v, %v", g, err)
		}
		if seen != "api.weixin.example/cgi-bin/token" {
			t.Errorf("the proxy saw %q", seen)
		}
	})

	t.Run("tunnel", func(t *testing.T) {
		api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
		}))
		t.Cleanup(api.Close)
		var tunnels atomic.Int32
		proxy := serveRaw(t, func(_ int, conn net.Conn) {
			buf := make([]byte, 4096)
			n, _ := conn.Read(buf)
			if !strings.HasPrefix(string(buf[:n]), "CONNECT 127.0.0.1:") {
				t.Errorf("the proxy got %q", buf[:n])
				return
			}
			tunnels.Add(1)
			up, err := net.Dial("tcp", api.Listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.Copy(up, conn)
				up.Close()
			}()
			_, _ = io.Copy(conn, up)
			conn.Close()
			<-done
		})
		pool := x509.NewCertPool()
		pool.AddCert(api.Certificate())
		c := newClient(t, Config{Proxy: http.ProxyURL(mustURL(t, proxy.url)), RootCAs: pool}, api.URL)
		if g, err := c.Token(t.Context(), testAppID, testSecret); err != nil || g.Value != "A" {
			t.Errorf("got %+v, %v", g, err)
		}
		if tunnels.Load() != 1 {
			t.Errorf("%d tunnels, want 1", tunnels.Load())
		}
	})

	t.Run("password stays out of errors", func(t *testing.T) {
		proxy := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) })
		u := mustURL(t, proxy.URL)
		u.User = url.UserPassword("user", "proxy-password")
		for _, api := range []string{"https://api.weixin.example", "http://api.weixin.example"} {
			c := newClient(t, Config{Proxy: http.ProxyURL(u)}, api)
			_, err := c.Token(t.Context(), testAppID, testSecret)
			checkNoSecrets(t, wantError(t, err, "token"), "proxy-password")
		}
	})
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRootCAs(t *testing.T) {
	var proto atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(int32(r.ProtoMajor))
		_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = quiet
	s.StartTLS()
	defer s.Close()

	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	c := newClient(t, Config{RootCAs: pool}, s.URL)
	for _, repeatable := range []bool{true, false} {
		var a tokenAnswer
		err := c.Do(t.Context(), Call{API: "x", Path: "/x", Repeatable: repeatable}, &a)
		if err != nil || a.AccessToken != "A" {
			t.Errorf("GET: got %+v, %v", a, err)
		}
		err = c.Do(t.Context(), Call{API: "x", Path: "/x", Repeatable: repeatable, Body: []byte("{}")}, &a)
		if err != nil || proto.Load() != 2 {
			t.Errorf("POST: %v over HTTP/%d, want HTTP/2", err, proto.Load())
		}
	}

	_, err := newClient(t, Config{}, s.URL).Token(t.Context(), testAppID, testSecret)
	e := wantError(t, err, "token")
	if e.Timeout || !strings.Contains(e.Error(), "certificate") {
		t.Errorf("got %v, want a word of the certificate", e)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var calls atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	_, err := newClient(t, Config{}, s.URL).Token(t.Context(), testAppID, testSecret)
	if e := wantError(t, err, "token"); e.Status != http.StatusTemporaryRedirect || e.Reaction() != Transient {
		t.Errorf("got %+v", e)
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls, want 1", calls.Load())
	}
}

func TestObserve(t *testing.T) {
	type seen struct {
		api string
		err error
	}
	var all []seen
	cfg := Config{Observe: func(api string, err error, took time.Duration) {
		if took < 0 || took > time.Minute {
			t.Errorf("took %v", took)
		}
		all = append(all, seen{api, err})
	}}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "decrypt") {
			_, _ = io.WriteString(w, `{"errcode":40075,"errmsg":"invalid encrypt code"}`)
			return
		}
		_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
	})
	c := newClient(t, cfg, refused(t), s.URL)
	_, _ = c.Token(t.Context(), testAppID, testSecret)
	_, _ = c.DecryptCode(t.Context(), testToken, "x")
	if len(all) != 2 || all[0] != (seen{"token", nil}) || all[1].api != "decrypt" {
		t.Fatalf("got %v, want one of each call", all)
	}
	if e := wantError(t, all[1].err, "decrypt"); e.Code != 40075 {
		t.Errorf("got %v", e)
	}
}

func TestOffset(t *testing.T) {
	local := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name         string
		date         string
		want, before time.Duration
	}{
		{"none", local.Format(http.TimeFormat), 0, 0},
		{"a second ahead", local.Add(time.Second).Format(http.TimeFormat), 0, 0},
		{"a second behind", local.Add(-time.Second).Format(http.TimeFormat), 0, 0},
		{"back to none", local.Format(http.TimeFormat), 0, time.Hour},
		{"two seconds ahead", local.Add(2 * time.Second).Format(http.TimeFormat), 2 * time.Second, 0},
		{"ahead", local.Add(100 * time.Second).Format(http.TimeFormat), 100 * time.Second, 0},
		{"behind", local.Add(-time.Hour).Format(http.TimeFormat), -time.Hour, 0},
		{"no date", "", time.Minute, time.Minute},
		{"garbage", "yesterday", time.Minute, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Date"] = []string{test.date}
				_, _ = io.WriteString(w, `{"access_token":"A","expires_in":7200}`)
			})
			c := newClient(t, Config{Now: func() time.Time { return local }}, s.URL)
			c.clock.offset.Store(int64(test.before))
			g, err := c.Token(t.Context(), testAppID, testSecret)
			if err != nil || !g.Requested.Equal(local) {
				t.Errorf("got %+v, %v", g, err)
			}
			if got := c.Offset(); got != test.want {
				t.Errorf("offset %v, want %v", got, test.want)
			}
		})
	}
}

func TestOffsetTakesTheMiddle(t *testing.T) {
	c := newClient(t, Config{})
	local := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	date := local.Add(11 * time.Second).Format(http.TimeFormat)
	for _, test := range []struct {
		sent, got time.Time
		want      time.Duration
	}{
		{local, local.Add(2 * time.Second), 10 * time.Second},
		{local, local.Add(3 * time.Second), 0},   // too long to say
		{local, local.Add(-time.Second), 0},      // the clock was set back
		{time.Time{}, local.Add(time.Second), 0}, // never connected
	} {
		c.clock.offset.Store(0)
		c.noteDate(date, test.sent, test.got)
		if got := c.Offset(); got != test.want {
			t.Errorf("%v to %v: offset %v, want %v", test.sent, test.got, got, test.want)
		}
	}
}

// A page that some other server put in the way must not set our clock.
func TestOffsetOnlyFromWeChat(t *testing.T) {
	for _, body := range []string{"<html>", ""} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = []string{"Thu, 01 Jan 1970 00:00:00 GMT"}
			_, _ = io.WriteString(w, body)
		})
		c := newClient(t, Config{}, s.URL)
		_, _ = c.Token(t.Context(), testAppID, testSecret)
		if got := c.Offset(); got != 0 {
			t.Errorf("offset %v from %q", got, body)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := New(Config{})
	defer c.Close()
	if len(c.hosts) != 2 || c.hosts[0].base != "https://api.weixin.qq.com" || c.hosts[1].base != "https://api2.weixin.qq.com" ||
		c.timeout != 5*time.Second || c.connections.others.Proxy == nil || c.connections.credentials.Proxy == nil {
		t.Errorf("got %+v", c)
	}
}
