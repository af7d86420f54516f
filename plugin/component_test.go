package plugin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// keeper is whoever keeps an account's access_token.
type keeper struct{ source.Source }

func (keeper) Name() credential.Source { return "platform" }
func (keeper) ID() string              { return "one" }
func (keeper) Fetch(context.Context, credential.Kind, string) (wechat.Grant, error) {
	return wechat.Grant{Value: "authorizer-token", Lifetime: 2 * time.Hour, Requested: time.Now()}, nil
}

// An account without an app secret has visitors and users by its component, and what it stores is sealed all the same.
func TestComponentCallsForAnAccount(t *testing.T) {
	const component, secret = "wxc0c0c0c0c0c0c0c0", "seal-secret-of-32-characters-0123"
	var mu sync.Mutex
	var called []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		mu.Lock()
		called = append(called, r.URL.Path+" "+q.Get("appid")+" "+q.Get("component_appid")+" "+q.Get("component_access_token")+" "+q.Get("code")+q.Get("js_code"))
		mu.Unlock()
		switch r.URL.Path {
		case "/sns/oauth2/component/access_token", "/sns/component/jscode2session":
			_, _ = io.WriteString(w, `{"openid":"oOOOOOOOOOOOOOOOOOOOOOOOOOOO"}`)
		default:
			_, _ = io.WriteString(w, `{"errcode":40013,"errmsg":"not here"}`)
		}
	}))
	defer srv.Close()
	client := wechat.New(wechat.Config{BaseURLs: []string{srv.URL}})
	defer client.Close()
	store := accounttest.NewMemory()
	cfg := AccountConfig{
		AppID: accounttest.AppID, SealSecret: secret, Token: keeper{}, Client: client, Store: store, APIURL: srv.URL,
		MiniPrograms: []MiniProgram{{AppID: "wxaaaaaaaaaaaaaaaa"}, {AppID: "wxbbbbbbbbbbbbbbbb", AppSecret: "its own"}},
		Component: &Component{AppID: component, Call: func(_ context.Context, call func(string) error) error {
			return call("component-token")
		}},
	}
	a, err := NewAccount(cfg, NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(a.Stop)
	defer stop()
	if err := a.CheckOAuth(); err != nil {
		t.Fatal(err)
	}
	want := oauth.DefaultOpenURL + "/connect/oauth2/authorize?appid=" + accounttest.AppID + "&redirect_uri=" + url.QueryEscape("https://a.example/") +
		"&response_type=code&scope=snsapi_base&state=S&component_appid=" + component + "#wechat_redirect"
	if got := a.AuthorizeURL("https://a.example/", oauth.Base, "S"); got != want {
		t.Errorf("authorize URL %s", got)
	}
	attempt, cookie := a.BeginAttempt("/back", false)
	if opened, ok := a.OpenAttempt(cookie); !ok || opened.State != attempt.State {
		t.Error("the cookie of an attempt does not open")
	}
	if visitor, err := a.WebVisitor(t.Context(), "the-code", attempt.State); err != nil || visitor.OpenID == "" {
		t.Errorf("visitor %+v, %v", visitor, err)
	}
	if user, err := a.Login(t.Context(), "", "js-1"); err != nil || user.MiniOpenID == "" {
		t.Errorf("user %+v, %v", user, err)
	}
	if _, err := a.Login(t.Context(), "wxbbbbbbbbbbbbbbbb", "js-2"); wechat.Errcode(err) != 40013 {
		t.Errorf("a mini program with a secret of its own: %v", err)
	}
	mu.Lock()
	calls := slices.Clone(called)
	mu.Unlock()
	if got := strings.Join(calls, "\n"); got != strings.Join([]string{
		"/sns/oauth2/component/access_token " + accounttest.AppID + " " + component + " component-token the-code",
		"/sns/component/jscode2session wxaaaaaaaaaaaaaaaa " + component + " component-token js-1",
		"/sns/jscode2session wxbbbbbbbbbbbbbbbb   js-2",
	}, "\n") {
		t.Errorf("called\n%s", got)
	}
	if token, err := a.Credential(t.Context(), credential.AccessToken); err != nil || token != "authorizer-token" {
		t.Errorf("token %q, %v", token, err)
	}
	stop() // what is stored comes behind
	kept := store.Keys()
	if len(kept) < 2 {
		t.Errorf("stored under %d keys", len(kept))
	}
	for key, value := range kept {
		if strings.Contains(value, "authorizer-token") || strings.Contains(value, "oOOOO") {
			t.Errorf("%s is not sealed", key)
		}
	}
	cfg.SealSecret = ""
	bare, err := NewAccount(cfg, NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Stop()
	if bare.CheckOAuth() == nil {
		t.Error("visitors, and nothing to seal their cookies with")
	}
}
