package caddymodule

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// The account of the tests' sites, and what it could be called by mistake.
const (
	testAppID  = "wx0000000000000001"
	testSecret = "0123456789abcdef0123456789abcdef"
)

// testSite is a site inside a provisioned Caddy that does not listen, with a WeChat of its own.
type testSite struct {
	t      testing.TB
	server *caddyhttp.Server
	app    *App
	wechat *sandbox.Sandbox
}

// siteLog is where the sites of a test log to.
var siteLog = "output discard"

// testLogs has the sites that the test makes from now on log everything, and gives what was logged by the plugin's handlers.
func testLogs(t testing.TB) (lines func() []map[string]any) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "all.log")
	siteLog = "output file " + file + "\n\t\tlevel DEBUG\n\t\tformat json"
	t.Cleanup(func() { siteLog = "output discard" })
	return func() (lines []map[string]any) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for text := range bytes.Lines(raw) {
			var line map[string]any
			if err := json.Unmarshal(text, &line); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if name, _ := line["logger"].(string); strings.HasPrefix(name, "http.handlers.wechat_card") {
				lines = append(lines, line)
			}
		}
		return lines
	}
}

// newTestSite provisions a site with these directives.
func newTestSite(t testing.TB, directives string) *testSite {
	t.Helper()
	return newTestSiteWith(t, "", directives)
}

// newTestSiteWith is newTestSite with more lines in the global option. Without a store among them there is none.
func newTestSiteWith(t testing.TB, options, directives string) *testSite {
	t.Helper()
	wechat := sandbox.New(sandbox.Config{CustomCodeCards: []string{"pCustom"}})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	t.Setenv("TEST_APP_SECRET", testSecret)

	if !strings.Contains(options, "store ") {
		options += "\n\t\tstore off"
	}
	ctx := provisionCaddyfile(t, `{
	admin off
	storage file_system `+t.TempDir()+`
	log {
		`+siteLog+`
	}
	wechat_card {
		api `+api.URL+`
		`+options+`
		account {
			app_id `+testAppID+`
			app_secret {env.TEST_APP_SECRET}
		}
		account other {
			app_id wx0000000000000002
			app_secret {env.TEST_APP_SECRET}
		}
	}
}
http://localhost:9080 {
`+directives+`
}`)
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	app, err := ctx.App(appName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.(*App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return &testSite{t, httpApp.(*caddyhttp.App).Servers["srv0"], app.(*App), wechat}
}

// provisionCaddyfile provisions without listening.
func provisionCaddyfile(t testing.TB, input string) caddy.Context {
	t.Helper()
	ctx, err := tryProvision(input)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func tryProvision(input string) (caddy.Context, error) {
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), nil)
	if err != nil {
		return caddy.Context{}, err
	}
	var cfg *caddy.Config
	if err := json.Unmarshal(out, &cfg); err != nil {
		return caddy.Context{}, err
	}
	return caddy.ProvisionContext(cfg)
}

// testRequest is a request to a site: a GET, or a POST if there is a body.
type testRequest struct {
	method string // default: see above
	target string // default: /
	body   string
	typ    string // Content-Type, default for a body: application/json; "-": none
	header map[string]string
	from   string // the client's IP address; default: one of the Internet
}

// do sends a request through the whole site.
func (s *testSite) do(q testRequest) *httptest.ResponseRecorder {
	s.t.Helper()
	if q.target == "" {
		q.target = "/"
	}
	if q.method == "" {
		q.method = http.MethodGet
		if q.body != "" {
			q.method = http.MethodPost
		}
	}
	path, query, hasQuery := strings.Cut(q.target, "?")
	r := httptest.NewRequest(q.method, "http://localhost:9080"+path, strings.NewReader(q.body))
	if hasQuery {
		r.URL.RawQuery = query // as it is, even if malformed
		r.RequestURI += "?" + query
	}
	if q.typ == "" && q.body != "" {
		q.typ = "application/json"
	}
	if q.typ != "" && q.typ != "-" {
		r.Header.Set("Content-Type", q.typ)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	if q.from != "" {
		r.RemoteAddr = net.JoinHostPort(q.from, "1")
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	return w
}

// get is do for a query.
func (s *testSite) get(target string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.do(testRequest{target: target})
}

// post is do for JSON.
func (s *testSite) post(target, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.do(testRequest{target: target, body: body})
}

// testCard is a card of an add_card answer.
type testCard struct {
	ID  string         `json:"cardId"`
	Raw string         `json:"cardExt"`
	Ext map[string]any `json:"-"`
}

// cards decodes an add_card answer.
func (s *testSite) cards(w *httptest.ResponseRecorder) []testCard {
	s.t.Helper()
	if w.Code != http.StatusOK {
		s.t.Fatalf("got status %d: %s", w.Code, w.Body)
	}
	var answer struct {
		CardList []testCard `json:"cardList"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		s.t.Fatal(err)
	}
	for i, c := range answer.CardList {
		if err := json.Unmarshal([]byte(c.Raw), &answer.CardList[i].Ext); err != nil {
			s.t.Fatal(err)
		}
	}
	return answer.CardList
}

// phone passes a body to the sandbox's phone, and returns what it says.
func (s *testSite) phone(path, body string) string {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/_sandbox/phone/"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.wechat.ServeHTTP(w, r)
	return w.Body.String()
}

// wantProblem checks the status and reason of a problem document, and that its detail mentions something.
func wantProblem(t testing.TB, w *httptest.ResponseRecorder, status int, reason, mention string) {
	t.Helper()
	var problem struct {
		Type, Title, Detail, Reason string
		Status                      int
	}
	if w.Code != status {
		t.Errorf("got status %d, want %d: %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("got Content-Type %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	if strings.Contains(w.Body.String(), `\u`) {
		t.Errorf("got an escape in %s", w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if problem.Type != "about:blank" || problem.Title != http.StatusText(status) || problem.Status != status || problem.Reason != reason {
		t.Errorf("got %s, want status %d and reason %s", w.Body, status, reason)
	}
	if !strings.Contains(problem.Detail, mention) {
		t.Errorf("got detail %q, want it to mention %q", problem.Detail, mention)
	}
}

// credential gives what the default account holds.
func (s *testSite) credential(kind credential.Kind) string {
	s.t.Helper()
	text, err := s.app.Account(defaultAccount).Credential(s.t.Context(), kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}
