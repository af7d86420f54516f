package activation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const tempInfoPath = "/card/membercard/activatetempinfo/get"

type world struct {
	*accounttest.World
	*Members
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := accounttest.New(t, nil)
	return world{w, New(Config{Caller: w.Core, Client: w.Client, Now: w.Now}, NewState(600))}
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
			w := newWorld(t)
			ticket, _ := w.ActivateTicket(t)
			if tc.times > 0 {
				if err := w.Sandbox.Fail(sandbox.Fault{Path: tempInfoPath, Times: tc.times, ErrCode: codeExpiredTicket}); err != nil {
					t.Fatal(err)
				}
			}
			cfg, outside := w.Config, time.Now()
			cfg.APIURL = w.Closing(t)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				cfg.Now = func() time.Time { return outside.Add(time.Since(began)) }
				cfg.Client = wechat.New(wechat.Config{BaseURLs: []string{cfg.APIURL}, Now: cfg.Now})
				core, err := account.New(cfg, credential.NewKeepers(cfg.ID()))
				if err != nil {
					t.Fatal(err)
				}
				a := New(Config{Caller: core, Client: cfg.Client, Now: cfg.Now}, NewState(600))
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
			if n := w.Sandbox.Calls()[tempInfoPath]; n != tc.calls {
				t.Errorf("got %d calls, want %d", n, tc.calls)
			}
		})
	}
}

func TestTempInfoIsRemembered(t *testing.T) {
	w := newWorld(t)
	ticket, _ := w.ActivateTicket(t)
	calls := func() int { return w.Sandbox.Calls()[tempInfoPath] }
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
		if err := w.Sandbox.Fail(sandbox.Fault{Path: tempInfoPath, Times: 1, ErrCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	fail(-1) // what may pass is not remembered
	ask(ticket, -1, 1)
	fail(48001)
	ask(ticket, 48001, 2)
	ask(ticket, 0, 3)
	w.Forward(activationTTL - time.Second)
	ask(ticket, 0, 3)
	w.Forward(2 * time.Second)
	ask(ticket, 0, 4)

	ask("foreign", 72011, 5)
	ask("foreign", 72011, 5)

	// at once, and by callers of whom some do not wait
	w.Forward(activationTTL)
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
	w.Forward(3 * time.Hour)
	ask(ticket, codeExpiredTicket, 9)
	ask(ticket, codeExpiredTicket, 9)
	w.Forward(expiredTTL)
	ask(ticket, codeExpiredTicket, 12)
}

// TestLateCallersFindWhatIsRemembered has somebody else's call begin and end after a caller has looked in vain for what is
// remembered.
func TestLateCallersFindWhatIsRemembered(t *testing.T) {
	w := newWorld(t)
	ticket, code := w.ActivateTicket(t)
	var between func()
	late := New(Config{Caller: w.Core, Client: w.Client, Now: func() time.Time {
		now := w.Now()
		if meanwhile := between; meanwhile != nil {
			between = nil
			meanwhile()
		}
		return now
	}}, w.state)
	for path, ask := range map[string]func(m *Members) error{
		tempInfoPath: func(m *Members) error { _, err := m.TempInfo(t.Context(), ticket); return err },
		"/card/membercard/activate": func(m *Members) error {
			return m.ActivateMember(t.Context(), Activation{CardID: accounttest.CardID, Code: code, MembershipNumber: "1"})
		},
	} {
		if err := ask(w.Members); err != nil {
			t.Fatal(err)
		}
		w.Forward(activationTTL + time.Second)
		before := w.Sandbox.Calls()[path]
		between = func() {
			if err := ask(w.Members); err != nil {
				t.Error(err)
			}
		}
		if err := ask(late); err != nil {
			t.Error(err)
		}
		if n := w.Sandbox.Calls()[path] - before; n != 1 {
			t.Errorf("%s: %d calls, want 1", path, n)
		}
	}
}

// A form may be as long as an answer; memory is not for those.
func TestLongTempInfoIsNotRemembered(t *testing.T) {
	w := newWorld(t)
	body := `{"errcode":0,"info":{"common_field_list":[],"custom_field_list":[{"name":"x","value":"` + strings.Repeat("x", maxTempInfoSize) + `"}]}}`
	if err := w.Sandbox.Fail(sandbox.Fault{Path: tempInfoPath, Times: 2, Body: &body}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if info, err := w.TempInfo(t.Context(), "long"); err != nil || len(info.Custom) < maxTempInfoSize {
			t.Errorf("got %d bytes, %v", len(info.Custom), err)
		}
	}
	if n := w.Sandbox.Calls()[tempInfoPath]; n != 2 {
		t.Errorf("got %d calls", n)
	}
}

func TestActivateMember(t *testing.T) {
	w := newWorld(t)
	_, code := w.ActivateTicket(t)
	m := Activation{
		CardID: accounttest.CardID, Code: code, MembershipNumber: "<会员> & 1",
		More: []Field{{"init_bonus", json.RawMessage(`100`)}, {"init_custom_field_value1", json.RawMessage(`"金卡"`)}},
	}
	const path = "/card/membercard/activate"
	for range 3 {
		if err := w.ActivateMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Sandbox.Calls()[path]; n != 1 {
		t.Errorf("got %d calls", n)
	}
	got, err := w.MemberUserInfo(t.Context(), accounttest.CardID, code)
	if err != nil || !got.Active || got.MembershipNumber != m.MembershipNumber || !strings.HasPrefix(string(got.UserInfo.Common), "[{") {
		t.Errorf("got %+v, %v", got, err)
	}

	// what is active already, by the word of WeChat, is no failure; what is not, is
	fail := func(code int) {
		t.Helper()
		if err := w.Sandbox.Fail(sandbox.Fault{Path: path, Times: 1, ErrCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	w.Forward(activationTTL)
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
	if n := w.Sandbox.Calls()[path]; n != 4 {
		t.Errorf("got %d calls", n)
	}
}

// A revoked token is replaced unseen, in all of these calls.
func TestActivationSurvivesARevokedToken(t *testing.T) {
	w := newWorld(t)
	ticket, code := w.ActivateTicket(t)
	for name, call := range map[string]func() error{
		"tempinfo": func() error { _, err := w.TempInfo(t.Context(), ticket); return err },
		"userinfo": func() error { _, err := w.MemberUserInfo(t.Context(), accounttest.CardID, code); return err },
		"activate": func() error {
			return w.ActivateMember(t.Context(), Activation{CardID: accounttest.CardID, Code: code, MembershipNumber: "1"})
		},
	} {
		if err := w.Sandbox.Revoke(sandbox.Revocation{}); err != nil {
			t.Fatal(err)
		}
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A client that comes again and again with what a backend answers anew each time causes no more calls than may be.
func TestActivateIsBounded(t *testing.T) {
	w := newWorld(t)
	w.state.Limit(4)
	_, code := w.ActivateTicket(t)
	busy := 0
	for i := range 9 {
		m := Activation{CardID: accounttest.CardID, Code: code, MembershipNumber: fmt.Sprint(i)}
		if _, ok := errors.AsType[*limit.Busy](w.ActivateMember(t.Context(), m)); ok {
			busy++
		}
	}
	calls := w.Sandbox.Calls()
	if n := calls["/card/membercard/activate"] + calls["/card/membercard/userinfo/get"]; n != 4 || busy == 0 {
		t.Errorf("%d calls, %d were told to wait", n, busy)
	}
	if _, err := w.TempInfo(t.Context(), "x"); wechat.Errcode(err) != 72011 {
		t.Errorf("tickets have a share of their own: %v", err)
	}
}

func TestATicketIsForOneCard(t *testing.T) {
	w := newWorld(t)
	own := func(ticket, cardID, code string, want bool) {
		t.Helper()
		if got := w.OwnTicket(ticket, cardID, code); got != want {
			t.Errorf("%s for %s %s: %t", ticket, cardID, code, got)
		}
	}
	for range 3 {
		own("t1", "p1", "1", true)
	}
	own("t1", "p1", "2", false)
	own("t1", "p2", "1", false)
	own("t1", "p1", "1", true) // an attempt changes nothing
	own("t2", "p1", "2", true)
	own("t2", "p11", "", false)
	w.Forward(ownerTTL - time.Second)
	own("t1", "p1", "2", false)
	w.Forward(time.Second)
	own("t1", "p1", "2", true)
	own("t1", "p1", "1", false)

	// of many at once one is the first
	var wins atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if w.OwnTicket("t3", "p1", fmt.Sprint(i)) {
				wins.Add(1)
			}
		})
	}
	wg.Wait()
	if n := wins.Load(); n != 1 {
		t.Errorf("%d cards have the ticket", n)
	}
	for i := range 2 * maxOwners {
		w.OwnTicket(fmt.Sprint("many", i), "p1", "1")
	}
	if n := w.state.owners.Len(); n != maxOwners {
		t.Errorf("%d tickets are remembered", n)
	}
}
