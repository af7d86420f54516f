package relay_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/actions/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// relayWeChat is a WeChat that gives out tokens, refuses those that it has ended, and says what came of all other calls.
type relayWeChat struct {
	t      testing.TB
	url    string
	answer http.HandlerFunc // for calls with a good token, or with none asked for

	mu          sync.Mutex
	token       int    // the one that is good
	asked       int    // token calls
	tokenAnswer string // in the place of a token
	prefix      string // of all paths
	calls       []relayedCall
	quiet       bool // do not note calls
}

// relayedCall is one call as WeChat saw it.
type relayedCall struct {
	method, uri, host, body string
	header                  http.Header
	length                  int64
}

func newRelayWeChat(t testing.TB, answer http.HandlerFunc) *relayWeChat {
	t.Helper()
	w := &relayWeChat{t: t, answer: answer, token: 1}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	w.url = s.URL
	return w
}

// relayToken is long enough that a leak of it is no chance hit.
func relayToken(n int) string { return fmt.Sprintf("72_kTcYbUxWz0-ZpQ4nVr8LsDmGfHjKaXe-%d", n) }

func (w *relayWeChat) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "application/json; encoding=utf-8")
	w.mu.Lock()
	token, tokenAnswer := relayToken(w.token), w.tokenAnswer
	if r.URL.Path == w.prefix+"/cgi-bin/stable_token" {
		w.asked++
	}
	w.mu.Unlock()
	switch {
	case r.URL.Path != w.prefix+"/cgi-bin/stable_token":
	case tokenAnswer != "":
		fmt.Fprint(rw, tokenAnswer)
		return
	default:
		fmt.Fprintf(rw, `{"access_token":%q,"expires_in":7200}`, token)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.mu.Lock()
	if !w.quiet {
		w.calls = append(w.calls, relayedCall{r.Method, r.RequestURI, r.Host, string(body), r.Header, r.ContentLength})
	}
	w.mu.Unlock()
	if got := r.URL.Query().Get("access_token"); strings.HasPrefix(got, "72_") && got != token {
		fmt.Fprint(rw, `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest rid: 5f-1"}`)
		return
	}
	if w.answer == nil {
		fmt.Fprint(rw, `{"errcode":0,"errmsg":"ok"}`)
		return
	}
	w.answer(rw, r)
}

// end makes WeChat refuse the tokens that it has given.
func (w *relayWeChat) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token++
}

// set changes it.
func (w *relayWeChat) set(change func(*relayWeChat)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// tokens tells how many token calls there were.
func (w *relayWeChat) tokens() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// seen gives the calls since it was last asked.
func (w *relayWeChat) seen() []relayedCall {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

// relaySite is a site that relays to a WeChat and listens on a free port.
type relaySite struct {
	*sitetest.Site
	wechat *relayWeChat
	front  *httptest.Server
	addr   string
}

// newRelaySite makes a site with these lines in relay.
func newRelaySite(t testing.TB, answer http.HandlerFunc, lines string) *relaySite {
	t.Helper()
	return newRelaySiteOf(t, answer, "", "wechat_card relay {\n"+lines+"\n}")
}

// newRelaySiteOf makes a site of directives, with more global options. API in both is WeChat's URL, which is the api
// unless the options say otherwise.
func newRelaySiteOf(t testing.TB, answer http.HandlerFunc, options, directives string) *relaySite {
	t.Helper()
	w := newRelayWeChat(t, answer)
	if !strings.Contains(options, "log ") {
		options += "\nlog {\noutput discard\n}"
	}
	if !strings.Contains(options, "api ") {
		options += "\nwechat_card {\napi API\n}"
	}
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	ctx := sitetest.Provision(t, strings.ReplaceAll(`{
	admin off
	storage file_system `+t.TempDir()+`
	`+options+`
	wechat_card {
		proxy off
		store off
		account {
			app_id `+sitetest.AppID+`
			app_secret {env.TEST_APP_SECRET}
		}
	}
}
http://localhost:9080 {
`+directives+`
}`, "API", w.url))
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	s := &sitetest.Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"], App: loaded.(*app.App)}
	front := httptest.NewServer(s.Server)
	t.Cleanup(front.Close)
	return &relaySite{s, w, front, front.Listener.Addr().String()}
}

// plain does nothing that it was not told to.
var plain = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// call makes a call as a backend on this machine would.
func (s *relaySite) call(method, target string, body io.Reader, header ...string) (*http.Response, string) {
	s.T.Helper()
	req, err := http.NewRequestWithContext(s.T.Context(), method, "http://"+s.addr, body)
	if err != nil {
		s.T.Fatal(err)
	}
	path, query, _ := strings.Cut(target, "?")
	req.Host = "localhost:9080"
	req.URL.Opaque = path // as it is, even if malformed
	req.URL.RawQuery = query
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := plain.Do(req)
	if err != nil {
		s.T.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	return resp, string(answer)
}

// from makes a call in the name of a client, with a path that net/http would not send.
func (s *relaySite) from(address, target string) *httptest.ResponseRecorder {
	s.T.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: localhost:9080\r\n\r\n")))
	if err != nil {
		s.T.Fatal(err)
	}
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	s.Server.ServeHTTP(w, r)
	return w
}

// get makes a call and wants it to be answered well.
func (s *relaySite) get(target string, header ...string) string {
	s.T.Helper()
	resp, body := s.call(http.MethodGet, target, nil, header...)
	if resp.StatusCode != http.StatusOK {
		s.T.Errorf("%s: got %d %s", target, resp.StatusCode, body)
	}
	return body
}

// refuses wants a problem document.
func (s *relaySite) refuses(status int, reason, target string, header ...string) *http.Response {
	s.T.Helper()
	resp, body := s.call(http.MethodGet, target, nil, header...)
	if resp.StatusCode != status || !strings.Contains(body, `"reason":"`+reason+`"`) || resp.Header.Get("Content-Type") != "application/problem+json" {
		s.T.Errorf("%s: got %d %s, want %d %s", target, resp.StatusCode, body, status, reason)
	}
	return resp
}

func TestRelayPutsTokenIn(t *testing.T) {
	s := newRelaySite(t, nil, `allow /card/* /menu/get`)
	mine := "?access_token=" + relayToken(1)
	for target, want := range map[string]string{
		"/menu/get":  "/menu/get" + mine,
		"/card/get?": "/card/get" + mine,
		"/card/code/decrypt?a=1&b=%2f+%20&&c=%zz":                            "/card/code/decrypt" + mine + "&a=1&b=%2f+%20&&c=%zz",
		"/card/get?access_token=old&type=x":                                  "/card/get" + mine + "&type=x",
		"/card/get?type=x&access_token=old":                                  "/card/get" + mine + "&type=x",
		"/card/get?a=1&%61ccess_token=old&ACCESS_TOKEN=b&b=2;access_token=c": "/card/get" + mine + "&a=1&b=2",
		"/card/get?access_token=a&access_token[]=b":                          "/card/get" + mine,
	} {
		if got := s.get(target); got != `{"errcode":0,"errmsg":"ok"}` {
			t.Errorf("%s: got %s", target, got)
		}
		calls := s.wechat.seen()
		if len(calls) != 1 || calls[0].uri != want {
			t.Errorf("%s: WeChat saw %+v, want %s", target, calls, want)
		}
	}
}

func TestRelayHeaders(t *testing.T) {
	s := newRelaySite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Openapi-Seqid", "7")
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, `{"errcode":0}`)
		w.Header().Set("X-Sum", "12")
	}, `allow /card/*`)
	resp, body := s.call(http.MethodPost, "/card/get", strings.NewReader(`{"card_id":"p1"}`),
		"Content-Type", "application/json", "User-Agent", "old/1", "Accept", "application/json", "X-Request-Id", "r1",
		"Cookie", "sid=1", "Authorization", "Basic eDp5", "Accept-Encoding", "br", "Referer", "http://intra/",
		"X-Forwarded-Prefix", "/x", "Proxy-Authorization", "Basic eDp5", "Connection", "Upgrade, X-Hop", "Upgrade", "h2c", "X-Hop", "1",
		"Expect", "100-continue")
	if body != `{"errcode":0}` || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Openapi-Seqid") != "7" ||
		len(resp.Header["Set-Cookie"]) != 2 || resp.Trailer.Get("X-Sum") != "12" || resp.Header.Get("Content-Type") != "application/json; encoding=utf-8" {
		t.Errorf("got %d %v %v %s", resp.StatusCode, resp.Header, resp.Trailer, body)
	}
	calls := s.wechat.seen()
	if len(calls) != 1 {
		t.Fatalf("WeChat saw %+v", calls)
	}
	c := calls[0]
	want := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"old/1"}, "Accept": {"application/json"}, "X-Request-Id": {"r1"},
		"Content-Length": {"16"},
	}
	if !reflect.DeepEqual(c.header, want) {
		t.Errorf("WeChat saw the header %v, want %v", c.header, want)
	}
	if c.host != strings.TrimPrefix(s.wechat.url, "http://") || c.method != http.MethodPost || c.body != `{"card_id":"p1"}` {
		t.Errorf("WeChat saw %+v", c)
	}

	// without a User-Agent there is none, nor anything else of ours
	s.get("/card/get", "User-Agent", "")
	if c := s.wechat.seen()[0]; len(c.header) != 0 {
		t.Errorf("WeChat saw the header %v", c.header)
	}
}

func TestRelayHeadersBehindProxy(t *testing.T) {
	s := newRelaySiteOf(t, nil, "servers {\ntrusted_proxies static 127.0.0.0/8\n}", "wechat_card relay {\nallow /card/*\n}")
	r := httptest.NewRequest(http.MethodGet, "http://localhost:9080/card/get", nil)
	r.RemoteAddr = "127.0.0.1:9"
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip", "Forwarded", "Via"} {
		r.Header.Set(name, "127.0.0.1")
	}
	w := httptest.NewRecorder()
	s.Server.ServeHTTP(w, r)
	if calls := s.wechat.seen(); w.Code != http.StatusOK || len(calls) != 1 || len(calls[0].header) != 0 {
		t.Errorf("got %d %s, WeChat saw %+v", w.Code, w.Body, calls)
	}
}

func TestRelayPaths(t *testing.T) {
	s := newRelaySite(t, nil, `
		allow /card/* /cgi-bin/menu/get /cgi-bin/* /cgi-bin/stable_token
		allow /sns/*`)
	for _, path := range []string{
		"/card/get", "/card/code/decrypt", "/cgi-bin/menu/get", "/cgi-bin/menu/create", "/cgi-bin/tags.v2", "/sns/jscode2session",
		"/cgi-bin/openapi/rid/get",
	} {
		s.get(path)
		if calls := s.wechat.seen(); len(calls) != 1 || !strings.HasPrefix(calls[0].uri, path) {
			t.Errorf("%s: WeChat saw %+v", path, calls)
		}
	}
	for _, path := range []string{
		"/", "/card", "/card/", "/cards/get", "/wxa/msg_sec_check", "/cgi-bin", "/card//get", "/x//card/get", "/card/get/",
		"/card/../cgi-bin/token", "/card/..", "/./card/get", "/card/.", "/card/./get", "/card/...", "/card/get.", "/card/.get", "/card/a..b",
		"/card/%2e%2e/cgi-bin/token", "/card/%2E/get", "/card%2fget", "/card/%2Fget", "/%63ard/get", "/card/ge%74", "/card/%252e%252e/x",
		"/card/get;a=1", "/card;/get", "/card/get%3Ba", "/CARD/get", "/Card/get", "/card/get%00", "/card/get%20", "/card/get+x",
		"/card\\get", "/card/%5c..%5cx", "/card/get%0d%0aHost:x", "/card/\xe4\xbb\xb6", "/card/%E4%BB%B6", "/card/get:80", "/card/@x", "/card/get*",
		"/cgi-bin/token", "/cgi-bin/TOKEN", "/cgi-bin/Stable_Token", "/cgi-bin/ticket/getticket", "/cgi-bin/Ticket/getticket",
		"/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/get", "/cgi-bin/openapi/quota/clear", "/SNS/oauth2/access_token",
		"/cgi-bin/component/clear_quota/v2",
	} {
		s.refuses(http.StatusForbidden, "path_not_allowed", path)
	}
	s.get("/cgi-bin/stable_token")
	if calls := s.wechat.seen(); len(calls) != 0 {
		t.Errorf("WeChat saw %+v", calls)
	}

	if w := s.from("127.0.0.1:9", "//card/get"); w.Code != http.StatusForbidden {
		t.Errorf("//card/get: got %d %s", w.Code, w.Body)
	}

	none := newRelaySite(t, nil, "")
	none.refuses(http.StatusForbidden, "path_not_allowed", "/card/get")
	none.refuses(http.StatusForbidden, "path_not_allowed", "/sns/jscode2session")
	all := newRelaySite(t, nil, "allow /* /cgi-bin/ticket/getticket")
	all.get("/wxaapi/newtmpl/gettemplate")
	all.refuses(http.StatusForbidden, "path_not_allowed", "/wxa/msg_sec_check")
	all.get("/cgi-bin/ticket/getticket")
	all.refuses(http.StatusForbidden, "path_not_allowed", "/cgi-bin/clear_quota")

	stripped := newRelaySiteOf(t, nil, "", `
	handle_path /wx/* {
		wechat_card relay {
			allow /card/*
		}
	}`)
	stripped.get("/wx/card/get")
	stripped.refuses(http.StatusForbidden, "path_not_allowed", "/wx/card/%2e%2e/get")
	if calls := stripped.wechat.seen(); len(calls) != 1 || calls[0].uri != "/card/get?access_token="+relayToken(1) {
		t.Errorf("WeChat saw %+v", calls)
	}
}

func TestRelayRepeats(t *testing.T) {
	const good = `{"errcode":0}`
	long := strings.Repeat("x", 64<<10)
	for name, tc := range map[string]struct {
		answer, typ string
		calls       int
		want        string
	}{
		"not the latest":      {`{"errcode":40001,"errmsg":"x rid: 5f-1"}`, "application/json; encoding=utf-8", 2, good},
		"malformed":           {` { "errmsg" : "x" , "errcode" : 40014 }`, "application/json", 2, good},
		"expired":             {`{"errcode":42001}`, "text/plain", 2, good},
		"without a type":      {`{"errcode":42001}`, "", 2, good},
		"other errcode":       {`{"errcode":40073,"errmsg":"x"}`, "application/json", 1, ""},
		"busy":                {`{"errcode":-1,"errmsg":"x"}`, "application/json", 1, ""},
		"of a part":           {`{"errcode":0,"list":[{"errcode":40001}]}`, "application/json", 1, ""},
		"of a part, at first": {`{"list":[{"errcode":40001}],"errcode":0}`, "application/json", 1, ""},
		"as text":             {`{"errmsg":"\"errcode\":40001","x":"errcode","y":40001}`, "application/json", 1, ""},
		"behind a part":       {`{"list":[{"errcode":0}],"errcode":40001}`, "application/json", 2, good},
		"another type":        {`{"errcode":40001}`, "text/html", 1, ""},
		"an image":            {"\x89PNG\r\n", "image/png", 1, ""},
		"an array":            {`[{"errcode":40001}]`, "application/json", 1, ""},
		"broken":              {`{"errcode":40001`, "application/json", 1, ""},
		"long":                {`{"x":"` + long[18:] + `","errcode":40001}`, "application/json", 1, ""},
		"just not too long":   {`{"x":"` + long[24:] + `","errcode":40001}`, "application/json", 2, good},
		"empty":               {"", "application/json", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, body := range []string{"", `{"card_id":"p1"}`} {
				var s *relaySite
				var asked atomic.Int32
				s = newRelaySite(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header()["Content-Type"] = nil
					if tc.typ != "" {
						w.Header().Set("Content-Type", tc.typ)
					}
					if asked.Add(1) > 1 {
						fmt.Fprint(w, good)
						return
					}
					s.wechat.end() // or there is no other token to be had
					fmt.Fprint(w, tc.answer)
				}, "allow /card/*")
				resp, got := s.call(http.MethodPost, "/card/get?x=1", strings.NewReader(body))
				want := tc.want
				if want == "" {
					want = tc.answer
				}
				if resp.StatusCode != http.StatusOK || got != want {
					t.Errorf("got %d %.80s, want %.80s", resp.StatusCode, got, want)
				}
				calls := s.wechat.seen()
				if len(calls) != tc.calls {
					t.Errorf("WeChat saw %d calls, want %d", len(calls), tc.calls)
				}
				for _, c := range calls {
					if c.body != body || c.length != int64(len(body)) || !strings.HasSuffix(c.uri, "&x=1") {
						t.Errorf("WeChat saw %+v", c)
					}
				}
			}
		})
	}
}

func TestRelayHealsToken(t *testing.T) {
	bodies := map[string]struct {
		body     func() io.Reader
		typ      string
		repeated bool
	}{
		"none":              {func() io.Reader { return nil }, "", true},
		"JSON":              {func() io.Reader { return strings.NewReader(`{"card_id":"p1"}`) }, "application/json", true},
		"chunked":           {func() io.Reader { return io.MultiReader(strings.NewReader("abc"), strings.NewReader("def")) }, "application/json", true},
		"2 MiB":             {func() io.Reader { return strings.NewReader(strings.Repeat("x", relay.MaxKept)) }, "application/json", true},
		"2 MiB, chunked":    {func() io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", relay.MaxKept))) }, "application/json", true},
		"more":              {func() io.Reader { return strings.NewReader(strings.Repeat("x", relay.MaxKept+1)) }, "application/json", false},
		"more, chunked":     {func() io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", relay.MaxKept+1))) }, "application/json", false},
		"multipart":         {func() io.Reader { return strings.NewReader("--b--") }, "multipart/form-data; boundary=b", true},
		"multipart, 2 MiB":  {func() io.Reader { return strings.NewReader(strings.Repeat("x", relay.MaxKept)) }, "multipart/form-data; boundary=b", true},
		"multipart, more":   {func() io.Reader { return strings.NewReader(strings.Repeat("x", relay.MaxKept+1)) }, "multipart/form-data; boundary=b", false},
		"multipart, chunks": {func() io.Reader { return io.MultiReader(strings.NewReader("--b--")) }, "multipart/form-data; boundary=b", true},
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		tc := bodies[name]
		t.Run(name, func(t *testing.T) {
			s := newRelaySite(t, nil, "allow /card/*")
			s.get("/card/get") // the token is known
			s.wechat.seen()
			s.wechat.end()
			var want []byte
			if tc.body() != nil {
				want, _ = io.ReadAll(tc.body())
			}
			_, got := s.call(http.MethodPost, "/card/get", tc.body(), "Content-Type", tc.typ)
			calls := s.wechat.seen()
			if tc.repeated != (got == `{"errcode":0,"errmsg":"ok"}`) || tc.repeated != (len(calls) == 2) {
				t.Errorf("got %s after %d calls", got, len(calls))
			}
			if !tc.repeated && !strings.Contains(got, `"errcode":40001`) {
				t.Errorf("got %s", got)
			}
			for _, c := range calls {
				if c.body != string(want) || tc.repeated && c.length != int64(len(want)) {
					t.Errorf("WeChat saw a body of %d bytes, length %d, want %d", len(c.body), c.length, len(want))
				}
			}
			if got := s.get("/card/get"); got != `{"errcode":0,"errmsg":"ok"}` || len(s.wechat.seen()) != 1 {
				t.Errorf("the next call got %s", got)
			}
		})
	}
}

func TestRelayRefusedTwice(t *testing.T) {
	const refusal = `{"errcode":40001,"errmsg":"still not"}`
	var s *relaySite
	s = newRelaySite(t, func(w http.ResponseWriter, _ *http.Request) {
		s.wechat.end()
		w.Header().Set("X-Openapi-Seqid", "7")
		_ = http.NewResponseController(w).Flush()
		fmt.Fprint(w, refusal)
	}, "allow /card/*")
	resp, got := s.call(http.MethodGet, "/card/get", nil)
	if resp.StatusCode != http.StatusOK || got != refusal || resp.Header.Get("X-Openapi-Seqid") != "7" {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
	if n := len(s.wechat.seen()); n != 2 {
		t.Errorf("WeChat saw %d calls", n)
	}
}

func TestRelayHealsForAll(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/*")
	s.get("/card/get")
	s.wechat.end()
	before := s.wechat.tokens()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if got := s.get("/card/get"); got != `{"errcode":0,"errmsg":"ok"}` {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
	if n := s.wechat.tokens() - before; n != 1 {
		t.Errorf("a hundred refused calls cost %d token calls", n)
	}
}

func TestRelayOwnTokens(t *testing.T) {
	const refusal = `{"errcode":40001,"errmsg":"x"}`
	s := newRelaySite(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, refusal) }, `
		allow /* /cgi-bin/token /cgi-bin/clear_quota/v2
		pass  /wxa/own /third/*`)
	s.App.Account(app.DefaultAccount).Credential(t.Context(), "access_token")
	before := s.wechat.tokens()
	for _, target := range []string{
		"/sns/userinfo?access_token=users&openid=o1", "/sns/oauth2/access_token?appid=a&secret=b", "/cgi-bin/component/api_query_auth?component_access_token=c",
		"/cgi-bin/token?grant_type=client_credential&appid=a&secret=b", "/wxa/own?x=%2f&access_token=mine", "/third/x/y?access_token=mine", "/sns/x",
		"/cgi-bin/clear_quota/v2?appid=a&appsecret=b",
	} {
		if got := s.get(target); got != refusal {
			t.Errorf("%s: got %s", target, got)
		}
		if calls := s.wechat.seen(); len(calls) != 1 || calls[0].uri != target {
			t.Errorf("%s: WeChat saw %+v", target, calls)
		}
	}
	if n := s.wechat.tokens() - before; n != 0 {
		t.Errorf("refused tokens of others cost %d token calls", n)
	}
}

func TestRelayKey(t *testing.T) {
	t.Setenv("GATEWAY_KEY", "s3cret key")
	s := newRelaySite(t, nil, `
		allow /card/* /sns/*
		key   {env.GATEWAY_KEY}`)
	for _, target := range []string{"/card/get?access_token=s3cret+key&x=1", "/card/get?x=1&access_token=s3cret%20key"} {
		s.get(target)
		if calls := s.wechat.seen(); len(calls) != 1 || calls[0].uri != "/card/get?access_token="+relayToken(1)+"&x=1" {
			t.Errorf("%s: WeChat saw %+v", target, calls)
		}
	}
	s.get("/sns/userinfo?access_token=users")
	s.wechat.seen()
	for _, target := range []string{
		"/card/get", "/card/get?access_token=", "/card/get?access_token=s3cret", "/card/get?access_token=x&access_token=s3cret+key",
		"/card/get?ACCESS_TOKEN=s3cret+key", "/card/get?key=s3cret+key", "/other?access_token=", "/card/%2e?access_token=x",
		"/card/get?access_token=%zz",
	} {
		s.refuses(http.StatusForbidden, "client_not_allowed", target)
	}
	s.refuses(http.StatusForbidden, "path_not_allowed", "/other?access_token=s3cret+key")
	if calls := s.wechat.seen(); len(calls) != 0 {
		t.Errorf("WeChat saw %+v", calls)
	}
}

func TestRelayStrangers(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/*")
	problemtest.Want(t, s.Site.Do(sitetest.Request{Target: "/card/get"}), http.StatusForbidden, "client_not_allowed", "192.0.2.1")
	problemtest.Want(t, s.Site.Do(sitetest.Request{Target: "/secret"}), http.StatusForbidden, "client_not_allowed", "192.0.2.1")
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "cf-connecting-ip"} {
		s.refuses(http.StatusForbidden, "client_not_allowed", "/card/get", name, "127.0.0.1")
	}
	const agent = "Mozilla/5.0 (X11; Linux x86_64)"
	s.refuses(http.StatusForbidden, "client_not_allowed", "/card/get", "User-Agent", agent, "Accept-Language", "zh-CN")
	s.get("/card/get", "User-Agent", agent, "Accept-Language", "*", "Sec-Fetch-Mode", "cors") // fetch of Node.js
	listed := newRelaySite(t, nil, "allow /card/*\nclients 192.0.2.0/24")
	if w := listed.Site.Do(sitetest.Request{Target: "/card/get"}); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	listed.refuses(http.StatusForbidden, "client_not_allowed", "/card/get")
}

func TestRelayWithoutToken(t *testing.T) {
	s := newRelaySite(t, nil, "allow /card/* /sns/*")
	s.wechat.set(func(w *relayWeChat) { w.tokenAnswer = `{"errcode":40164,"errmsg":"invalid ip 203.0.113.7"}` })
	resp := s.refuses(http.StatusServiceUnavailable, "credential_unavailable", "/card/get")
	if resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.get("/sns/userinfo")

	// and none any more when it is needed
	s = newRelaySite(t, nil, "allow /card/*")
	s.get("/card/get")
	s.wechat.end()
	s.wechat.set(func(w *relayWeChat) { w.tokenAnswer = `{"errcode":40164,"errmsg":"invalid ip 203.0.113.7"}` })
	s.refuses(http.StatusServiceUnavailable, "credential_unavailable", "/card/get")
}

func TestRelayErrorRoutes(t *testing.T) {
	s := newRelaySiteOf(t, nil, "", `
	wechat_card relay {
		allow  /card/*
		errors caddy
	}
	handle_errors {
		respond "{err.status_code} {err.message}"
	}`)
	if _, got := s.call(http.MethodGet, "/x", nil); got != "403 the path /x is not among those that may be called" {
		t.Errorf("got %s", got)
	}
}

func TestRelayAPIPath(t *testing.T) {
	s := newRelaySiteOf(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }, "wechat_card {\napi API/via/\n}", "wechat_card relay {\nallow /card/*\n}")
	s.wechat.prefix = "/via"
	if got := s.get("/card/get"); got != "/via/card/get" {
		t.Errorf("got %s", got)
	}
}

// TestRelayTokenSourceNone calls as in WeChat's cloud hosting, which puts the token in on the way.
func TestRelayTokenSourceNone(t *testing.T) {
	const refusal = `{"errcode":40001,"errmsg":"x"}`
	s := newRelaySiteOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, refusal) },
		"wechat_card {\naccount cloud {\napp_id wx0000000000000009\ntoken_source none\n}\n}",
		"wechat_card relay {\naccount cloud\nallow /card/*\n}")
	for target, want := range map[string]string{"/card/get?access_token=old&x=1": "/card/get?x=1", "/card/get": "/card/get"} {
		if got := s.get(target); got != refusal {
			t.Errorf("%s: got %s", target, got)
		}
		if calls := s.wechat.seen(); len(calls) != 1 || calls[0].uri != want {
			t.Errorf("%s: WeChat saw %+v, want %s", target, calls, want)
		}
	}
}

// TestRelayBehindCredentials is an SDK that gets its tokens here and calls WeChat through here, over a rotation.
func TestRelayBehindCredentials(t *testing.T) {
	s := newRelaySiteOf(t, nil, "", `
	route {
		wechat_card credentials
		wechat_card relay {
			allow /card/*
		}
	}`)
	token := func() string {
		var answer struct {
			AccessToken string `json:"access_token"`
		}
		body := s.get("/cgi-bin/token?grant_type=client_credential&appid=" + sitetest.AppID + "&secret=" + sitetest.Secret)
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.AccessToken
	}
	old := token()
	s.wechat.end()
	for range 3 {
		if got := s.get("/card/get?access_token=" + old); got != `{"errcode":0,"errmsg":"ok"}` {
			t.Errorf("got %s", got)
		}
	}
	if old != relayToken(1) || token() != relayToken(2) {
		t.Errorf("got the token %s, then %s", old, token())
	}
	s.refuses(http.StatusForbidden, "path_not_allowed", "/cgi-bin/menu/get")
}
