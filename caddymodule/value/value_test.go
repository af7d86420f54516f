package value

import (
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestShortPlaceholdersInJSON(t *testing.T) {
	for raw, want := range map[string]string{
		"shop-{query.shop}":                    "shop-7",
		"shop-{http.request.uri.query.shop}":   "shop-7",
		"{host}/{header.X-Channel}":            "example.com/web",
		"{env.TEST_CHANNEL}":                   "from the environment",
		"{query.shop}{http.request.uri.query}": "7shop=7",
	} {
		t.Setenv("TEST_CHANNEL", "from the environment")
		v, err := New(field.OuterStr, raw)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://example.com/?shop=7", nil)
		r.Header.Set("X-Channel", "web")
		r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), nil)
		if got, err := v.Eval(field.OuterStr, r); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", raw, got, err, want)
		}
	}
}

// TestNoOpenIDWarnsOnceAMinute looks at which of many refused requests are warned of.
func TestNoOpenIDWarnsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := New(field.OpenID, "4711")
		if err != nil {
			t.Fatal(err)
		}
		warned := func() bool {
			_, err := v.Eval(field.OpenID, nil)
			p, ok := errors.AsType[*problem.Problem](err)
			if !ok || p.Status != 403 || p.Reason != problem.ReasonValueInvalid {
				t.Fatalf("got %v", err)
			}
			return p.Warn
		}
		for range 3 {
			if !warned() {
				t.Error("the first of a minute is not warned of")
			}
			for range 59 {
				time.Sleep(time.Second)
				if warned() {
					t.Error("warned of twice in a minute")
				}
			}
			time.Sleep(time.Second)
		}
	})
}
