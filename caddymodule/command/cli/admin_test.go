package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
)

func TestAdminError(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	var into admin.Refreshed
	for text, want := range map[string]string{
		`caddy responded with error: HTTP 404: {"error":"there is no account of that name"}`:       "there is no account of that name",
		`caddy responded with error: HTTP 502: {"error":"both","accounts":{"a":{}}}`:               "both",
		`caddy responded with error: HTTP 404: 404 page not found`:                                 "is it this build?",
		`performing request: Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connection refused`: "no Caddy answers at here",
		`invalid admin address x`: "invalid admin address x",
	} {
		if got := adminError(errors.New(text), "here", &into).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if into.Accounts["a"] == nil {
		t.Error("the answer was lost")
	}
}
