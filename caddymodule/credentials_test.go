package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	testKey = "k3y-for-backends+/= &%"

	credentialsSite = `
	wechat_card /cgi-bin/* credentials {
		key {env.TEST_KEY}
	}
	wechat_card /other/cgi-bin/* credentials
	respond "next {http.request.uri}" 299
`
)

func newCredentialsSite(t *testing.T) *testSite {
	t.Helper()
	t.Setenv("TEST_KEY", testKey)
	return newTestSite(t, credentialsSite)
}

// wechatAnswer is an answer in WeChat's form.
type wechatAnswer struct {
	ErrCode     int    `json:"errcode"`
	ErrMsg      string `json:"errmsg"`
	AccessToken string `json:"access_token"`
	Ticket      string `json:"ticket"`
	ExpiresIn   int    `json:"expires_in"`
}

// backend sends a request as a backend on the same machine does, and checks the form of the answer.
func backend(s *testSite, q testRequest) wechatAnswer {
	s.t.Helper()
	q.from = "127.0.0.1"
	return readWechat(s, s.do(q))
}

func readWechat(s *testSite, w *httptest.ResponseRecorder) (a wechatAnswer) {
	s.t.Helper()
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/json; encoding=utf-8" {
		s.t.Fatalf("got %d %s %s", w.Code, got, w.Body)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		s.t.Errorf("got Cache-Control %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Fatalf("%v: %s", err, w.Body)
	}
	return a
}

func tokenTarget(secret string) string {
	return "/cgi-bin/token?grant_type=client_credential&appid=" + testAppID + "&secret=" + url.QueryEscape(secret)
}

func stableBody(secret string) string {
	return fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":false}`, testAppID, secret)
}

func TestCredentials(t *testing.T) {
	s := newCredentialsSite(t)
	token := s.credential(credential.AccessToken)
	for _, secret := range []string{testSecret, testKey} {
		for name, q := range map[string]testRequest{
			"token":                      {target: tokenTarget(secret)},
			"token by POST":              {target: tokenTarget(secret), method: http.MethodPost},
			"token, parameters in front": {target: "/cgi-bin/token?secret=" + url.QueryEscape(secret) + "&appid=" + testAppID + "&x=1&grant_type=client_credential"},
			"stable_token":               {target: "/cgi-bin/stable_token", body: stableBody(secret)},
			"stable_token, any type":     {target: "/cgi-bin/stable_token", body: stableBody(secret), typ: "text/plain; charset=gbk"},
			"stable_token, no type":      {target: "/cgi-bin/stable_token?access_token=", body: stableBody(secret), typ: "-"},
			"stable_token by force, which a gateway without a store may not use": {
				target: "/cgi-bin/stable_token", body: strings.Replace(stableBody(secret), "false", "true", 1),
			},
		} {
			t.Run(name, func(t *testing.T) {
				q.from = "127.0.0.1"
				w := s.do(q)
				a := readWechat(s, w)
				want := fmt.Sprintf(`{"access_token":%q,"expires_in":%d}`, token, a.ExpiresIn)
				if w.Body.String() != want || a.ExpiresIn < 7100 || a.ExpiresIn > 7200 {
					t.Errorf("got %s", w.Body)
				}
			})
		}
	}
	for typ, kind := range map[string]credential.Kind{"wx_card": credential.APITicket, "jsapi": credential.JSAPITicket} {
		w := s.do(testRequest{target: "/cgi-bin/ticket/getticket?type=" + typ + "&access_token=" + token, from: "::1"})
		a := readWechat(s, w)
		want := fmt.Sprintf(`{"errcode":0,"errmsg":"ok","ticket":%q,"expires_in":%d}`, s.credential(kind), a.ExpiresIn)
		if w.Body.String() != want || a.ExpiresIn < 7100 || a.ExpiresIn > 7200 {
			t.Errorf("%s: got %s", typ, w.Body)
		}
	}
	if w := s.do(testRequest{method: http.MethodHead, target: tokenTarget(testKey), from: "127.0.0.1"}); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD: got %d %s", w.Code, w.Body)
	}
	calls := s.wechat.Calls()
	if calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 2 || calls["/cgi-bin/token"] != 0 {
		t.Errorf("calls %v", calls)
	}
}

// TestCredentialsRejectedToken has a borrower say that WeChat refuses the token.
func TestCredentialsRejectedToken(t *testing.T) {
	s := newCredentialsSite(t)
	lent := func(secret, rejected string) wechatAnswer {
		t.Helper()
		return backend(s, testRequest{target: tokenTarget(secret) + "&rejected_token=" + url.QueryEscape(rejected)})
	}
	first := lent(testKey, "").AccessToken
	if got := lent(testKey, "another").AccessToken; got != first {
		t.Error("a complaint about a token of the past has replaced the present one")
	}
	if err := s.wechat.Revoke(sandbox.Revocation{}); err != nil {
		t.Fatal(err)
	}
	if got := lent("wr"+testKey, first).ErrCode; got != 40125 {
		t.Errorf("a stranger gets errcode %d", got)
	}
	if got := lent(testKey, "").AccessToken; got != first {
		t.Error("a stranger's complaint was heeded")
	}
	second := lent(testKey, first).AccessToken
	if second == "" || second == first {
		t.Errorf("got %q after %q was refused", second, first)
	}
	if got := lent(testKey, first).AccessToken; got != second {
		t.Error("the same complaint again has replaced the new token")
	}
	if n := s.wechat.Calls()["/cgi-bin/stable_token"]; n != 2 {
		t.Errorf("%d calls for a token", n)
	}
}

func TestCredentialsRefuses(t *testing.T) {
	s := newCredentialsSite(t)
	query := func(pairs ...string) string {
		q := url.Values{"grant_type": {"client_credential"}, "appid": {testAppID}, "secret": {testKey}}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "/cgi-bin/token?" + q.Encode()
	}
	const stable = "/cgi-bin/stable_token"
	const ticket = "/cgi-bin/ticket/getticket"
	for name, tc := range map[string]struct {
		testRequest
		errCode int
	}{
		"nothing":            {testRequest{target: "/cgi-bin/token"}, 41002},
		"no appid":           {testRequest{target: query("appid", "")}, 41002},
		"no secret":          {testRequest{target: query("secret", "")}, 41004},
		"no grant_type":      {testRequest{target: query("grant_type", "")}, 40002},
		"another grant_type": {testRequest{target: query("grant_type", "authorization_code")}, 40002},
		"another account":    {testRequest{target: query("appid", "wx0000000000000002")}, 40013},
		"appid in capitals":  {testRequest{target: query("appid", strings.ToUpper(testAppID))}, 40013},
		"wrong secret":       {testRequest{target: query("secret", testSecret[1:])}, 40125},
		"longer secret":      {testRequest{target: query("secret", testSecret+"0")}, 40125},
		"wrong key":          {testRequest{target: query("secret", testKey+" ")}, 40125},
		"the placeholder":    {testRequest{target: query("secret", "{env.TEST_KEY}")}, 40125},
		"secret in the body": {testRequest{target: query("secret", ""), body: "secret=" + testSecret, typ: "application/x-www-form-urlencoded"}, 41004},
		"token by PUT":       {testRequest{target: query(), method: http.MethodPut}, 43001},
		"token by OPTIONS":   {testRequest{target: query(), method: http.MethodOptions}, 43001},

		"stable_token by GET":          {testRequest{target: stable}, 43002},
		"stable_token, no body":        {testRequest{target: stable, method: http.MethodPost}, 44002},
		"stable_token, blank body":     {testRequest{target: stable, body: " \n"}, 44002},
		"stable_token, form":           {testRequest{target: stable, body: "appid=" + testAppID}, 47001},
		"stable_token, array":          {testRequest{target: stable, body: `[]`}, 47001},
		"stable_token, wrong type":     {testRequest{target: stable, body: `{"appid":1}`}, 47001},
		"stable_token, force as text":  {testRequest{target: stable, body: strings.Replace(stableBody(testKey), "false", `"false"`, 1)}, 47001},
		"stable_token, trailing data":  {testRequest{target: stable, body: stableBody(testKey) + "{}"}, 47001},
		"stable_token, long":           {testRequest{target: stable, body: stableBody(strings.Repeat("a", 64<<10))}, 45002},
		"stable_token, empty object":   {testRequest{target: stable, body: `{}`}, 41002},
		"stable_token, null secret":    {testRequest{target: stable, body: strings.Replace(stableBody("x"), `"x"`, "null", 1)}, 41004},
		"stable_token, no grant_type":  {testRequest{target: stable, body: `{"appid":"x","secret":"y"}`}, 40002},
		"stable_token, wrong secret":   {testRequest{target: stable, body: stableBody("x")}, 40125},
		"stable_token, query instead":  {testRequest{target: stable + strings.TrimPrefix(query(), "/cgi-bin/token"), body: `{}`}, 41002},
		"stable_token, other account":  {testRequest{target: stable, body: strings.Replace(stableBody(testKey), testAppID, "wx0000000000000002", 1)}, 40013},
		"stable_token, forced, no key": {testRequest{target: stable, body: strings.Replace(stableBody("x"), "false", "true", 1)}, 40125},

		"getticket, no token":          {testRequest{target: ticket + "?type=jsapi"}, 41001},
		"getticket, wrong token":       {testRequest{target: ticket + "?type=jsapi&access_token=90_x"}, 40001},
		"getticket, key as token":      {testRequest{target: ticket + "?type=jsapi&access_token=" + url.QueryEscape(testKey)}, 40001},
		"getticket, secret as token":   {testRequest{target: ticket + "?type=jsapi&access_token=" + testSecret}, 40001},
		"getticket, no type":           {testRequest{target: ticket + "?access_token=TOKEN"}, 40097},
		"getticket, unknown type":      {testRequest{target: ticket + "?type=2&access_token=TOKEN"}, 40097},
		"getticket, api_ticket's name": {testRequest{target: ticket + "?type=api_ticket&access_token=TOKEN"}, 40097},
		"getticket by DELETE":          {testRequest{target: ticket + "?type=jsapi&access_token=TOKEN", method: http.MethodDelete}, 43001},
	} {
		t.Run(name, func(t *testing.T) {
			tc.target = strings.Replace(tc.target, "TOKEN", s.credential(credential.AccessToken), 1)
			a := backend(s, tc.testRequest)
			if a.ErrCode != tc.errCode || a.ErrMsg == "" || a.AccessToken+a.Ticket != "" || a.ExpiresIn != 0 {
				t.Errorf("got %+v, want errcode %d", a, tc.errCode)
			}
			if strings.Contains(a.ErrMsg, testKey) || strings.Contains(a.ErrMsg, testSecret) {
				t.Errorf("got %s", a.ErrMsg)
			}
		})
	}
	if calls := s.wechat.Calls(); calls["/cgi-bin/ticket/getticket"]+calls["/cgi-bin/token"] != 0 || calls["/cgi-bin/stable_token"] != 1 {
		t.Errorf("calls %v", calls)
	}
}

func TestCredentialsWithoutAKey(t *testing.T) {
	s := newTestSite(t, "wechat_card /cgi-bin/* credentials")
	if a := backend(s, testRequest{target: tokenTarget(testSecret)}); a.AccessToken == "" {
		t.Errorf("got %+v", a)
	}
	for _, secret := range []string{"x", "\x00", strings.Repeat("0", 32)} {
		if a := backend(s, testRequest{target: tokenTarget(secret)}); a.ErrCode != 40125 {
			t.Errorf("%q: got %+v", secret, a)
		}
	}
}

func TestCredentialsLeavesOtherPathsToNext(t *testing.T) {
	s := newCredentialsSite(t)
	for _, target := range []string{
		"/cgi-bin/menu/get?access_token=x",
		"/cgi-bin/token/",
		"/cgi-bin//token?appid=x",
		"/cgi-bin/./token",
		"/cgi-bin/%74oken",
		"/cgi-bin/Token",
		"/CGI-BIN/token",
		"/cgi-bin/token;x",
		"/cgi-bin/token%3Fx",
		"/cgi-bin/ticket%2Fgetticket",
		"/cgi-bin/ticket",
		"/cgi-bin/ticket/../token",
		"/other/cgi-bin/token",
	} {
		// a stranger's too: who may go on is for the next handler to say
		if w := s.do(testRequest{target: target}); w.Code != 299 || w.Body.String() != "next "+target {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
}

func TestCredentialsIsNotForStrangers(t *testing.T) {
	t.Setenv("TEST_KEY", testKey)
	log := filepath.Join(t.TempDir(), "log")
	ctx := provisionCaddyfile(t, `{
	admin off
	log {
		output file `+log+`
	}
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id `+testAppID+`
			app_secret {env.TEST_KEY}
		}
	}
	servers {
		trusted_proxies static 10.9.9.9
	}
}
http://localhost:9080 {
	wechat_card credentials {
		key {env.TEST_KEY}
		clients private_ranges
		errors caddy
	}
	respond next
	handle_errors {
		respond "error {err.status_code}"
	}
}`)
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	s := &testSite{t: t, server: httpApp.(*caddyhttp.App).Servers["srv0"]}
	n := 0
	for _, q := range []testRequest{
		{from: "198.51.100.7"},
		{from: "2001:db8::7"},
		{from: "10.0.0.1", header: map[string]string{"X-Forwarded-For": "10.0.0.2"}},
		{from: "10.0.0.1", header: map[string]string{"Forwarded": "for=10.0.0.2"}},
		{from: "10.0.0.1", header: map[string]string{"X-Real-IP": "127.0.0.1"}},
		{from: "10.9.9.9", header: map[string]string{"X-Forwarded-For": "198.51.100.7"}},
		{from: "10.0.0.1", header: map[string]string{"Origin": "null"}},
		{from: "10.0.0.1", header: map[string]string{"Sec-Fetch-Site": "same-origin"}},
	} {
		for _, target := range []string{
			tokenTarget(testKey), "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket?access_token=" + url.QueryEscape(testKey),
		} {
			q.target = target
			if w := s.do(q); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "access_token") {
				t.Errorf("%+v: got %d %s", q, w.Code, w.Body)
			}
			n++
		}
	}
	// Refusals in WeChat's form are no errors of Caddy's.
	a := readWechat(s, s.do(testRequest{target: "/cgi-bin/token?grant_type=client_credential&appid=" + testAppID + "&secret=wr0ng-s3cr3t", from: "10.0.0.1"}))
	if a.ErrCode != 40125 {
		t.Errorf("got %+v", a)
	}
	a = readWechat(s, s.do(testRequest{target: tokenTarget(testKey), from: "10.9.9.9", header: map[string]string{"X-Forwarded-For": "10.0.0.2"}}))
	if a.ErrCode != -1 || a.ErrMsg != "system error" {
		t.Errorf("got %+v, want WeChat's own code for nobody's fault", a)
	}
	logged, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(logged), `"reason":"client_not_allowed"`); got != n+1 {
		t.Errorf("%d log lines, want %d: %s", got, n+1, logged)
	}
	for _, secret := range []string{testKey, url.QueryEscape(testKey), "wr0ng"} {
		if strings.Contains(string(logged), secret) {
			t.Errorf("%s is in the log: %s", secret, logged)
		}
	}
}

func TestCredentialsPassesOnWhatWeChatSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		fault   sandbox.Fault
		errCode int
		ticket  int
	}{
		"quota":                {sandbox.Fault{ErrCode: 45009}, 45009, 45009},
		"white list":           {sandbox.Fault{ErrCode: 40164}, 40164, 40164},
		"busy":                 {sandbox.Fault{ErrCode: -1}, -1, -1},
		"our secret":           {sandbox.Fault{ErrCode: 40125}, 40125, 40125},
		"our secret is old":    {sandbox.Fault{ErrCode: 40001}, 40001, -1},
		"no answer":            {sandbox.Fault{Drop: true}, -1, -1},
		"nonsense":             {sandbox.Fault{Body: new("<html>")}, -1, -1},
		"a gateway in trouble": {sandbox.Fault{Status: 502}, -1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCredentialsSite(t)
			tc.fault.Path = "/cgi-bin/stable_token"
			if err := s.wechat.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			if a := backend(s, testRequest{target: tokenTarget(testKey)}); a.ErrCode != tc.errCode || a.ErrMsg == "" {
				t.Errorf("token: got %+v", a)
			}
			if a := backend(s, testRequest{target: "/cgi-bin/ticket/getticket?type=wx_card&access_token=x"}); a.ErrCode != tc.ticket || a.ErrMsg == "" {
				t.Errorf("getticket: got %+v", a)
			}
		})
	}
}

func TestCredentialsNeedsWhatItServes(t *testing.T) {
	for _, tc := range []struct{ account, block, mention string }{
		{"app_id wx1\n\t\t\ttoken_source none", "{\n\t\tkey k\n\t}", "token_source none"},
		{"app_id wx1\n\t\t\ttoken_source remote http://127.0.0.1:1/token", "", "credentials needs a key"},
		{"app_id wx1\n\t\t\ttoken_source remote http://127.0.0.1:1/token", "{\n\t\tkey k\n\t}", ""},
		{"app_id wx1\n\t\t\tapp_secret s", "{\n\t\tkey {env.NO_SUCH_KEY}\n\t}", "key:"},
		{"app_id wx1\n\t\t\tapp_secret s", "{\n\t\tclients {env.NO_SUCH_CLIENTS}\n\t}", "clients:"},
	} {
		_, err := tryProvision("{\n\tadmin off\n\twechat_card {\n\t\tstore off\n\t\taccount {\n\t\t\t" + tc.account + "\n\t\t}\n\t}\n}\n" +
			":9080 {\n\twechat_card credentials " + tc.block + "\n}")
		if (err == nil) != (tc.mention == "") || err != nil && !strings.Contains(err.Error(), tc.mention) {
			t.Errorf("%s %s: got error %v", tc.account, tc.block, err)
		}
	}
}
