package sitetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// The account of the tests' shop, with its mini programs.
const (
	ShopAppID  = "wx00000000000000a1"
	ShopMini   = "wx00000000000000b1"
	SecondMini = "wx00000000000000b2"
)

// ShopSite is a site with a backend that keeps what it got.
type ShopSite struct {
	*Site

	mu     sync.Mutex
	got    []BackendRequest
	answer http.HandlerFunc // what the backend answers; nil: "backend"
}

// BackendRequest is a request that the backend got.
type BackendRequest struct {
	*http.Request
	Body string
}

// NewShop makes a site of these directives; those of the plugin use the account shop. A proxy to the backend follows.
func NewShop(t testing.TB, directives string) *ShopSite {
	t.Helper()
	s := new(ShopSite)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.got = append(s.got, BackendRequest{r, string(body)})
		answer := s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		_, _ = io.WriteString(w, "backend")
	}))
	t.Cleanup(backend.Close)
	s.Site = NewWith(t, `account shop {
		app_id `+ShopAppID+`
		app_secret {env.TEST_APP_SECRET}
		mini_program `+ShopMini+` {env.TEST_APP_SECRET}
		mini_program `+SecondMini+` {env.TEST_APP_SECRET}
	}`, directives+`
	reverse_proxy `+backend.Listener.Addr().String())
	return s
}

// Requests gives what the backend got since the last time.
func (s *ShopSite) Requests() []BackendRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// One gives the one request that the backend got for w.
func (s *ShopSite) One(w *httptest.ResponseRecorder) BackendRequest {
	s.T.Helper()
	got := s.Requests()
	if len(got) != 1 {
		s.T.Fatalf("the backend got %d requests; the answer is %d %s", len(got), w.Code, w.Body)
	}
	return got[0]
}

// None checks that the backend got nothing.
func (s *ShopSite) None() {
	s.T.Helper()
	if got := s.Requests(); len(got) != 0 {
		s.T.Errorf("the backend got %d requests", len(got))
	}
}

// SetAnswer says what the backend answers from now on.
func (s *ShopSite) SetAnswer(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}
