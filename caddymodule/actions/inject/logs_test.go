package inject_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// logging are global options by which all that is logged lands in a file, in a format.
func logging(t testing.TB, logs, api, format string) string {
	return `{
	admin off
	storage file_system ` + t.TempDir() + `
	log {
		output file ` + logs + `
		level DEBUG
		` + format + `
	}
	wechat_card {
		api ` + api + `
		store off
		account {
			app_id ` + sitetest.AppID + `
			app_secret {env.TEST_APP_SECRET}
		}
	}
}`
}

// TestPlaceholdersInLogs has other directives write what they are handed wherever they can: by format wechat_card, no log has it.
func TestPlaceholdersInLogs(t *testing.T) {
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	logs := filepath.Join(t.TempDir(), "all.log")
	api := httptest.NewServer(sandbox.New(sandbox.Config{}))
	defer api.Close()
	ctx := sitetest.Provision(t, logging(t, logs, api.URL, "format wechat_card")+`
http://localhost:9080 {
	log
	route {
		wechat_card inject {
			placeholder access_token
			placeholder api_ticket
			header X-T jsapi_ticket
		}
		log_append foo {http.wechat_card.access_token}
		log_append bar "a{http.wechat_card.api_ticket}b"
		log_append baz {header.X-T}
		header X-Foo {http.wechat_card.access_token}
		request_header X-Bar {http.wechat_card.api_ticket}
		rewrite /moved* /{http.wechat_card.api_ticket}?z={http.wechat_card.access_token}
		error /error "failed with {http.wechat_card.access_token}" 500
		reverse_proxy /down* 127.0.0.1:1 {
			header_up X-Baz {http.wechat_card.api_ticket}
		}
		respond ok
	}
}`)
	mod, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	server := mod.(*caddyhttp.App).Servers["srv0"]
	for _, target := range []string{"/x", "/moved", "/error", "/down"} {
		server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://localhost:9080"+target, nil))
	}
	written, err := os.ReadFile(logs)
	if err != nil || !strings.Contains(string(written), `"foo":"REDACTED"`) || !strings.Contains(string(written), `"X-Foo":["REDACTED"]`) {
		t.Fatalf("got %s, %v", written, err)
	}
	if mod, err = ctx.App(app.Name); err != nil {
		t.Fatal(err)
	}
	for _, kind := range credential.Kinds {
		value, err := mod.(*app.App).Account(app.DefaultAccount).Credential(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(written)) {
			if strings.Contains(line, value) {
				t.Errorf("%s is in %s", kind, line)
			}
		}
	}
}
