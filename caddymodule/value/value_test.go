package value

import (
	"net/http/httptest"
	"testing"

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
