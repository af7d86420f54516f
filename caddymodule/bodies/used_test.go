package bodies_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/bodies"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// closed is a body that was read and closed, in the way of HTTP/1.
type closed struct{}

func (closed) Read([]byte) (int, error) { return 0, http.ErrBodyReadAfterClose }
func (closed) Close() error             { return nil }

// broken is a body that fails for another reason, or that was closed in the way of HTTP/2, which does not say so.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("body closed by handler") }
func (broken) Close() error             { return nil }

// TestUsed reads bodies that were read before.
func TestUsed(t *testing.T) {
	inResponse := context.WithValue(t.Context(), caddy.CtxKey("reverse_proxy_handle_response_context"), 1)
	for _, tc := range []struct {
		name   string
		body   io.ReadCloser
		length int64
		ctx    context.Context
		used   bool
	}{
		{"closed", closed{}, 5, t.Context(), true},
		{"closed, length not told", closed{}, -1, t.Context(), true},
		{"at its end", io.NopCloser(strings.NewReader("")), 5, t.Context(), true},
		{"closed, in the way of HTTP/2, in handle_response", broken{}, 5, inResponse, true},
		{"broken", broken{}, 5, t.Context(), false},
		{"at its end, in handle_response", io.NopCloser(strings.NewReader("")), -1, inResponse, true},
		{"empty", io.NopCloser(strings.NewReader("")), -1, t.Context(), false},
		{"none, in handle_response", http.NoBody, 0, inResponse, false},
		{"whole, in handle_response", io.NopCloser(strings.NewReader("hello")), 5, inResponse, false},
	} {
		for name, read := range map[string]func(*http.Request) error{
			"Read": func(r *http.Request) error { _, err := bodies.Read(r); return err },
			"Peek": func(r *http.Request) error { _, _, err := bodies.Peek(r); return err },
		} {
			r := httptest.NewRequestWithContext(tc.ctx, http.MethodPost, "/", nil)
			r.Body, r.ContentLength = tc.body, tc.length
			if tc.name == "whole, in handle_response" {
				r.Body = io.NopCloser(strings.NewReader("hello"))
			}
			if name == "Peek" && tc.length == 0 {
				continue // whoever peeks has looked
			}
			if err := read(r); tc.used != (err != nil && strings.Contains(err.Error(), "`method GET`")) || err != nil && !tc.used && tc.name != "broken" {
				t.Errorf("%s of a body that is %s: got %v", name, tc.name, err)
			}
		}
	}
}

func TestUsedBefore(t *testing.T) {
	cause := errors.New("x")
	err := bodies.UsedBefore(fmt.Errorf("more: %w", caddyhttp.Error(http.StatusBadGateway, cause)))
	var h caddyhttp.HandlerError
	if !errors.As(err, &h) || h.StatusCode != http.StatusBadGateway || !errors.Is(err, cause) || !strings.Contains(h.Err.Error(), "`method GET`") {
		t.Errorf("got %v", err)
	}
	if err := bodies.UsedBefore(cause); err != cause {
		t.Errorf("got %v", err)
	}
}
