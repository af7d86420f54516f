package sandbox

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func TestTokenRefusals(t *testing.T) {
	r := newRig(t, Config{Apps: map[string]string{"wx1": "s1"}})
	for _, tc := range []struct {
		name, method, target, body string
		want                       int
	}{
		{"no appid", "GET", "/cgi-bin/token?grant_type=client_credential&secret=s1", "", 41002},
		{"no grant", "GET", "/cgi-bin/token?appid=wx1&secret=s1", "", 40002},
		{"bad grant", "GET", "/cgi-bin/token?grant_type=x&appid=wx1&secret=s1", "", 40002},
		{"no secret", "GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1", "", 41004},
		{"unknown app", "GET", "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=s1", "", 40013},
		{"bad secret", "GET", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s2", "", 40125},
		{"posted", "POST", "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1", "", 43001},

		{"stable by GET", "GET", "/cgi-bin/stable_token?grant_type=client_credential&appid=wx1&secret=s1", "", 43002},
		{"stable empty", "POST", "/cgi-bin/stable_token", " \n", 44002},
		{"stable form", "POST", "/cgi-bin/stable_token", "grant_type=client_credential&appid=wx1&secret=s1", 47001},
		{"stable trailing", "POST", "/cgi-bin/stable_token", `{} x`, 47001},
		{"stable array", "POST", "/cgi-bin/stable_token", `[]`, 47001},
		{"stable wrong type", "POST", "/cgi-bin/stable_token", `{"force_refresh":"true"}`, 47001},
		{"stable not UTF-8", "POST", "/cgi-bin/stable_token", "{\"appid\":\"\xff\"}", 47001},
		{"stable escapes", "POST", "/cgi-bin/stable_token", `{"appid":"\u0077x1","secret":"s1","grant_type":"client_credential"}`, 47002},
		{"stable escaped backslash", "POST", "/cgi-bin/stable_token", `{"appid":"\\u0077x1","secret":"s1","grant_type":"client_credential"}`, 40013},
		{"stable no appid", "POST", "/cgi-bin/stable_token", `{}`, 41002},
		{"stable no secret", "POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1"}`, 41004},
		{"stable bad secret", "POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1","secret":"S1"}`, 40125},
		{"too large", "POST", "/cgi-bin/stable_token", strings.Repeat(" ", wire.MaxBody+1), 45002},

		{"unknown path", "GET", "/cgi-bin/tokens", "", 40066},
		{"root", "GET", "/", "", 40066},
		{"no token", "GET", "/cgi-bin/ticket/getticket?type=jsapi", "", 41001},
		{"foreign token", "GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token=abc", "", 40014},
		{"forgotten token", "GET", "/cgi-bin/ticket/getticket?type=jsapi&access_token=90_abc", "", 40001},
		{"card by GET", "GET", "/card/get", "", 43002},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := r.raw(tc.method, tc.target, tc.body)
			want := regexp.MustCompile(fmt.Sprintf(`^{"errcode":%d,"errmsg":".+ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"}$`, tc.want))
			if w.Code != http.StatusOK || !want.MatchString(w.Body.String()) {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tc.want)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json; encoding=utf-8" {
				t.Errorf("got Content-Type %q", got)
			}
			if got := w.Header().Get("Date"); got != "Mon, 04 May 2026 04:00:00 GMT" {
				t.Errorf("got Date %q", got)
			}
		})
	}
}

func TestTokenAnswerHasNoErrcode(t *testing.T) {
	r := newRig(t, Config{})
	for name, a := range map[string]answer{"classic": r.classic(), "stable": r.stable(false)} {
		if len(a) != 2 || a.text("access_token") == "" || a.int("expires_in") != 7200 {
			t.Errorf("%s: got %v", name, a)
		}
	}
}

func TestClassicToken(t *testing.T) {
	r := newRig(t, Config{})
	first := r.classic().text("access_token")
	r.pass(time.Minute)
	second := r.classic().text("access_token")
	if first == second {
		t.Fatal("got the same token twice")
	}
	r.pass(300*time.Second - 1)
	if got := r.check(first); got != 0 {
		t.Errorf("the superseded token within five minutes: got %d", got)
	}
	r.pass(1)
	if got := r.check(first); got != 40001 {
		t.Errorf("the superseded token after five minutes: got %d, want 40001", got)
	}
	if got := r.check(second); got != 0 {
		t.Errorf("the current token: got %d", got)
	}
	r.pass(6900 * time.Second)
	if got := r.check(second); got != 42001 {
		t.Errorf("the current token after its end: got %d, want 42001", got)
	}
	if got := r.check(first); got != 40001 {
		t.Errorf("the superseded token later: got %d, want 40001", got)
	}
}

func TestClassicTokenThirdEndsFirst(t *testing.T) {
	r := newRig(t, Config{})
	first, second := r.classic().text("access_token"), r.classic().text("access_token")
	third := r.classic().text("access_token")
	if got := []int{r.check(first), r.check(second), r.check(third)}; got[0] != 40001 || got[1] != 0 || got[2] != 0 {
		t.Errorf("got %v, want [40001 0 0]", got)
	}
}

func TestSupersededTokenNeverOutlivesItself(t *testing.T) {
	r := newRig(t, Config{})
	first := r.classic().text("access_token")
	r.pass(7100 * time.Second)
	r.classic()
	r.pass(100 * time.Second)
	if got := r.check(first); got != 42001 {
		t.Errorf("got %d, want 42001", got)
	}
}

func TestSourcesAreIsolated(t *testing.T) {
	r := newRig(t, Config{})
	stable := r.stable(false).text("access_token")
	classic := r.classic().text("access_token")
	for range 3 {
		classic = r.classic().text("access_token")
	}
	r.pass(time.Hour)
	if r.check(stable) != 0 || r.stable(false).text("access_token") != stable {
		t.Error("classic calls ended the stable token")
	}
	r.stable(true)
	r.pass(time.Minute)
	r.stable(true)
	if r.check(classic) != 0 {
		t.Error("forced refreshes ended the classic token")
	}
}

func TestStableToken(t *testing.T) {
	r := newRig(t, Config{})
	first := r.stable(false)
	for _, step := range []struct {
		after  time.Duration
		remain int
	}{{0, 7200}, {time.Second / 2, 7199}, {time.Second / 2, 7199}, {3600 * time.Second, 3599}, {3299 * time.Second, 300}} {
		r.pass(step.after)
		got := r.stable(false)
		if got.text("access_token") != first.text("access_token") || got.int("expires_in") != step.remain {
			t.Errorf("got another token, or expires_in %d, want %d", got.int("expires_in"), step.remain)
		}
	}
	r.pass(time.Second)
	second := r.stable(false)
	if second.text("access_token") == first.text("access_token") || second.int("expires_in") != 7200 {
		t.Errorf("five minutes before its end, the token did not rotate: %v", second)
	}
	r.pass(298 * time.Second)
	if r.check(first.text("access_token")) != 0 || r.check(second.text("access_token")) != 0 {
		t.Error("both tokens must be good after a rotation")
	}
	r.pass(time.Second)
	if got := r.check(first.text("access_token")); got != 42001 {
		t.Errorf("the old token after its end: got %d, want 42001", got)
	}
}

func TestStableTokenAfterALongPause(t *testing.T) {
	r := newRig(t, Config{})
	first := r.stable(false).text("access_token")
	r.pass(24 * time.Hour)
	second := r.stable(false)
	if second.text("access_token") == first || second.int("expires_in") != 7200 {
		t.Errorf("got %v", second)
	}
}

func TestForcedRefresh(t *testing.T) {
	r := newRig(t, Config{})
	first := r.stable(false).text("access_token")
	second := r.stable(true).text("access_token")
	if first == second {
		t.Fatal("force_refresh gave the same token")
	}
	r.pass(30*time.Second - 1)
	if got := r.stable(true); got.text("access_token") != second || got.int("expires_in") != 7170 {
		t.Errorf("less than 30 s later: got %v, want the same token", got)
	}
	if r.check(first) != 0 {
		t.Error("after one forced refresh the old token must live on for a while")
	}
	r.pass(1)
	third := r.stable(true).text("access_token")
	if third == second {
		t.Error("30 s later: got the same token")
	}
	if got := r.check(first); got != 40001 {
		t.Errorf("after two forced refreshes the first token: got %d, want 40001", got)
	}
	r.pass(300*time.Second - 1)
	if r.check(second) != 0 {
		t.Error("the token before must live for five minutes")
	}
	r.pass(1)
	if got := r.check(second); got != 40001 {
		t.Errorf("the token before, after five minutes: got %d, want 40001", got)
	}
}

func TestForcedRefreshesADay(t *testing.T) {
	r := newRig(t, Config{}) // noon in China
	for i := range 20 {
		if a := r.stable(true); a.code() != 0 {
			t.Fatalf("refresh %d: got %v", i+1, a)
		}
		r.pass(15 * time.Second)
		r.stable(true) // too early: does nothing, and does not count
		r.pass(15 * time.Second)
	}
	before := r.stable(false).text("access_token")
	r.wantCode("the 21st", r.stable(true), 45009)
	if r.stable(false).text("access_token") != before {
		t.Error("the refused refresh changed the token")
	}
	r.now = time.Date(2026, 5, 4, 23, 59, 59, 0, accounts.ChinaTime)
	r.wantCode("before midnight", r.stable(true), 45009)
	r.pass(time.Second)
	r.wantCode("the next day", r.stable(true), 0)
}

func TestShortLives(t *testing.T) {
	r := newRig(t, Config{ExpiresIn: time.Second})
	first := r.stable(false)
	r.pass(700 * time.Millisecond)
	if got := r.stable(false); got.text("access_token") != first.text("access_token") || got.int("expires_in") != 1 {
		t.Errorf("got %v: expires_in is never below 1", got)
	}
	r.pass(100 * time.Millisecond)
	if r.stable(false).text("access_token") == first.text("access_token") {
		t.Error("the token did not rotate a quarter of its lifetime before its end")
	}
}

func TestRevokeTokens(t *testing.T) {
	r := newRig(t, Config{})
	stable, classic := r.stable(false).text("access_token"), r.classic().text("access_token")
	other := r.token("wx2")
	r.do("POST", "/_sandbox/revoke", `{"app_id":"wx1"}`)
	if got := []int{r.check(stable), r.check(classic), r.check(other)}; got[0] != 40001 || got[1] != 40001 || got[2] != 0 {
		t.Errorf("got %v, want [40001 40001 0]", got)
	}
	if again := r.stable(false).text("access_token"); again == stable || r.check(again) != 0 {
		t.Error("stable_token gave no good new token")
	}
	r.do("POST", "/_sandbox/revoke", "")
	if r.check(other) != 40001 {
		t.Error("without app_id everybody's tokens end")
	}
}

func TestRevokeSticky(t *testing.T) {
	r := newRig(t, Config{})
	dead := r.stable(false).text("access_token")
	r.pass(time.Minute)
	r.do("POST", "/_sandbox/revoke", `{"kind":"access_token","sticky":true}`)
	for range 2 {
		if got := r.stable(false); got.text("access_token") != dead || got.int("expires_in") != 7140 {
			t.Errorf("got %v, want the dead token", got)
		}
		if got := r.check(dead); got != 40001 {
			t.Errorf("got %d, want 40001", got)
		}
	}
	good := r.stable(true).text("access_token")
	if good == dead || r.check(good) != 0 || r.stable(false).text("access_token") != good {
		t.Error("a forced refresh did not help")
	}
	if r.check(dead) != 40001 {
		t.Error("the dead token rose again")
	}

	t.Run("rotates", func(t *testing.T) {
		r.do("POST", "/_sandbox/revoke", `{"sticky":true}`)
		r.pass(6901 * time.Second)
		if next := r.stable(false).text("access_token"); next == good || r.check(next) != 0 {
			t.Error("the dead token did not rotate in its time")
		}
	})
}

func TestConcurrentCallersSeeOneStableToken(t *testing.T) {
	s := New(Config{})
	r := &rig{t: t, s: s}
	var mu sync.Mutex
	seen := make(map[string]bool)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			tok := r.stable(false).text("access_token")
			mu.Lock()
			defer mu.Unlock()
			seen[tok] = true
		})
	}
	wg.Wait()
	if len(seen) != 1 {
		t.Errorf("got %d tokens, want 1", len(seen))
	}
}
