package caddymodule

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestSandboxUnmarshalCaddyfile(t *testing.T) {
	for _, tc := range []struct {
		name, input, want, err string
	}{
		{name: "empty", input: `wechat_sandbox`, want: `{}`},
		{name: "empty block", input: "wechat_sandbox {\n}", want: `{}`},
		{
			name: "everything",
			input: `wechat_sandbox {
				app wx1 {env.ONE}
				app wx2 two
				expires_in 60
				custom_code_card p1 p2
				custom_code_card p3
			}`,
			want: `{"app":{"wx1":"{env.ONE}","wx2":"two"},"expires_in":60,"custom_code_card":["p1","p2","p3"]}`,
		},
		{name: "argument", input: `wechat_sandbox x`, err: "wrong argument count"},
		{name: "app without secret", input: "wechat_sandbox {\napp wx1\n}", err: "wrong argument count"},
		{name: "app twice", input: "wechat_sandbox {\napp wx1 a\napp wx1 b\n}", err: "already specified: wx1"},
		{name: "expires_in zero", input: "wechat_sandbox {\nexpires_in 0\n}", err: "1 to 86400 seconds"},
		{name: "expires_in text", input: "wechat_sandbox {\nexpires_in 1h\n}", err: "1 to 86400 seconds"},
		{name: "expires_in twice", input: "wechat_sandbox {\nexpires_in 1\nexpires_in 1\n}", err: "already specified"},
		{name: "no card", input: "wechat_sandbox {\ncustom_code_card\n}", err: "wrong argument count"},
		{name: "unknown", input: "wechat_sandbox {\napps a b\n}", err: "unrecognized subdirective 'apps'"},
		{name: "block", input: "wechat_sandbox {\napp a b {\nx y\n}\n}", err: "a block is not allowed here"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := new(Sandbox)
			err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(tc.input))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

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

func TestSandboxPool(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	one, two := &Sandbox{ExpiresIn: 77}, &Sandbox{ExpiresIn: 77}
	for _, s := range []*Sandbox{one, two} {
		if err := s.Provision(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if one.sandbox != two.sandbox {
		t.Error("equal configurations have different sandboxes")
	}
	key := one.poolKey
	for range 2 { // the second time must not take the other's reference
		if err := one.Cleanup(); err != nil {
			t.Fatal(err)
		}
	}
	if n, found := sandboxes.References(key); !found || n != 1 {
		t.Errorf("got %d references, want 1", n)
	}
	if err := two.Cleanup(); err != nil {
		t.Fatal(err)
	}
	if _, found := sandboxes.References(key); found {
		t.Error("the sandbox is still in the pool")
	}
	if err := new(Sandbox).Cleanup(); err != nil { // was never provisioned
		t.Error(err)
	}
}

func TestSandboxProvisionRefuses(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	t.Setenv("SANDBOX_TEST_EMPTY", "")
	t.Setenv("SANDBOX_TEST_ID", "wx1")
	for name, s := range map[string]*Sandbox{
		"empty secret":  {App: map[string]string{"wx1": ""}},
		"empty env":     {App: map[string]string{"wx1": "{env.SANDBOX_TEST_EMPTY}"}},
		"same id twice": {App: map[string]string{"wx1": "a", "{env.SANDBOX_TEST_ID}": "b"}},
		"negative":      {ExpiresIn: -1},
		"too long":      {ExpiresIn: 86401},
	} {
		if err := s.Provision(ctx); err == nil {
			t.Errorf("%s: got no error", name)
			_ = s.Cleanup()
		}
	}
}
