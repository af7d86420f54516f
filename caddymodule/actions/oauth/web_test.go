package oauth_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// web is WeChat, and sites before which the action stands, of whatever names.
type web struct {
	t      *testing.T
	wechat *sandbox.Sandbox
	api    string
	server *caddyhttp.Server
}

// page is what the sites answer: what the action has told.
const page = "openid={http.wechat_card.openid} unionid={http.wechat_card.unionid} header={http.request.header.X-Openid},{http.request.header.X-Unionid}"

// siteLog is where the sites of a test log to.
var siteLog = "output discard"

// newWeb makes sites with these directives, in a route that ends with page.
func newWeb(t *testing.T, directives string) *web {
	t.Helper()
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	return newWebOf(t, wechat, api.URL, t.TempDir(), directives)
}

// newWebOf is newWeb with a WeChat, and with a store in a folder.
func newWebOf(t *testing.T, wechat *sandbox.Sandbox, api, store, directives string) *web {
	t.Helper()
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	ctx := sitetest.Provision(t, `{
	admin off
	storage file_system `+store+`
	log {
		`+siteLog+`
	}
	servers {
		trusted_proxies static 203.0.113.7
	}
	wechat_card {
		api `+api+`
		open `+api+`
		account {
			app_id `+sitetest.AppID+`
			app_secret {env.TEST_APP_SECRET}
		}
		account other {
			app_id wx0000000000000002
			app_secret {env.TEST_APP_SECRET}
		}
	}
}
http://:9080 {
	log
	route {
`+directives+`
		respond "`+page+`"
	}
}`)
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loaded.(*app.App).Cleanup(); err != nil {
			t.Error(err)
		}
	})
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	return &web{t, wechat, api, httpApp.(*caddyhttp.App).Servers["srv0"]}
}

// RoundTrip sends what is not for WeChat to the site.
func (w *web) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.String(), w.api) {
		return http.DefaultTransport.RoundTrip(r)
	}
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header, in.Host = r.Header.Clone(), r.URL.Host
	in.RemoteAddr = "192.0.2.1:1"
	if r.Header.Get("X-Forwarded-Proto") != "" {
		in.RemoteAddr = "203.0.113.7:1"
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	out := httptest.NewRecorder()
	w.server.ServeHTTP(out, in)
	resp := out.Result()
	resp.Request = r
	return resp, nil
}

// exchanges counts the calls for codes since the last time.
func (w *web) exchanges() int {
	w.t.Helper()
	return w.wechat.Calls()["/sns/oauth2/access_token"]
}

func (w *web) wantExchanges(what string, want int) {
	w.t.Helper()
	if got := w.exchanges(); got != want {
		w.t.Errorf("%s: %d exchanges, want %d", what, got, want)
	}
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	*web
	client http.Client
}

func (w *web) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, http.Client{
		Jar: jar, Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what a browser gets.
type answer struct {
	*http.Response
	body string
}

// do makes a request; header has names and values.
func (b *browser) do(method, address string, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

func (b *browser) get(address string, header ...string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, address, header...)
}

// to gives where an answer sends the browser; from is what that is relative to.
func (b *browser) to(a answer) string {
	b.t.Helper()
	to, err := a.Location()
	if a.StatusCode != http.StatusFound || err != nil || a.Header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("got %d %s %s", a.StatusCode, a.Header, a.body)
	}
	return to.String()
}

// authorize goes to WeChat's page, and gives the callback's address.
func (b *browser) authorize(start string) string {
	b.t.Helper()
	return b.to(b.get(b.to(b.get(start))))
}

// login goes all the way, and gives the last answer.
func (b *browser) login(start string) answer {
	b.t.Helper()
	return b.get(b.to(b.get(b.authorize(start))))
}

// wantProblem checks a problem document.
func (b *browser) wantProblem(a answer, status int, reason string) {
	b.t.Helper()
	if a.StatusCode != status || !strings.Contains(a.body, `"reason":"`+reason+`"`) || a.Header.Get("Cache-Control") != "no-store" {
		b.t.Errorf("%s: got %d %s %s, want %d %s", a.Request.URL, a.StatusCode, a.Header, a.body, status, reason)
	}
}

// wantVisitor checks what the page shows.
func (b *browser) wantVisitor(a answer, openid, unionid string) {
	b.t.Helper()
	want := fmt.Sprintf("openid=%s unionid=%s header=%s,%s", openid, unionid, openid, unionid)
	if a.StatusCode != http.StatusOK || a.body != want {
		b.t.Errorf("got %d %s, want %s", a.StatusCode, a.body, want)
	}
	if noStore := a.Header.Get("Cache-Control") == "no-store"; noStore != (openid != "") {
		b.t.Errorf("got %v", a.Header)
	}
}

// query changes the query of an address.
func query(address string, change func(url.Values)) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return u.String()
}

// cookiesOf gives the cookies of a site by name.
func (b *browser) cookiesOf(address string) map[string]string {
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	all := make(map[string]string)
	for _, c := range b.client.Jar.Cookies(u) {
		all[c.Name] = c.Value
	}
	return all
}
