package login

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestLoginOfMiniPrograms(t *testing.T) {
	mini := sandbox.New(sandbox.Config{Apps: map[string]string{"wxa": "sa", "wxb": "sb"}})
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Query().Get("access_token") != "" {
			t.Errorf("got %s with a token", r.Method)
		}
		mini.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	client := wechat.New(wechat.Config{BaseURLs: []string{srv.URL}})
	t.Cleanup(client.Close)
	u := New(client, []MiniProgram{{"wxa", "sa"}, {"wxb", "sb"}})
	for i, tc := range []struct{ ask, app string }{{"", "wxa"}, {"wxa", "wxa"}, {"wxb", "wxb"}} {
		user, err := u.Login(t.Context(), tc.ask, fmt.Sprint("alice.", i))
		if err != nil || user.MiniOpenID != mini.OpenID(tc.app, "alice") || user.UnionID == "" || u.CheckMiniProgram(tc.ask) != nil {
			t.Errorf("%q: got %+v, %v", tc.ask, user, err)
		}
	}
	if _, err := u.Login(t.Context(), "wxc", "alice.9"); err == nil || u.CheckMiniProgram("wxc") == nil {
		t.Error("wxc is none of the account's")
	}
	if err := New(client, nil).CheckMiniProgram(""); err == nil {
		t.Error("there is no mini program")
	}
}
