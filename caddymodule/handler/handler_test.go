package handler_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func TestErrorsCaddy(t *testing.T) {
	s := sitetest.New(t, `
	wechat_card /open open_card {
		card p1
		errors caddy
	}
	handle_errors {
		respond "{err.status_code} {err.message}" 418
	}`)
	w := s.Get("/open?card_id=p2&code=1")
	if got := w.Body.String(); w.Code != 418 || got != "403 card p2 is not handed out here" {
		t.Errorf("got %d %s", w.Code, got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	w = s.Do(sitetest.Request{Method: http.MethodPut, Target: "/open"})
	if w.Code != 418 || w.Header().Get("Allow") == "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if err := s.WeChat.Fail(sitetest.Down); err != nil {
		t.Fatal(err)
	}
	w = s.Get("/open?card_id=p1&code=" + s.WeChat.EncryptCode(sitetest.AppID, "1"))
	if got := w.Body.String(); w.Code != 418 || got != "503 there is no usable access_token at the moment" {
		t.Errorf("got %d %s", w.Code, got)
	}
	problemtest.WantRetryAfter(t, w, true, "")
}

func TestAccountPlaceholder(t *testing.T) {
	s := sitetest.New(t, `
	wechat_card add_card {
		account {http.request.header.X-Account}
		card p1
	}`)
	with := func(name string) *httptest.ResponseRecorder {
		return s.Do(sitetest.Request{Header: map[string]string{"X-Account": name}})
	}
	for _, name := range []string{"default", "other"} {
		if w := with(name); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	problemtest.Want(t, with(""), 403, "value_missing", "account")
	problemtest.Want(t, with("third"), 403, "value_missing", "account")
	if w := s.Do(sitetest.Request{Method: http.MethodOptions}); w.Code != http.StatusNoContent {
		t.Errorf("got %d for a preflight request", w.Code)
	}
}
