package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const tempInfoPath = "/card/membercard/activatetempinfo/get"

// activateTicket has a user fill in the form of a member card.
func (w *world) activateTicket(t testing.TB) (ticket, code string) {
	t.Helper()
	data, err := w.MemberCardComponent(t.Context(), ComponentQuery{CardID: testCard})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"appId": "wxeb490c6f9b154ef9", "extraData": map[string]string{
		"encrypt_card_id": data.EncryptCardID, "outer_str": data.OuterStr, "biz": data.Biz,
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := w.phone(t, "openComponent", body)
	referrer, _ := answer["referrerInfo"].(map[string]any)
	extra, _ := referrer["extraData"].(map[string]any)
	ticket, _ = extra["activate_ticket"].(string)
	code, _ = extra["code"].(string)
	if ticket == "" || code == "" {
		t.Fatalf("got %v", answer)
	}
	return ticket, code
}

// closing is w's WeChat for clients in a synctest bubble: no connection outlives its request, so that the clock can go on.
func (w *world) closing(t testing.TB) (baseURL string) {
	t.Helper()
	srv := httptest.NewServer(w.wechat)
	srv.Config.SetKeepAlivesEnabled(false)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestExpiredTicketIsTriedAgain(t *testing.T) {
	for _, tc := range []struct {
		times int // that WeChat calls the ticket expired
		calls int
		code  int // of the error; 0: none
		waits time.Duration
	}{
		{0, 1, 0, 0},
		{1, 2, 0, expiredPauses[0]},
		{2, 3, 0, expiredPauses[0] + expiredPauses[1]},
		{9, 3, codeExpiredTicket, expiredPauses[0] + expiredPauses[1]},
	} {
		t.Run(fmt.Sprint(tc.times), func(t *testing.T) {
			w := newWorld(t, nil)
			ticket, _ := w.activateTicket(t)
			if tc.times > 0 {
				if err := w.wechat.Fail(sandbox.Fault{Path: tempInfoPath, Times: tc.times, ErrCode: codeExpiredTicket}); err != nil {
					t.Fatal(err)
				}
			}
			cfg, outside := w.cfg, time.Now()
			cfg.APIURL = w.closing(t)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				cfg.Now = func() time.Time { return outside.Add(time.Since(began)) }
				cfg.Client = wechat.New(wechat.Config{BaseURLs: []string{cfg.APIURL}, Now: cfg.Now})
				a, err := NewAccount(cfg, NewState(cfg))
				if err != nil {
					t.Fatal(err)
				}
				info, err := a.TempInfo(t.Context(), ticket)
				if got := wechat.Errcode(err); got != tc.code {
					t.Fatalf("got %v", err)
				}
				if waited := time.Since(began); waited != tc.waits {
					t.Errorf("waited %v, want %v", waited, tc.waits)
				}
				if err == nil && !strings.Contains(string(info.Common), "USER_FORM_INFO_FLAG_MOBILE") {
					t.Errorf("got %s", info.Common)
				}
			})
			if n := w.wechat.Calls()[tempInfoPath]; n != tc.calls {
				t.Errorf("got %d calls, want %d", n, tc.calls)
			}
		})
	}
}

func TestTempInfoIsRemembered(t *testing.T) {
	w := newWorld(t, nil)
	ticket, _ := w.activateTicket(t)
	calls := func() int { return w.wechat.Calls()[tempInfoPath] }
	ask := func(ticket string, want, wantCalls int) {
		t.Helper()
		if _, err := w.TempInfo(t.Context(), ticket); wechat.Errcode(err) != want {
			t.Errorf("got %v, want %d", err, want)
		}
		if n := calls(); n != wantCalls {
			t.Errorf("got %d calls, want %d", n, wantCalls)
		}
	}
	fail := func(code int) {
		t.Helper()
		if err := w.wechat.Fail(sandbox.Fault{Path: tempInfoPath, Times: 1, ErrCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	fail(-1) // what may pass is not remembered
	ask(ticket, -1, 1)
	fail(48001)
	ask(ticket, 48001, 2)
	ask(ticket, 0, 3)
	w.forward(activationTTL - time.Second)
	ask(ticket, 0, 3)
	w.forward(2 * time.Second)
	ask(ticket, 0, 4)

	ask("foreign", 72011, 5)
	ask("foreign", 72011, 5)

	// at once, and by callers of whom some do not wait
	w.forward(activationTTL)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := w.TempInfo(t.Context(), ticket); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := calls(); n > 6 {
		t.Errorf("got %d calls", n)
	}

	// an expired one is asked about three times, and soon again
	w.forward(3 * time.Hour)
	ask(ticket, codeExpiredTicket, 9)
	ask(ticket, codeExpiredTicket, 9)
	w.forward(expiredTTL)
	ask(ticket, codeExpiredTicket, 12)
}

// A form may be as long as an answer; memory is not for those.
func TestLongTempInfoIsNotRemembered(t *testing.T) {
	w := newWorld(t, nil)
	body := `{"errcode":0,"info":{"common_field_list":[],"custom_field_list":[{"name":"x","value":"` + strings.Repeat("x", maxTempInfoSize) + `"}]}}`
	if err := w.wechat.Fail(sandbox.Fault{Path: tempInfoPath, Times: 2, Body: &body}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if info, err := w.TempInfo(t.Context(), "long"); err != nil || len(info.Custom) < maxTempInfoSize {
			t.Errorf("got %d bytes, %v", len(info.Custom), err)
		}
	}
	if n := w.wechat.Calls()[tempInfoPath]; n != 2 {
		t.Errorf("got %d calls", n)
	}
}

func TestTempInfoIsBounded(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.DecryptLimit = 3 })
	for i := range 3 {
		if _, err := w.TempInfo(t.Context(), fmt.Sprint("forged", i)); wechat.Errcode(err) != 72011 {
			t.Fatal(err)
		}
	}
	_, err := w.TempInfo(t.Context(), "one more")
	if busy, ok := errors.AsType[*limit.Busy](err); !ok || busy.API != "tempinfo" || busy.RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
	if _, err := w.DecryptCode(t.Context(), w.wechat.EncryptCode("wx0123456789abcdef", "1")); err != nil {
		t.Errorf("decrypting has a share of its own: %v", err)
	}
}

func TestActivateMember(t *testing.T) {
	w := newWorld(t, nil)
	_, code := w.activateTicket(t)
	m := Activation{
		CardID: testCard, Code: code, MembershipNumber: "<会员> & 1",
		More: []ActivationField{{"init_bonus", json.RawMessage(`100`)}, {"init_custom_field_value1", json.RawMessage(`"金卡"`)}},
	}
	const path = "/card/membercard/activate"
	for range 3 {
		if err := w.ActivateMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.wechat.Calls()[path]; n != 1 {
		t.Errorf("got %d calls", n)
	}
	got, err := w.MemberUserInfo(t.Context(), testCard, code)
	if err != nil || !got.Active || got.MembershipNumber != m.MembershipNumber || !strings.HasPrefix(string(got.UserInfo.Common), "[{") {
		t.Errorf("got %+v, %v", got, err)
	}

	// what is active already, by the word of WeChat, is no failure; what is not, is
	fail := func(code int) {
		t.Helper()
		if err := w.wechat.Fail(sandbox.Fault{Path: path, Times: 1, ErrCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	w.forward(activationTTL)
	fail(40127)
	if err := w.ActivateMember(t.Context(), m); err != nil {
		t.Error(err)
	}
	fail(45009)
	m.MembershipNumber = "2"
	if err := w.ActivateMember(t.Context(), m); wechat.Errcode(err) != 45009 {
		t.Errorf("got %v", err)
	}
	m.Code = "1"
	if err := w.ActivateMember(t.Context(), m); wechat.Errcode(err) != 40056 {
		t.Errorf("got %v", err)
	}
	if n := w.wechat.Calls()[path]; n != 4 {
		t.Errorf("got %d calls", n)
	}
}

// A revoked token is replaced unseen, in all of these calls.
func TestActivationSurvivesARevokedToken(t *testing.T) {
	w := newWorld(t, nil)
	ticket, code := w.activateTicket(t)
	for name, call := range map[string]func() error{
		"tempinfo": func() error { _, err := w.TempInfo(t.Context(), ticket); return err },
		"userinfo": func() error { _, err := w.MemberUserInfo(t.Context(), testCard, code); return err },
		"activate": func() error {
			return w.ActivateMember(t.Context(), Activation{CardID: testCard, Code: code, MembershipNumber: "1"})
		},
	} {
		if err := w.wechat.Revoke(sandbox.Revocation{}); err != nil {
			t.Fatal(err)
		}
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoginOfMiniPrograms(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.MiniPrograms = []MiniProgram{{"wxa", "sa"}, {"wxb", "sb"}} })
	mini := sandbox.New(sandbox.Config{Apps: map[string]string{"wxa": "sa", "wxb": "sb"}})
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Query().Get("access_token") != "" {
			t.Errorf("got %s with a token", r.Method)
		}
		mini.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	cfg := w.cfg
	cfg.Client = wechat.New(wechat.Config{BaseURLs: []string{srv.URL}})
	t.Cleanup(cfg.Client.Close)
	a, err := NewAccount(cfg, NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	for i, tc := range []struct{ ask, app string }{{"", "wxa"}, {"wxa", "wxa"}, {"wxb", "wxb"}} {
		user, err := a.Login(t.Context(), tc.ask, fmt.Sprint("alice.", i))
		if err != nil || user.MiniOpenID != mini.OpenID(tc.app, "alice") || user.UnionID == "" || a.CheckMiniProgram(tc.ask) != nil {
			t.Errorf("%q: got %+v, %v", tc.ask, user, err)
		}
	}
	if _, err := a.Login(t.Context(), "wxc", "alice.9"); err == nil || a.CheckMiniProgram("wxc") == nil {
		t.Error("wxc is none of the account's")
	}
	if err := newWorld(t, nil).CheckMiniProgram(""); err == nil {
		t.Error("there is no mini program")
	}
}
