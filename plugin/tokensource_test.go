package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// owner is a central server (中控服务器) that keeps the credentials of the world's account.
type owner struct {
	*httptest.Server
	account *Account

	mu       sync.Mutex
	down     bool
	stuck    string // handed out whatever the account's token is
	calls    int
	rejected []string
}

func (o *owner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.calls++
	down, stuck := o.down, o.stuck
	if t := r.URL.Query().Get("rejected_token"); t != "" {
		o.rejected = append(o.rejected, t)
	}
	o.mu.Unlock()
	if down || r.Header.Get("X-Key") != "k3y-of-the-owner" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	kind := map[string]credential.Kind{
		"": credential.AccessToken, "wx_card": credential.APITicket, "jsapi": credential.JSAPITicket,
	}[r.URL.Query().Get("type")]
	text, err := o.account.Credential(r.Context(), kind)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if stuck != "" {
		text = stuck
	}
	left := o.account.Status(kind).Expires.Sub(o.account.cfg.Now())
	fmt.Fprintf(w, `{"data":{"value":%q},"expires_in":%d}`, text, int(left.Seconds()))
}

func (o *owner) set(change func(*owner)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// asked tells how often the owner was called, and with what complaints, since it was last asked.
func (o *owner) asked() (calls int, rejected []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	calls, rejected = o.calls, o.rejected
	o.calls, o.rejected = 0, nil
	return calls, rejected
}

// newOwned makes a world that has no app secret, and an owner of its token, and of its tickets if they are owned too.
func newOwned(t *testing.T, tickets bool, log *bytes.Buffer) (*world, *owner) {
	t.Helper()
	w := newWorld(t, nil)
	o := &owner{account: w.Account}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	open := func(tickets bool) source.Source {
		s, err := source.NewRemote(source.RemoteConfig{
			URL: o.URL + "/token?app=hidden-query", Header: map[string]string{"X-Key": "k3y-of-the-owner"},
			Field: "data.value", Tickets: tickets, Now: w.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	cfg := w.cfg
	cfg.AppSecret, cfg.Store, cfg.Token = "", accounttest.NewMemory(), open(false)
	cfg.DecryptLimit = 6000 // each rotation may cost every decryption a second call
	cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	if tickets {
		cfg.Tickets = open(true)
	}
	w.cfg = cfg
	var err error
	if w.Account, err = NewAccount(cfg, NewState(cfg)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w, o
}

func (w *world) decrypt(t *testing.T, code string) error {
	t.Helper()
	got, err := w.DecryptCode(t.Context(), w.Sandbox.EncryptCode(w.cfg.AppID, code))
	if err == nil && got != code {
		t.Errorf("got %s for %s", got, code)
	}
	return err
}

func TestRemoteTokenThroughRotations(t *testing.T) {
	var log bytes.Buffer
	w, o := newOwned(t, false, &log)
	for round := range 4 {
		body, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: testCard}}, true)
		if err != nil {
			t.Fatal(err)
		}
		if answer := w.Phone(t, "addCard", body); answer["errMsg"] != "addCard:ok" {
			t.Fatalf("the phone refuses %s: %v", body, answer)
		}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if err := w.decrypt(t, fmt.Sprintf("%06d%06d", round, i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		calls, rejected := o.asked()
		if calls != 1 {
			t.Errorf("round %d: the owner was asked %d times", round, calls)
		}
		if round > 0 && len(rejected) != 1 {
			t.Errorf("round %d: complaints about %q", round, rejected)
		}
		w.Forward(time.Minute)
		if err := w.Sandbox.Revoke(sandbox.Revocation{}); err != nil {
			t.Fatal(err)
		}
		// The owner notices by itself.
		if err := o.account.Refresh(t.Context(), credential.AccessToken, false); err != nil {
			t.Fatal(err)
		}
	}
	if s := w.Status(credential.AccessToken); s.Source != source.NameRemote || s.Fetched != 4 {
		t.Errorf("got %+v", s)
	}
	w.Stop() // nothing writes into the log any more
	for _, secret := range []string{"k3y-of-the-owner", "hidden-query"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %s: %s", secret, &log)
		}
	}
	if n := len(w.cfg.Store.(*accounttest.Memory).Keys()); n != 0 {
		t.Errorf("%d records in the store, though there is no secret to seal them with", n)
	}
}

func TestRemoteOwnerAway(t *testing.T) {
	var log bytes.Buffer
	w, o := newOwned(t, true, &log)
	if _, err := w.Credential(t.Context(), credential.APITicket); err != nil {
		t.Fatal(err)
	}
	if err := w.decrypt(t, "100000000000"); err != nil {
		t.Fatal(err)
	}
	o.set(func(o *owner) { o.down = true })
	w.Forward(117 * time.Minute) // renewal has been due for a while
	for i := range 20 {
		if err := w.decrypt(t, fmt.Sprintf("2000000000%02d", i)); err != nil {
			t.Fatalf("the token that is good still is not used: %v", err)
		}
		if _, err := w.Credential(t.Context(), credential.APITicket); err != nil {
			t.Fatalf("the ticket that is good still is not used: %v", err)
		}
	}
	w.Forward(3 * time.Minute)
	o.asked()
	for range 50 {
		err := w.decrypt(t, "300000000000")
		u, ok := errors.AsType[*credential.Unavailable](err)
		if !ok || u.Kind != credential.AccessToken {
			t.Fatalf("got %v", err)
		}
		if _, err := w.Credential(t.Context(), credential.APITicket); err == nil {
			t.Fatal("a ticket is served after its end")
		}
	}
	if calls, _ := o.asked(); calls > 4 {
		t.Errorf("%d calls to an owner that is away", calls)
	}
	o.set(func(o *owner) { o.down = false })
	w.Forward(2 * time.Minute)
	if err := w.decrypt(t, "400000000000"); err != nil {
		t.Errorf("the owner is back: %v", err)
	}
	w.Stop()
	if strings.Contains(log.String(), "k3y-of-the-owner") || strings.Contains(log.String(), "hidden-query") {
		t.Errorf("the log holds a secret: %s", &log)
	}
}

// TestRemoteOwnerInsists lets an owner hand out a token that WeChat refuses, again and again.
func TestRemoteOwnerInsists(t *testing.T) {
	var log bytes.Buffer
	w, o := newOwned(t, false, &log)
	o.set(func(o *owner) { o.stuck = "a-token-of-another-account" })
	failed := 0
	for i := range 60 {
		err := w.decrypt(t, fmt.Sprintf("5000000000%02d", i))
		if _, ok := errors.AsType[*credential.Unavailable](err); ok {
			failed++
		}
	}
	calls, rejected := o.asked()
	if failed != 60 || calls > 4 || len(rejected) == 0 || rejected[0] != "a-token-of-another-account" {
		t.Errorf("%d failures, %d calls of the owner, complaints about %q", failed, calls, rejected)
	}
	o.set(func(o *owner) { o.stuck = "" })
	w.Forward(time.Minute)
	if err := w.decrypt(t, "600000000000"); err != nil {
		t.Errorf("the owner has come round: %v", err)
	}
	w.Stop()
	if strings.Contains(log.String(), "a-token-of-another-account") {
		t.Errorf("the log holds a token: %s", &log)
	}
}

func TestRemoteTickets(t *testing.T) {
	var log bytes.Buffer
	w, o := newOwned(t, true, &log)
	api, err := w.Credential(t.Context(), credential.APITicket)
	if err != nil {
		t.Fatal(err)
	}
	jsapi, err := w.Credential(t.Context(), credential.JSAPITicket)
	if err != nil {
		t.Fatal(err)
	}
	calls, _ := o.asked()
	if api == jsapi || calls != 2 || w.Status(credential.AccessToken).Fetched != 0 {
		t.Errorf("%d calls; the token was fetched %d times", calls, w.Status(credential.AccessToken).Fetched)
	}
	if got, err := o.account.Credential(t.Context(), credential.JSAPITicket); err != nil || got != jsapi {
		t.Errorf("the owner has another jsapi_ticket: %v", err)
	}
}

// TestRemoteSharedWithSecret gives the app secret all the same: two processes then ask the owner once.
func TestRemoteSharedWithSecret(t *testing.T) {
	var log bytes.Buffer
	w, o := newOwned(t, true, &log)
	cfg := w.cfg
	cfg.AppSecret = "s3cr3t"
	for i := range 2 {
		account, err := NewAccount(cfg, NewState(cfg))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := account.Credential(t.Context(), credential.AccessToken); err != nil {
			t.Fatal(err)
		}
		want := []credential.Source{source.NameRemote, credential.FromStore}[i]
		if s := account.Status(credential.AccessToken); s.Source != want {
			t.Errorf("process %d has it from %s", i, s.Source)
		}
		account.Stop() // stored by then
	}
	if calls, _ := o.asked(); calls != 1 {
		t.Errorf("the owner was asked %d times", calls)
	}
}

// TestCloudHosting calls WeChat without a token, through a side-car that puts it in, as WeChat's cloud hosting does.
func TestCloudHosting(t *testing.T) {
	inner := newWorld(t, nil)
	target, err := url.Parse(inner.URL)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var token string // "": the path is not on the list
	sidecar := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if r.In.URL.Query().Has("access_token") {
			t.Errorf("a call carries a token: %s", r.In.URL.Path)
		}
		mu.Lock()
		defer mu.Unlock()
		r.Out.URL.RawQuery = url.Values{"access_token": {token}}.Encode()
	}})
	t.Cleanup(sidecar.Close)

	w := newWorld(t, func(c *AccountConfig) {
		c.AppSecret, c.TokenSource, c.APIURL = "", None, sidecar.URL
		c.Client = wechat.New(wechat.Config{BaseURLs: []string{sidecar.URL}})
		t.Cleanup(c.Client.Close)
	})
	text, err := inner.Credential(t.Context(), credential.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	token = text
	mu.Unlock()
	code, err := w.DecryptCode(t.Context(), inner.Sandbox.EncryptCode(w.cfg.AppID, "123456789012"))
	if err != nil || code != "123456789012" {
		t.Errorf("got %q, %v", code, err)
	}

	mu.Lock()
	token = "expired"
	mu.Unlock()
	before := inner.Sandbox.Calls()["/card/code/decrypt"]
	if _, err = w.DecryptCode(t.Context(), inner.Sandbox.EncryptCode(w.cfg.AppID, "999999999999")); !wechat.Is(err, wechat.Credential) {
		t.Errorf("got %v", err)
	}
	if n := inner.Sandbox.Calls()["/card/code/decrypt"] - before; n != 1 {
		t.Errorf("%d calls, and nobody could have done better with the second", n)
	}

	for _, kind := range credential.Kinds {
		if _, err := w.Credential(t.Context(), kind); err == nil {
			t.Errorf("there is a %s", kind)
		} else if u, ok := errors.AsType[*credential.Unavailable](err); !ok || !u.RetryAt.After(time.Now()) || !strings.Contains(err.Error(), "token_source none") {
			t.Errorf("%s: got %v", kind, err)
		}
		if w.CheckCredential(kind) == nil || inner.CheckCredential(kind) != nil {
			t.Errorf("%s: got %v and %v", kind, w.CheckCredential(kind), inner.CheckCredential(kind))
		}
	}
	if w.Refresh(t.Context(), credential.AccessToken, false) == nil {
		t.Error("there is a new access_token")
	}
}

// TestSharedKeys checks that accounts share credentials only where these come from the same place.
func TestSharedKeys(t *testing.T) {
	open := func(url string, tickets bool) source.Source {
		s, err := source.NewRemote(source.RemoteConfig{URL: url, Tickets: tickets})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := open("http://a/", false), open("http://b/", false)
	seen := make(map[string]bool)
	configs := []AccountConfig{
		{},
		{TokenSource: Classic},
		{TokenSource: None},
		{Token: a},
		{Token: b},
		{Tickets: open("http://a/", true)},
		{Token: a, Tickets: open("http://a/", true)},
		{TokenSource: None, Tickets: open("http://a/", true)},
	}
	for _, cfg := range configs {
		seen[SharedKey(cfg)] = true
	}
	if len(seen) != len(configs) {
		t.Errorf("%d keys for %d configurations", len(seen), len(configs))
	}
	if SharedKey(AccountConfig{Token: a, TokenSource: Classic}) != SharedKey(AccountConfig{Token: open("http://a/", false)}) {
		t.Error("two sources at one URL do not share")
	}
}
