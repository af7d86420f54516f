// Package accounttest is an account in front of a sandbox, for the tests of what an account can do.
package accounttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/sandboxtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The account that the sandbox knows, and the id of a card of its.
const (
	AppID     = "wx0123456789abcdef"
	AppSecret = "s3cr3t"
	CardID    = "pOOOOOOOOOOOOOOOOOOOOOOOOOOO"
)

// Under the rule grid tickets change once in a life, at moments of AppID's own. The clock begins behind these, so that a test that
// sets it forward by less than a life meets none by chance.
const (
	grid    = 2 * time.Hour
	changed = 4400 * time.Second // into that life the last of them has been
)

// WeChat is a sandbox that listens, with a clock that tests can set forward.
type WeChat struct {
	Sandbox *sandbox.Sandbox
	URL     string
	Client  *wechat.Client

	mu    sync.Mutex
	ahead time.Duration
}

// NewWeChat makes a WeChat that lasts as long as the test.
func NewWeChat(t testing.TB) *WeChat {
	t.Helper()
	now := time.Now()
	w := &WeChat{ahead: now.Truncate(grid).Add(grid+changed).Sub(now) % grid}
	w.Sandbox = sandbox.New(sandbox.Config{Apps: map[string]string{AppID: AppSecret}, Now: w.Now, Tickets: sandboxtest.Rule()})
	srv := httptest.NewServer(w.Sandbox)
	t.Cleanup(srv.Close)
	w.URL = srv.URL
	w.Client = wechat.New(wechat.Config{BaseURLs: []string{srv.URL}, Now: w.Now})
	t.Cleanup(w.Client.Close)
	return w
}

// Now is the time by the clock.
func (w *WeChat) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// Forward sets the clock forward.
func (w *WeChat) Forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// Phone passes what we answered to the sandbox's phone and gives its answer.
func (w *WeChat) Phone(t testing.TB, call string, body []byte) map[string]any {
	t.Helper()
	resp, err := http.Post(w.URL+"/_sandbox/phone/"+call, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// Closing is the URL of the same WeChat for clients in a synctest bubble: no connection outlives its request, so that the
// clock can go on.
func (w *WeChat) Closing(t testing.TB) (baseURL string) {
	t.Helper()
	srv := httptest.NewServer(w.Sandbox)
	srv.Config.SetKeepAlivesEnabled(false)
	t.Cleanup(srv.Close)
	return srv.URL
}
