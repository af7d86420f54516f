package sitetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
)

// Down is a fault that makes everything fail.
var Down = sandbox.Fault{Path: "*", Status: http.StatusInternalServerError}

// Admin calls an endpoint of the admin API, whose path may have a query.
func Admin(t *testing.T, path, method, body string, into any) int {
	t.Helper()
	routes := admin.API{}.Routes()
	bare, _, _ := strings.Cut(path, "?")
	i := slices.IndexFunc(routes, func(route caddy.AdminRoute) bool {
		return route.Pattern == bare || strings.HasSuffix(route.Pattern, "/") && strings.HasPrefix(bare, route.Pattern)
	})
	if i < 0 {
		t.Fatalf("there is no %s", path)
	}
	w := httptest.NewRecorder()
	err := routes[i].Handler.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	if apiErr, ok := errors.AsType[caddy.APIError](err); ok {
		return apiErr.HTTPStatus
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return w.Code
}

// Fail has WeChat fail as f says.
func Fail(t *testing.T, s *sandbox.Sandbox, f sandbox.Fault) {
	t.Helper()
	if err := s.Fail(f); err != nil {
		t.Fatal(err)
	}
}
