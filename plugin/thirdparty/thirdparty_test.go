package thirdparty_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/notify"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// newComponent makes a component before a WeChat, as change says.
func newComponent(t *testing.T, w *thirdpartytest.WeChat, change func(*thirdparty.Config)) *thirdparty.Component {
	t.Helper()
	cfg := thirdparty.Config{
		Config: platform.Config{
			Name: "shop", AppID: thirdpartytest.Component, AppSecret: thirdpartytest.Secret, SealKeys: []string{thirdpartytest.SealKey},
			APIURL: w.URL, Client: wechat.New(wechat.Config{BaseURLs: []string{w.URL}}), Process: new(credential.Process),
		},
		Push: push.Config{Token: thirdpartytest.Token, EncodingAESKey: thirdpartytest.Key},
	}
	if change != nil {
		change(&cfg)
	}
	c, err := thirdparty.New(cfg, thirdparty.NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func take(t *testing.T, c *thirdparty.Component, e push.PlatformEvent) {
	t.Helper()
	c.Take(t.Context(), e)
}

// TestNotices has a backend told of an account that authorises, once, and takes that back.
func TestNotices(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef01234567"
	got := make(chan thirdparty.Notice, 8)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var n thirdparty.Notice
		if err := json.Unmarshal(body, &n); err != nil {
			t.Error(err)
		}
		id, timestamp := r.Header.Get(notify.HeaderID), r.Header.Get(notify.HeaderTimestamp)
		if n.ID != id || r.Header.Get(notify.HeaderSignature) != "v1,"+notify.Sign(key, id, timestamp, body) {
			t.Errorf("got %v %s", r.Header, body)
		}
		got <- n
	}))
	defer backend.Close()
	w := thirdpartytest.New(t)
	w.Codes["code1"], w.Sets[thirdpartytest.Account] = thirdpartytest.Account, []int{1, 8}
	c := newComponent(t, w, nil)
	if err := c.Notify(backend.URL, key, nil); err != nil {
		t.Fatal(err)
	}
	c.Start()
	begun := time.Now().Add(-time.Minute)
	take(t, c, push.PlatformEvent{InfoType: "component_verify_ticket", Ticket: "ticket@@@1", Created: begun})
	for range 2 { // WeChat repeats itself
		take(t, c, push.PlatformEvent{InfoType: "authorized", AppID: thirdpartytest.Account, Code: "code1", Created: begun})
	}
	want := func(kind string, missing int) {
		t.Helper()
		select {
		case n := <-got:
			if n.Type != kind || n.AppID != thirdpartytest.Account || n.Component != thirdpartytest.Component || len(n.Missing) != missing {
				t.Errorf("got %+v, want %s", n, kind)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nobody was told of %s", kind)
		}
	}
	want("authorized", 1)
	take(t, c, push.PlatformEvent{InfoType: "unauthorized", AppID: thirdpartytest.Account, Created: begun.Add(time.Second)})
	want("unauthorized", 0)
	take(t, c, push.PlatformEvent{InfoType: "of_tomorrow"})
	take(t, c, push.PlatformEvent{InfoType: "authorized"})
	select {
	case n := <-got:
		t.Errorf("got %+v, too", n)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestNotifyRefuses(t *testing.T) {
	t.Parallel()
	c := newComponent(t, thirdpartytest.New(t), nil)
	const key = "0123456789abcdef01234567"
	for _, tc := range []struct {
		url, key string
		ok       bool
	}{
		{"https://a.example", key, true},
		{"https://a.example", key, true}, // two routes
		{"https://a.example", key + "x", false},
		{"https://b.example", "short", false},
		{"b.example", key, false},
	} {
		if err := c.Notify(tc.url, tc.key, nil); (err == nil) != tc.ok {
			t.Errorf("%+v: got %v", tc, err)
		}
	}
}

func TestNeedsAKey(t *testing.T) {
	t.Parallel()
	w := thirdpartytest.New(t)
	c := newComponent(t, w, func(cfg *thirdparty.Config) { cfg.Push = push.Config{} })
	if c.Pushes.CheckMessagePush() == nil {
		t.Error("a component without message_push says that it takes messages")
	}
	if _, err := thirdparty.New(thirdparty.Config{Push: push.Config{Token: "t"}}, thirdparty.NewState(thirdparty.Config{})); err == nil {
		t.Error("message_push without a key was taken")
	}
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	w := thirdpartytest.New(t)
	official := newComponent(t, w, nil)
	sandbox := newComponent(t, w, func(cfg *thirdparty.Config) { cfg.OpenURL = "http://127.0.0.1:9080" })
	a := thirdparty.Authorize{PreAuthCode: "preauthcode@@@1", Back: "https://p.example/authorize?nonce=N", Type: thirdparty.Both}
	const rest = "component_appid=" + thirdpartytest.Component + "&pre_auth_code=preauthcode%40%40%401&redirect_uri=https%3A%2F%2Fp.example%2Fauthorize%3Fnonce%3DN"
	for _, tc := range []struct {
		c      *thirdparty.Component
		mobile bool
		appID  string
		want   string
	}{
		{official, false, "", "https://mp.weixin.qq.com/cgi-bin/componentloginpage?" + rest + "&auth_type=3"},
		{official, true, "", "https://open.weixin.qq.com/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&" + rest + "&auth_type=3#wechat_redirect"},
		{official, false, thirdpartytest.Account, "https://mp.weixin.qq.com/cgi-bin/componentloginpage?" + rest + "&auth_type=3&biz_appid=" + thirdpartytest.Account},
		{sandbox, false, "", "http://127.0.0.1:9080/cgi-bin/componentloginpage?" + rest + "&auth_type=3"},
	} {
		a.Mobile, a.AppID = tc.mobile, tc.appID
		got := tc.c.AuthorizeURL(a)
		if got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	w := thirdpartytest.New(t)
	now := time.Unix(1_700_000_000, 0)
	clock := func(cfg *thirdparty.Config) { cfg.Now = func() time.Time { return now } }
	c := newComponent(t, w, clock)
	a := c.NewAttempt("/done")
	if b := c.NewAttempt("/done"); a.Nonce == b.Nonce || len(a.Nonce) < 20 {
		t.Errorf("got nonces %q and %q", a.Nonce, b.Nonce)
	}
	text := c.SealAttempt(a)
	rotated := newComponent(t, w, func(cfg *thirdparty.Config) {
		clock(cfg)
		cfg.SealKeys = []string{"another seal key of 32 characters", thirdpartytest.SealKey}
	})
	other := newComponent(t, w, func(cfg *thirdparty.Config) {
		clock(cfg)
		cfg.SealKeys = []string{"another seal key of 32 characters"}
	})
	for name, tc := range map[string]struct {
		c    *thirdparty.Component
		text string
		now  time.Duration
		ok   bool
	}{
		"now":           {c, text, 0, true},
		"in an hour":    {c, text, thirdparty.AttemptLife, false},
		"from tomorrow": {c, text, -time.Hour, false},
		"rotated":       {rotated, text, 0, true},
		"another key":   {other, text, 0, false},
		"empty":         {c, "", 0, false},
		"cut":           {c, text[:len(text)-8], 0, false},
	} {
		now = time.Unix(1_700_000_000, 0).Add(tc.now)
		if got, ok := tc.c.OpenAttempt(tc.text); ok != tc.ok || ok && (got.Nonce != a.Nonce || got.Return != "/done") {
			t.Errorf("%s: got %+v %v", name, got, ok)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a    platform.Authorisation
		want int
	}{
		{platform.Authorisation{Sets: []int{1, 4, 8}}, 0},
		{platform.Authorisation{Sets: []int{8}}, 1},
		{platform.Authorisation{}, 2},
		{platform.Authorisation{IsMiniProgram: true, Sets: []int{18}}, 0},
		{platform.Authorisation{IsMiniProgram: true, Sets: []int{4, 8}}, 1},
	} {
		if got := thirdparty.Missing(tc.a); len(got) != tc.want {
			t.Errorf("%+v: got %v", tc.a, got)
		}
	}
}

func TestTestAnswer(t *testing.T) {
	t.Parallel()
	const official, mini = "wx570bc396a51b8ff8", "wxd101a85aa106f53e"
	for _, tc := range []struct {
		appID, content, event string
		want                  thirdparty.Answer
	}{
		{official, "TESTCOMPONENT_MSG_TYPE_TEXT", "", thirdparty.Answer{Text: "TESTCOMPONENT_MSG_TYPE_TEXT_callback"}},
		{mini, "TESTCOMPONENT_MSG_TYPE_TEXT", "", thirdparty.Answer{Text: "TESTCOMPONENT_MSG_TYPE_TEXT_callback", Send: true}},
		{official, "QUERY_AUTH_CODE:queryauthcode@@@1\n", "", thirdparty.Answer{Text: "queryauthcode@@@1_from_api", Send: true, Code: "queryauthcode@@@1"}},
		{mini, "QUERY_AUTH_CODE: c", "", thirdparty.Answer{Text: "c_from_api", Send: true, Code: "c"}},
		{official, "QUERY_AUTH_CODE:", "", thirdparty.Answer{}},
		{official, "QUERY_AUTH_CODE:" + strings.Repeat("x", 513), "", thirdparty.Answer{}},
		{official, "", "LOCATION", thirdparty.Answer{Text: "LOCATIONfrom_callback"}},
		{mini, "", "user_enter_tempsession", thirdparty.Answer{}},
		{official, "hello", "", thirdparty.Answer{}},
	} {
		if got := thirdparty.TestAnswer(tc.appID, tc.content, tc.event); got != tc.want {
			t.Errorf("%q: got %+v", tc.content, got)
		}
	}
	for _, tc := range []struct {
		appID, userName string
		want            bool
	}{
		{official, "gh_3c884a361561", true},
		{mini, "gh_8dad206e9538", true},
		{official, "gh_8dad206e9538", false},
		{official, "", false},
		{"wx0000000000000001", "gh_3c884a361561", false},
		{"", "", false},
	} {
		if thirdparty.IsTester(tc.appID, tc.userName) != tc.want {
			t.Errorf("%s %s is taken for what it is not", tc.appID, tc.userName)
		}
	}
}
