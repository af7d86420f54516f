package sitetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/sandboxtest"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
)

// Run runs a configuration with these accounts and directives, as the one that is active.
func Run(t *testing.T, api, accounts, directives string) (site string) {
	t.Helper()
	register()
	t.Setenv("TEST_APP_SECRET", Secret)
	address := freeport.Address(t)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(fmt.Appendf(nil, `{
	admin off
	persist_config off
	storage file_system %s
	log {
		output discard
	}
	events {
		on %s recorder
		on %s recorder
		on %s recorder
	}
	wechat_card {
		api %s
		store off
		%s
	}
}
http://%s {
	bind 127.0.0.1
	%s
}`, t.TempDir(), observe.EventRenewed, observe.EventFailed, observe.EventPushed, api, accounts, address, directives), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + address
}

// AccountOption is an account of a configuration.
func AccountOption(name, appID string) string {
	return "account " + name + " {\napp_id " + appID + "\napp_secret {env.TEST_APP_SECRET}\n}\n"
}

// NewAPI starts a WeChat, and gives its base URL.
func NewAPI(t *testing.T) (*sandbox.Sandbox, string) {
	t.Helper()
	s := sandbox.New(sandbox.Config{Tickets: sandboxtest.Rule()})
	api := httptest.NewServer(s)
	t.Cleanup(api.Close)
	return s, api.URL
}

// Get asks for a URL, and gives the status of the answer.
func Get(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	_ = resp.Body.Close()
	return resp.StatusCode
}

// register makes the event handler recorder known, once a process.
var register = sync.OnceFunc(func() { caddy.RegisterModule(recorder{}) })

var _ caddyevents.Handler = recorder{}
