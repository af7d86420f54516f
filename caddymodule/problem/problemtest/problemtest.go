// Package problemtest checks problem documents in tests.
package problemtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Prepare makes a request as a handler sees it.
func Prepare(t testing.TB, method string) (*httptest.ResponseRecorder, *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	return w, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
}

// WantRetryAfter checks for a positive number of seconds; if want is not empty, for that one.
func WantRetryAfter(t testing.TB, w *httptest.ResponseRecorder, present bool, want string) {
	t.Helper()
	got := w.Header().Get("Retry-After")
	if present != field.IsDigits(got) || strings.HasPrefix(got, "0") || want != "" && got != want {
		t.Errorf("got Retry-After %q, want %q", got, want)
	}
}

// Want checks the status and reason of a problem document, and that its detail mentions something.
func Want(t testing.TB, w *httptest.ResponseRecorder, status int, reason, mention string) {
	t.Helper()
	var problem struct {
		Type, Title, Detail, Reason string
		Status                      int
	}
	if w.Code != status {
		t.Errorf("got status %d, want %d: %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("got Content-Type %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("got X-Content-Type-Options %q", got)
	}
	if strings.Contains(w.Body.String(), `\u`) {
		t.Errorf("got an escape in %s", w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if problem.Type != "about:blank" || problem.Title != http.StatusText(status) || problem.Status != status || problem.Reason != reason {
		t.Errorf("got %s, want status %d and reason %s", w.Body, status, reason)
	}
	if !strings.Contains(problem.Detail, mention) {
		t.Errorf("got detail %q, want it to mention %q", problem.Detail, mention)
	}
}
