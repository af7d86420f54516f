package problem

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestProblemShowsNoEscapes(t *testing.T) {
	w, r := problemtest.Prepare(t, http.MethodGet)
	p := Of(&wechat.Error{API: "decrypt", Code: 40056, Msg: "a\u2028b\x00c\xff\u0085"}, time.Now())
	p.Write(w, r)
	problemtest.Want(t, w, 422, "wechat_rejected", "")
	if !strings.Contains(w.Body.String(), "a\uFFFDb\uFFFDc\uFFFD\uFFFD") {
		t.Errorf("got %s", w.Body)
	}
}

// TestForeignProblem: an action that is not ours may make a Problem whose detail is in no table.
func TestForeignProblem(t *testing.T) {
	w, r := problemtest.Prepare(t, http.MethodGet)
	r.Header.Set("Accept-Language", "zh")
	(&Problem{Status: http.StatusForbidden, Reason: "x", Detail: "nobody translates this"}).Write(w, r)
	if got := w.Body.String(); got != `{"type":"about:blank","title":"Forbidden","status":403,"detail":"nobody translates this","reason":"x"}` {
		t.Errorf("got %s", got)
	}
	if got := w.Header().Get("Content-Language"); got != "en" {
		t.Errorf("got Content-Language %q", got)
	}
}

// TestLengthIsTheServersToSay: intercept keeps the header of an answer whose body it replaces, so that a client would wait for the rest.
func TestLengthIsTheServersToSay(t *testing.T) {
	for method, want := range map[string]bool{http.MethodGet: false, http.MethodPost: false, http.MethodHead: true} {
		w, r := problemtest.Prepare(t, method)
		(&Problem{Status: http.StatusForbidden, Reason: "x", Detail: "y"}).Write(w, r)
		if got := w.Header().Get("Content-Length"); (got != "") != want {
			t.Errorf("%s: got %q", method, got)
		}
	}
}
