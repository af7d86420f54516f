package sandbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/faults"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// served gives a client of a sandbox that listens.
func served(t *testing.T, s *Sandbox) (*http.Client, string) {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.Client(), srv.URL
}

func TestFaults(t *testing.T) {
	s := New(Config{})
	client, base := served(t, s)
	const path = "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1"
	for _, tc := range []struct {
		name  string
		fault Fault
		code  int
		kind  string
		body  string // what the body begins with
		fails bool   // reading the body does
	}{
		{name: "errcode", fault: Fault{ErrCode: 40164, ErrMsg: "invalid ip 1.2.3.4"}, code: 200, kind: wire.ContentType, body: `{"errcode":40164,"errmsg":"invalid ip 1.2.3.4 rid: `},
		{name: "errcode and status", fault: Fault{ErrCode: -1, Status: 503}, code: 503, kind: wire.ContentType, body: `{"errcode":-1,`},
		{name: "status", fault: Fault{Status: 502}, code: 502, kind: "text/html", body: "<html>"},
		{name: "garbage", fault: Fault{Body: new("<garbage>")}, code: 200, kind: wire.ContentType, body: "<garbage>"},
		{name: "empty", fault: Fault{Body: new("")}, code: 200, kind: wire.ContentType},
		{name: "half a body", fault: Fault{Body: new(`{"access_token":"x"}`), Drop: true}, code: 200, kind: wire.ContentType, body: `{"access_token":"x"`, fails: true},
		{name: "nothing but its path", fault: Fault{}, code: 200, kind: wire.ContentType, body: `{"access_token":"90_`},
		{name: "short delay", fault: Fault{Delay: time.Millisecond}, code: 200, kind: wire.ContentType, body: `{"access_token":"90_`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.fault.Path, tc.fault.Times = "/cgi-bin/token", 1
			if err := s.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			resp, err := client.Get(base + path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if (err != nil) != tc.fails || resp.StatusCode != tc.code || resp.Header.Get("Content-Type") != tc.kind || !strings.HasPrefix(string(body), tc.body) {
				t.Errorf("got %d %s %q, %v", resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
			}
		})
	}

	t.Run("drop", func(t *testing.T) {
		if err := s.Fail(Fault{Path: "/cgi-bin/stable_token", Drop: true}); err != nil {
			t.Fatal(err)
		}
		resp, err := client.Post(base+"/cgi-bin/stable_token", "application/json", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
			t.Errorf("got %d, want no answer", resp.StatusCode)
		}
	})
}

func TestFaultsThatCannotHangUp(t *testing.T) {
	s := New(Config{})
	if err := s.Fail(Fault{Path: "*", Drop: true}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("got %v, want http.ErrAbortHandler", r)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestWhichFault(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/faults", `[{"path":"/a","times":2,"errcode":1},{"path":"/a*","times":1,"errcode":2},{"path":"/a","errcode":3}]`)
	for i, want := range []int{1, 1, 2, 3, 3} {
		if got := r.do("GET", "/a", "").code(); got != want {
			t.Errorf("call %d: got %d, want %d", i, got, want)
		}
	}
	if got := r.do("GET", "/ab", "").code(); got != 40066 {
		t.Errorf("got %d for a path that no fault names", got)
	}
	r.do("POST", "/_sandbox/reset", "")
	if got := r.do("GET", "/a", "").code(); got != 40066 {
		t.Errorf("got %d after the reset", got)
	}
	if err := r.s.Fail(slices.Repeat([]Fault{{Path: "/a"}}, faults.MaxFaults+1)...); err == nil {
		t.Error("got no error for too many faults")
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		r := &rig{t: t, s: s}
		if err := s.Fail(Fault{Path: "/cgi-bin/token", Delay: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if a := r.classic(); a.code() != 0 || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v", a, time.Since(start))
		}

		// A client that goes away ends the wait, and the call is not carried out.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := httptest.NewRequest("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=s", nil).WithContext(ctx)
		w := httptest.NewRecorder()
		start = time.Now()
		s.ServeHTTP(w, req)
		if time.Since(start) != time.Second || w.Body.Len() != 0 || slices.ContainsFunc(s.world.Accounts.All(), func(a *accounts.App) bool { return a.ID == "wx2" }) {
			t.Errorf("after %v: got %q", time.Since(start), w.Body)
		}
	})
}

func TestDelayEndsOnTheWire(t *testing.T) {
	s := New(Config{})
	gone := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		s.ServeHTTP(w, r)
	}))
	defer srv.Close()
	if err := s.Fail(Fault{Path: "*", Delay: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	// A POST: the server sees the client go only once the body is read.
	req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/cgi-bin/stable_token", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := srv.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("got an answer")
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the delay goes on without a client")
	}
}

func TestHeal(t *testing.T) {
	r := newRig(t, Config{})
	r.do("POST", "/_sandbox/faults", `[{"path":"/a","errcode":1},{"path":"/b","errcode":2}]`)
	id := r.events(0).Faults[0].ID
	if a := r.do("POST", "/_sandbox/heal", fmt.Sprintf(`{"id":%d}`, id)); a["ok"] != true {
		t.Errorf("got %v", a)
	}
	r.wantCode("healed", r.do("GET", "/a", ""), 40066)
	r.wantCode("not healed", r.do("GET", "/b", ""), 2)
	if w := r.raw("POST", "/_sandbox/heal", `{"id":99}`); w.Code != 400 {
		t.Errorf("no such fault: got %d", w.Code)
	}
	r.do("POST", "/_sandbox/heal", "")
	r.wantCode("all healed", r.do("GET", "/b", ""), 40066)
}
