package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
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
				tickets grid
				custom_code_card p1 p2
				custom_code_card p3
			}`,
			want: `{"app":{"wx1":"{env.ONE}","wx2":"two"},"expires_in":60,"tickets":"grid","custom_code_card":["p1","p2","p3"]}`,
		},
		{
			name: "API 安全",
			input: `wechat_sandbox {
				secure wx1 {
					symmetric_key s {env.S}
					private_key p {file.p.pem}
					certificate o {file.o.pem}
					deprecated_key p0 {file.p0.pem}
					demanded /wxa/a /wxa/b
					want_number
				}
				expires_in 60
			}`,
			want: `{"secure":{"wx1":{"symmetric_key":{"number":"s","key":"{env.S}"},"private_key":{"number":"p","key":"{file.p.pem}"},` +
				`"certificate":{"o":"{file.o.pem}"},"deprecated_key":{"number":"p0","key":"{file.p0.pem}"},"demanded":["/wxa/a","/wxa/b"],"want_number":true}},"expires_in":60}`,
		},
		{
			name: "a third-party platform",
			input: `wechat_sandbox {
				component wxc {env.C} {
					message_push t k
					events http://a/e
					messages http://a/m/$APPID$
					domain a
					whitelist 10.0.0.0/8 ::1
					test_list gh_1 gh_2
					ticket_every 60
					ticket_life 600
					pre_auth_code 600
					pre_auth_again
					auth_code 3600
					refresh_token change
					token_overlap 0
					event_code other
					code_expires seconds
					getticket none
				}
				component wxd d
				expires_in 60
			}`,
			want: `{"component":{"wxc":{"app_secret":"{env.C}","message_push":{"token":"t","encoding_aes_key":"k"},"events":"http://a/e","messages":"http://a/m/$APPID$","domain":"a",` +
				`"whitelist":["10.0.0.0/8","::1"],"test_list":["gh_1","gh_2"],"ticket_every":60,"ticket_life":600,"pre_auth_code":600,"pre_auth_again":true,"auth_code":3600,"refresh_token":"change","token_overlap":0,` +
				`"event_code":"other","code_expires":"seconds","getticket":"none"},"wxd":{"app_secret":"d"}},"expires_in":60}`,
		},
		{name: "a platform without a secret", input: "wechat_sandbox {\ncomponent wxc\n}", err: "component wants an app_id, an app_secret and a block"},
		{name: "a platform twice", input: "wechat_sandbox {\ncomponent wxc s\ncomponent wxc s\n}", err: "component already specified: wxc"},
		{name: "a platform, unknown", input: "wechat_sandbox {\ncomponent wxc s {\nevent x\n}\n}", err: "unrecognized subdirective 'event'"},
		{name: "a platform's push without a key", input: "wechat_sandbox {\ncomponent wxc s {\nmessage_push t\n}\n}", err: "message_push wants a token and an encoding_aes_key"},
		{name: "a platform's events in plain", input: "wechat_sandbox {\ncomponent wxc s {\nevents http://a\n}\n}", err: "want message_push"},
		{name: "a platform's network", input: "wechat_sandbox {\ncomponent wxc s {\nwhitelist a\n}\n}", err: "whitelist: 'a' is neither an address nor a network, at Testfile:3"},
		{name: "a platform's overlap", input: "wechat_sandbox {\ncomponent wxc s {\ntoken_overlap 5m\n}\n}", err: "token_overlap must be a number of seconds"},
		{name: "a platform's rule", input: "wechat_sandbox {\ncomponent wxc s {\nrefresh_token never\n}\n}", err: "refresh_token is keep or change or fade, not 'never'"},
		{name: "secure of nobody", input: "wechat_sandbox {\nsecure {\n}\n}", err: "secure wants an app_id and a block, nothing else"},
		{name: "secure without keys", input: "wechat_sandbox {\nsecure wx1\n}", err: "secure: symmetric_key is missing"},
		{name: "secure, unknown", input: "wechat_sandbox {\nsecure wx1 {\npaths /a\n}\n}", err: "unrecognized subdirective 'paths'"},
		{
			name: "secure twice", err: "secure already specified: wx1",
			input: "wechat_sandbox {\nsecure wx1 {\nsymmetric_key s k\nprivate_key p k\ncertificate o k\n}\nsecure wx1 {\n}\n}",
		},
		{name: "demanded without a slash", input: "wechat_sandbox {\nsecure wx1 {\ndemanded /wxa/a wxa\n}\n}", err: "demanded: 'wxa' is no path of a call, like /wxa/getuserriskrank, at Testfile:3"},
		{name: "demanded tree", input: "wechat_sandbox {\nsecure wx1 {\ndemanded /wxa/*\n}\n}", err: "demanded: '/wxa/*' is no path"},
		{name: "demanded twice", input: "wechat_sandbox {\nsecure wx1 {\ndemanded /wxa/a\ndemanded /wxa/a\n}\n}", err: "demanded: /wxa/a is listed twice, at Testfile:4"},
		{name: "argument", input: `wechat_sandbox x`, err: "wrong argument count"},
		{name: "app without secret", input: "wechat_sandbox {\napp wx1\n}", err: "wrong argument count"},
		{name: "app twice", input: "wechat_sandbox {\napp wx1 a\napp wx1 b\n}", err: "already specified: wx1"},
		{name: "expires_in zero", input: "wechat_sandbox {\nexpires_in 0\n}", err: "1 to 86400 seconds"},
		{name: "expires_in text", input: "wechat_sandbox {\nexpires_in 1h\n}", err: "1 to 86400 seconds"},
		{name: "expires_in twice", input: "wechat_sandbox {\nexpires_in 1\nexpires_in 1\n}", err: "already specified"},
		{name: "tickets without a rule", input: "wechat_sandbox {\ntickets\n}", err: "wrong argument count"},
		{name: "tickets of two rules", input: "wechat_sandbox {\ntickets grid fresh\n}", err: "wrong argument count"},
		{name: "tickets of no rule", input: "wechat_sandbox {\ntickets Grid\n}", err: `fresh, honest or grid, not "Grid"`},
		{name: "replay of no file", input: "wechat_sandbox {\nreplay \"\"\n}", err: "replay: the name of the file is empty"},
		{name: "tickets twice", input: "wechat_sandbox {\ntickets grid\ntickets grid\n}", err: "already specified"},
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

// TestDemanded refuses paths that no call has, and those of which every call is refused before.
func TestDemanded(t *testing.T) {
	for path, want := range map[string]bool{
		"/wxa/x": true, "/a.b/c-d_e": true, "": false, "wxa": false, "wxa/x": false, "/": false, "/*": false, "/wxa/*": false, "/wxa/": false, "/wxa//x": false, "/wxa/x?y=1": false,
		"/wxa/%78": false, "/wxa/../x": false, " /wxa/x": false, "https://api.weixin.qq.com/wxa/x": false, `\wxa\x`: false, "/wxa/{env.X}": false,
	} {
		if err := checkDemanded([]string{"/wxa/before", path}); (err == nil) != want {
			t.Errorf("%q: got %v", path, err)
		}
	}
	both := sandbox.Config{Apps: map[string]string{"wx1": "s"}, MiniPrograms: map[string]string{"wx2": "s"}}
	for _, tc := range []struct {
		id, path string
		cfg      sandbox.Config
		err      string
	}{
		{"wx1", "/wxa/x", sandbox.Config{}, ""},
		{"wx1", "/card/get", sandbox.Config{}, ""},
		{"wx1", "/card/get", sandbox.Config{Apps: map[string]string{"wx1": "s"}}, ""},
		{"wx3", "/card/get", sandbox.Config{Apps: map[string]string{"wx1": "s"}}, "neither app nor mini_program has it"},
		{"wx3", "/wxaapi/newtmpl/addtemplate", both, "neither app nor mini_program has it"},
		{"wx2", "/wxa/x", both, ""},
		{"wx2", "/CARD/get", both, "another kind of account: official account"},
		{"wx2", "/cgi-bin/ticket/getticket", both, "another kind of account: official account"},
		{"wx1", "/card/get", both, ""},
		{"wx1", "/wxa/x", both, "another kind of account: mini program"},
		{"wx3", "/wxa/x", sandbox.Config{MiniPrograms: both.MiniPrograms}, "another kind of account: mini program"},
	} {
		err := checkReach(tc.id, []string{tc.path}, tc.cfg)
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s of %s, %+v: got %v", tc.path, tc.id, tc.cfg, err)
		}
	}
}

const pushKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

// TestPlatformIsPushed has the sandbox push by itself as long as a configuration has it.
func TestPlatformIsPushed(t *testing.T) {
	pushed := make(chan struct{}, 100)
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pushed <- struct{}{}
		_, _ = io.WriteString(w, "success")
	}))
	defer platform.Close()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	s := &Sandbox{Component: map[string]*Component{"wxc": {AppSecret: "s", MessagePush: &ComponentPush{"t", pushKey}, Events: platform.URL}}}
	if err := s.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	<-pushed
	if err := s.Cleanup(); err != nil {
		t.Fatal(err)
	}
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
		"no rule":       {Tickets: "stable"},
		"no secret":     {Component: map[string]*Component{"wxc": {}}},
		"no platform":   {Component: map[string]*Component{"wxc": nil}},
		"bad key":       {Component: map[string]*Component{"wxc": {AppSecret: "s", MessagePush: &ComponentPush{"t", "k"}}}},
		"bad URL":       {Component: map[string]*Component{"wxc": {AppSecret: "s", MessagePush: &ComponentPush{"t", pushKey}, Events: "a/b"}}},
		"bad host":      {Component: map[string]*Component{"wxc": {AppSecret: "s", Domain: "https://a"}}},
		"bad rule":      {Component: map[string]*Component{"wxc": {AppSecret: "s", GetTicket: "some"}}},
		"bad code":      {Component: map[string]*Component{"wxc": {AppSecret: "s", EventCode: "none"}}},
		"bad span":      {Component: map[string]*Component{"wxc": {AppSecret: "s", TicketLife: -1}}},
		"an app, too":   {App: map[string]string{"wxc": "s"}, Component: map[string]*Component{"wxc": {AppSecret: "s"}}},
		"no path":       {Secure: map[string]*Secure{"wx1": {Demanded: []string{"wxa"}}}},
	} {
		if err := s.Provision(ctx); err == nil {
			t.Errorf("%s: got no error", name)
			_ = s.Cleanup()
		}
	}
}
