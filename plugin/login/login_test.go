package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
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
	u := New(client, []MiniProgram{{"wxa", "sa"}, {"wxb", "sb"}}, time.Now, NewState(600))
	for i, tc := range []struct{ ask, app string }{{"", "wxa"}, {"wxa", "wxa"}, {"wxb", "wxb"}} {
		user, err := u.Login(t.Context(), tc.ask, fmt.Sprint("alice.", i))
		if err != nil || user.MiniOpenID != mini.OpenID(tc.app, "alice") || user.UnionID == "" || u.CheckMiniProgram(tc.ask) != nil {
			t.Errorf("%q: got %+v, %v", tc.ask, user, err)
		}
	}
	if _, err := u.Login(t.Context(), "wxc", "alice.9"); err == nil || u.CheckMiniProgram("wxc") == nil {
		t.Error("wxc is none of the account's")
	}
	if err := New(client, nil, time.Now, NewState(600)).CheckMiniProgram(""); err == nil {
		t.Error("there is no mini program")
	}
}

const loginPath = "/sns/jscode2session"

// newUsers makes Users of two mini programs, with a limit in calls a minute.
func newUsers(t *testing.T, perMinute int) (*accounttest.WeChat, *Users) {
	t.Helper()
	w := accounttest.NewWeChat(t)
	return w, New(w.Client, []MiniProgram{{accounttest.AppID, accounttest.AppSecret}, {"wxb", "sb"}}, w.Now, NewState(perMinute))
}

func TestRefusedJSCodesAreRememberedForAMinute(t *testing.T) {
	w, u := newUsers(t, 600)
	calls := 0
	ask := func(miniProgram, jsCode string, want int, asked bool) {
		t.Helper()
		if asked {
			calls++
		}
		if _, err := u.Login(t.Context(), miniProgram, jsCode); wechat.Errcode(err) != want {
			t.Errorf("%s: got %v, want %d", jsCode, err, want)
		}
		if n := w.Sandbox.Calls()[loginPath]; n != calls {
			t.Errorf("%s: %d calls, want %d", jsCode, n, calls)
			calls = n
		}
	}
	fail := func(code int) {
		t.Helper()
		if err := w.Sandbox.Fail(sandbox.Fault{Path: loginPath, Times: 1, ErrCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	ask("", "bad-1", 40029, true)
	ask("", "bad-1", 40029, false)
	ask(accounttest.AppID, "bad-1", 40029, false) // the same one by its name
	ask("", "bad-2", 40029, true)
	ask("", "alice.1", 0, true)
	ask("", "alice.1", 40163, true) // what worked is not remembered
	ask("", "alice.1", 40163, false)
	for _, code := range []int{-1, 40226, 45011, 40013, 40125, 48001} { // what may pass
		fail(code)
		ask("", "bob.1", code, true)
	}
	ask("", "bob.1", 0, true)
	fail(40029) // for another mini program it is another question
	ask("wxb", "carol.1", 40029, true)
	ask("", "carol.1", 0, true)
	w.Forward(refusedTTL - time.Second)
	ask("", "bad-1", 40029, false)
	w.Forward(time.Second)
	ask("", "bad-1", 40029, true)
}

func TestLoginIsBounded(t *testing.T) {
	w, u := newUsers(t, 5)
	for i := range 8 {
		_, err := u.Login(t.Context(), "", fmt.Sprint("user.", i))
		if busy, ok := errors.AsType[*limit.Busy](err); ok != (i >= 5) || ok && (busy.API != "jscode2session" || busy.RetryAfter <= 0 || busy.Network) {
			t.Errorf("login %d: %v", i, err)
		}
	}
	u.WithPhones(Phones{Ask: func(ctx context.Context, _ string, within *limit.Bucket, _ string) (phone wechat.Phone, err error) {
		return phone, within.Do(ctx, func() error { t.Error("it is asked"); return nil })
	}})
	if _, err := u.PhoneNumber(t.Context(), "", "x"); err == nil || !strings.HasPrefix(err.Error(), "getuserphonenumber: ") {
		t.Errorf("a phone number: %v", err)
	}
	if n := w.Sandbox.Calls()[loginPath]; n != 5 {
		t.Errorf("%d calls", n)
	}
}

// However many js_codes are made up, what is remembered of them is bounded, and they take no more calls than may be.
func TestMadeUpJSCodes(t *testing.T) {
	w, u := newUsers(t, 40)
	ctx := limit.WithClient(t.Context(), netip.MustParseAddr("203.0.113.9"))
	for i := range 3000 {
		if _, err := u.Login(ctx, "", fmt.Sprint("bad-", i)); err == nil {
			t.Fatal("it worked")
		}
	}
	if n := w.Sandbox.Calls()[loginPath]; n != 10 {
		t.Errorf("%d calls", n)
	}
	if _, err := u.Login(t.Context(), "", "alice.1"); err != nil {
		t.Errorf("somebody else gets %v", err)
	}
	for i := range 2 * maxRefused {
		u.state.refused.Add([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, refusal{})
	}
	if n := u.state.refused.Len(); n != maxRefused {
		t.Errorf("%d are remembered", n)
	}
}
