package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule" // registers the directive

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// sandboxServer provisions a site, without listening.
func sandboxServer(t *testing.T, directive string) *caddyhttp.Server {
	t.Helper()
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\n\tadmin off\n}\nhttp://localhost:9080 {\n"+directive+"\n\trespond second\n}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var cfg *caddy.Config
	if err := json.Unmarshal(out, &cfg); err != nil {
		t.Fatal(err)
	}
	ctx, err := caddy.ProvisionContext(cfg)
	if err != nil {
		t.Fatal(err)
	}
	app, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*caddyhttp.App).Servers["srv0"]
}

func askSandbox(srv *caddyhttp.Server, method, target, body, remoteAddr string) (int, string) {
	r := httptest.NewRequest(method, "http://localhost:9080"+target, strings.NewReader(body))
	r.RemoteAddr = remoteAddr
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestSandboxInCaddy(t *testing.T) {
	t.Setenv("SANDBOX_TEST_SECRET", "s3")
	directive := "\twechat_sandbox {\n\t\tapp wx1 {env.SANDBOX_TEST_SECRET}\n\t\tcustom_code_card pCustom\n\t}"
	srv := sandboxServer(t, directive)
	const remote, local = "192.0.2.1:1234", "127.0.0.1:1234"
	askSandbox(srv, "POST", "/_sandbox/reset", "", local) // the sandbox outlives the test

	stable := func(srv *caddyhttp.Server, secret string) (got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		ErrCode     int    `json:"errcode"`
	},
	) {
		t.Helper()
		_, body := askSandbox(srv, "POST", "/cgi-bin/stable_token", `{"grant_type":"client_credential","appid":"wx1","secret":"`+secret+`"}`, remote)
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return got
	}
	if got := stable(srv, "wrong"); got.ErrCode != 40125 {
		t.Errorf("got errcode %d for a wrong secret, want 40125", got.ErrCode)
	}
	first := stable(srv, "s3")
	if first.AccessToken == "" || first.ExpiresIn < 7100 {
		t.Errorf("got %+v", first)
	}
	if _, body := askSandbox(srv, "GET", "/no/such/path", "", remote); !strings.Contains(body, `"errcode":40066`) {
		t.Errorf("got %s for an unknown path", body)
	}
	if _, body := askSandbox(srv, "POST", "/card/membercard/activate/geturl?access_token="+first.AccessToken, `{"card_id":"pCustom"}`, remote); !strings.Contains(body, "40158") {
		t.Errorf("got %s for a custom-code card", body)
	}
	if code, _ := askSandbox(srv, "GET", "/_sandbox/calls", "", remote); code != 403 {
		t.Errorf("got %d for a control from elsewhere, want 403", code)
	}
	if code, body := askSandbox(srv, "GET", "/_sandbox/calls", "", local); code != 200 || !strings.Contains(body, `"/cgi-bin/stable_token":2`) {
		t.Errorf("got %d %s for the calls", code, body)
	}

	t.Run("a reload keeps the state", func(t *testing.T) {
		if got := stable(sandboxServer(t, directive), "s3"); got.AccessToken != first.AccessToken {
			t.Error("the new configuration has another token")
		}
	})
	t.Run("another configuration has its own", func(t *testing.T) {
		if got := stable(sandboxServer(t, "\twechat_sandbox"), "s3"); got.AccessToken == first.AccessToken || got.AccessToken == "" {
			t.Errorf("got %+v", got)
		}
	})
}
