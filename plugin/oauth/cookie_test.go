package oauth

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const testSecret = "0123456789abcdef0123456789abcdef"

// clock is moved by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)} }

// newVisitors makes Visitors of an account, as one process has them.
func newVisitors(t testing.TB, appID, secret, api string, store storeguard.Store, c *clock) *Visitors {
	t.Helper()
	client := wechat.New(wechat.Config{BaseURLs: []string{api}})
	t.Cleanup(client.Close)
	bucket := new(limit.Bucket)
	bucket.Set("test", 600)
	v := New(Config{
		Client: client, AppID: appID, AppSecret: secret, Limit: bucket, Store: store, Prefix: "wechat_card/test/oauth", Now: c.now, WeChatTime: c.now,
	}, NewState())
	t.Cleanup(v.StopOAuth)
	return v
}

func TestNoSecret(t *testing.T) {
	if newVisitors(t, "wx1", "", "http://127.0.0.1:1", nil, newClock()).CheckOAuth() == nil {
		t.Error("an account without a secret will do")
	}
}

func TestAuthorizeURL(t *testing.T) {
	v := New(Config{AppID: "wx1", AppSecret: testSecret}, NewState())
	got := v.AuthorizeURL("https://shop.example/a+b?c=d&e", UserInfo, "S1")
	if want := "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fshop.example%2Fa%2Bb%3Fc%3Dd%26e&response_type=code&scope=snsapi_userinfo&state=S1#wechat_redirect"; got != want {
		t.Errorf("got %s", got)
	}
	v = New(Config{AppID: "wx1", AppSecret: testSecret, OpenURL: "http://127.0.0.1:1"}, NewState())
	if got := v.AuthorizeURL("x", Base, "S1"); !strings.HasPrefix(got, "http://127.0.0.1:1/connect/oauth2/authorize?appid=wx1&") || !strings.Contains(got, "&scope=snsapi_base&") {
		t.Errorf("got %s", got)
	}
}

func TestAttempts(t *testing.T) {
	c := newClock()
	v := newVisitors(t, "wx1", testSecret, "http://127.0.0.1:1", nil, c)
	seen := make(map[string]bool)
	for i := range 200 {
		a, cookie := v.BeginAttempt("/"+strings.Repeat([]string{"a", "&"}[i%2], maxReturn-1), true)
		if !regexp.MustCompile(`^[A-Za-z0-9]{32}$`).MatchString(a.State) || seen[a.State] || !IsSlot(Slot(a.State)) {
			t.Fatalf("got the state %q", a.State)
		}
		seen[a.State] = true
		if got, ok := v.OpenAttempt(cookie); !ok || got != a {
			t.Fatalf("got %+v, %v for %+v", got, ok, a)
		}
		if line := (&http.Cookie{Name: "wechat_session_" + Slot(a.State), Value: cookie}).String(); line != "wechat_session_"+Slot(a.State)+"="+cookie || len(line) > 4096 {
			t.Fatalf("the cookie has %d bytes: %s", len(line), line)
		}
		if strings.Contains(cookie, a.State) {
			t.Fatal("the state stands in the cookie")
		}
	}
	_, cookie := v.BeginAttempt("/", false)
	for passed, want := range map[time.Duration]bool{
		0: true, 10 * time.Minute: true, 20 * time.Minute: true, 21 * time.Minute: false, // the clock of another process may be ahead,
		-10 * time.Minute: true, -11 * time.Minute: false, // or behind
	} {
		now := c.now()
		c.forward(passed)
		if _, ok := v.OpenAttempt(cookie); ok != want {
			t.Errorf("after %v: got %v", passed, ok)
		}
		c.forward(now.Sub(c.now()))
	}
}

// TestSession looks at who reads the cookie of a session, and for how long.
func TestSession(t *testing.T) {
	c := newClock()
	v := newVisitors(t, "wx1", testSecret, "http://127.0.0.1:1", nil, c)
	alice := Visitor{"oAlice", "uAlice"}
	cookie := v.SealSession(alice)
	if got, ok := v.OpenSession(cookie, time.Hour); !ok || got != alice || strings.Contains(cookie, "Alice") {
		t.Fatalf("got %+v, %v", got, ok)
	}
	if got, ok := newVisitors(t, "wx1", testSecret, "http://127.0.0.1:1", nil, c).OpenSession(cookie, time.Hour); !ok || got != alice {
		t.Errorf("another process got %+v, %v", got, ok)
	}
	for name, other := range map[string]*Visitors{
		"another account": newVisitors(t, "wx2", testSecret, "http://127.0.0.1:1", nil, c),
		"another secret":  newVisitors(t, "wx1", testSecret[1:]+"x", "http://127.0.0.1:1", nil, c),
	} {
		if _, ok := other.OpenSession(cookie, time.Hour); ok {
			t.Errorf("%s opens it", name)
		}
	}
	if _, ok := v.OpenAttempt(cookie); ok {
		t.Error("a session is an attempt")
	}
	_, attempt := v.BeginAttempt("/", false)
	if _, ok := v.OpenSession(attempt, time.Hour); ok {
		t.Error("an attempt is a session")
	}
	for i := range cookie {
		for _, with := range []string{"A", "B", "_", "=", "", "AA"} {
			if changed := cookie[:i] + with + cookie[i+1:]; changed != cookie {
				if _, ok := v.OpenSession(changed, time.Hour); ok {
					t.Fatalf("the cookie opens with %q at %d", with, i)
				}
			}
		}
	}
	for passed, want := range map[time.Duration]bool{
		0: true, 59 * time.Minute: true, time.Hour: false, 48 * time.Hour: false, -10 * time.Minute: true, -20 * time.Minute: true, -21 * time.Minute: false,
	} {
		now := c.now()
		c.forward(passed)
		if _, ok := v.OpenSession(cookie, time.Hour); ok != want {
			t.Errorf("after %v: got %v", passed, ok)
		}
		c.forward(now.Sub(c.now()))
	}
}
