package credentials_test

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

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
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

func newCredentialsSite(t *testing.T) *sitetest.Site {
	t.Helper()
	t.Setenv("TEST_KEY", testKey)
	return sitetest.New(t, credentialsSite)
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
func backend(s *sitetest.Site, q sitetest.Request) wechatAnswer {
	s.T.Helper()
	q.From = "127.0.0.1"
	return readWechat(s, s.Do(q))
}

func readWechat(s *sitetest.Site, w *httptest.ResponseRecorder) (a wechatAnswer) {
	s.T.Helper()
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/json; encoding=utf-8" {
		s.T.Fatalf("got %d %s %s", w.Code, got, w.Body)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		s.T.Errorf("got Cache-Control %q", got)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		s.T.Errorf("got X-Content-Type-Options %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.T.Fatalf("%v: %s", err, w.Body)
	}
	return a
}

func tokenTarget(secret string) string {
	return "/cgi-bin/token?grant_type=client_credential&appid=" + sitetest.AppID + "&secret=" + url.QueryEscape(secret)
}

func stableBody(secret string) string {
	return fmt.Sprintf(`{"grant_type":"client_credential","appid":%q,"secret":%q,"force_refresh":false}`, sitetest.AppID, secret)
}

func TestCredentials(t *testing.T) {
	s := newCredentialsSite(t)
	token := s.Credential(credential.AccessToken)
	for _, secret := range []string{sitetest.Secret, testKey} {
		for name, q := range map[string]sitetest.Request{
			"token":                      {Target: tokenTarget(secret)},
			"token by POST":              {Target: tokenTarget(secret), Method: http.MethodPost},
			"token, parameters in front": {Target: "/cgi-bin/token?secret=" + url.QueryEscape(secret) + "&appid=" + sitetest.AppID + "&x=1&grant_type=client_credential"},
			"stable_token":               {Target: "/cgi-bin/stable_token", Body: stableBody(secret)},
			"stable_token, any type":     {Target: "/cgi-bin/stable_token", Body: stableBody(secret), Type: "text/plain; charset=gbk"},
			"stable_token, no type":      {Target: "/cgi-bin/stable_token?access_token=", Body: stableBody(secret), Type: "-"},
			"stable_token by force, which a gateway without a store may not use": {
				Target: "/cgi-bin/stable_token", Body: strings.Replace(stableBody(secret), "false", "true", 1),
			},
		} {
			t.Run(name, func(t *testing.T) {
				q.From = "127.0.0.1"
				w := s.Do(q)
				a := readWechat(s, w)
				want := fmt.Sprintf(`{"access_token":%q,"expires_in":%d}`, token, a.ExpiresIn)
				if w.Body.String() != want || a.ExpiresIn < 7100 || a.ExpiresIn > 7200 {
					t.Errorf("got %s", w.Body)
				}
			})
		}
	}
	for typ, kind := range map[string]credential.Kind{"wx_card": credential.APITicket, "jsapi": credential.JSAPITicket} {
		w := s.Do(sitetest.Request{Target: "/cgi-bin/ticket/getticket?type=" + typ + "&access_token=" + token, From: "::1"})
		a := readWechat(s, w)
		want := fmt.Sprintf(`{"errcode":0,"errmsg":"ok","ticket":%q,"expires_in":%d}`, s.Credential(kind), a.ExpiresIn)
		if w.Body.String() != want || a.ExpiresIn < 7100 || a.ExpiresIn > 7200 {
			t.Errorf("%s: got %s", typ, w.Body)
		}
	}
	if w := s.Do(sitetest.Request{Method: http.MethodHead, Target: tokenTarget(testKey), From: "127.0.0.1"}); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD: got %d %s", w.Code, w.Body)
	}
	calls := s.WeChat.Calls()
	if calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 2 || calls["/cgi-bin/token"] != 0 {
		t.Errorf("calls %v", calls)
	}
}

// TestCredentialsRejectedToken has a borrower say that WeChat refuses the token.
func TestCredentialsRejectedToken(t *testing.T) {
	s := newCredentialsSite(t)
	lent := func(secret, rejected string) wechatAnswer {
		t.Helper()
		return backend(s, sitetest.Request{Target: tokenTarget(secret) + "&rejected_token=" + url.QueryEscape(rejected)})
	}
	first := lent(testKey, "").AccessToken
	if got := lent(testKey, "another").AccessToken; got != first {
		t.Error("a complaint about a token of the past has replaced the present one")
	}
	if err := s.WeChat.Revoke(sandbox.Revocation{}); err != nil {
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
	if n := s.WeChat.Calls()["/cgi-bin/stable_token"]; n != 2 {
		t.Errorf("%d calls for a token", n)
	}
}

func TestCredentialsRefuses(t *testing.T) {
	s := newCredentialsSite(t)
	query := func(pairs ...string) string {
		q := url.Values{"grant_type": {"client_credential"}, "appid": {sitetest.AppID}, "secret": {testKey}}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return "/cgi-bin/token?" + q.Encode()
	}
	const stable = "/cgi-bin/stable_token"
	const ticket = "/cgi-bin/ticket/getticket"
	for name, tc := range map[string]struct {
		sitetest.Request
		errCode int
	}{
		"nothing":            {sitetest.Request{Target: "/cgi-bin/token"}, 41002},
		"no appid":           {sitetest.Request{Target: query("appid", "")}, 41002},
		"no secret":          {sitetest.Request{Target: query("secret", "")}, 41004},
		"no grant_type":      {sitetest.Request{Target: query("grant_type", "")}, 40002},
		"another grant_type": {sitetest.Request{Target: query("grant_type", "authorization_code")}, 40002},
		"another account":    {sitetest.Request{Target: query("appid", "wx0000000000000002")}, 40013},
		"appid in capitals":  {sitetest.Request{Target: query("appid", strings.ToUpper(sitetest.AppID))}, 40013},
		"wrong secret":       {sitetest.Request{Target: query("secret", sitetest.Secret[1:])}, 40125},
		"longer secret":      {sitetest.Request{Target: query("secret", sitetest.Secret+"0")}, 40125},
		"wrong key":          {sitetest.Request{Target: query("secret", testKey+" ")}, 40125},
		"the placeholder":    {sitetest.Request{Target: query("secret", "{env.TEST_KEY}")}, 40125},
		"secret in the body": {sitetest.Request{Target: query("secret", ""), Body: "secret=" + sitetest.Secret, Type: "application/x-www-form-urlencoded"}, 41004},
		"token by PUT":       {sitetest.Request{Target: query(), Method: http.MethodPut}, 43001},
		"token by OPTIONS":   {sitetest.Request{Target: query(), Method: http.MethodOptions}, 43001},

		"stable_token by GET":          {sitetest.Request{Target: stable}, 43002},
		"stable_token, no body":        {sitetest.Request{Target: stable, Method: http.MethodPost}, 44002},
		"stable_token, blank body":     {sitetest.Request{Target: stable, Body: " \n"}, 44002},
		"stable_token, form":           {sitetest.Request{Target: stable, Body: "appid=" + sitetest.AppID}, 47001},
		"stable_token, array":          {sitetest.Request{Target: stable, Body: `[]`}, 47001},
		"stable_token, wrong type":     {sitetest.Request{Target: stable, Body: `{"appid":1}`}, 47001},
		"stable_token, force as text":  {sitetest.Request{Target: stable, Body: strings.Replace(stableBody(testKey), "false", `"false"`, 1)}, 47001},
		"stable_token, trailing data":  {sitetest.Request{Target: stable, Body: stableBody(testKey) + "{}"}, 47001},
		"stable_token, long":           {sitetest.Request{Target: stable, Body: stableBody(strings.Repeat("a", 64<<10))}, 45002},
		"stable_token, empty object":   {sitetest.Request{Target: stable, Body: `{}`}, 41002},
		"stable_token, null secret":    {sitetest.Request{Target: stable, Body: strings.Replace(stableBody("x"), `"x"`, "null", 1)}, 41004},
		"stable_token, no grant_type":  {sitetest.Request{Target: stable, Body: `{"appid":"x","secret":"y"}`}, 40002},
		"stable_token, wrong secret":   {sitetest.Request{Target: stable, Body: stableBody("x")}, 40125},
		"stable_token, query instead":  {sitetest.Request{Target: stable + strings.TrimPrefix(query(), "/cgi-bin/token"), Body: `{}`}, 41002},
		"stable_token, other account":  {sitetest.Request{Target: stable, Body: strings.Replace(stableBody(testKey), sitetest.AppID, "wx0000000000000002", 1)}, 40013},
		"stable_token, forced, no key": {sitetest.Request{Target: stable, Body: strings.Replace(stableBody("x"), "false", "true", 1)}, 40125},

		"getticket, no token":          {sitetest.Request{Target: ticket + "?type=jsapi"}, 41001},
		"getticket, wrong token":       {sitetest.Request{Target: ticket + "?type=jsapi&access_token=90_x"}, 40001},
		"getticket, key as token":      {sitetest.Request{Target: ticket + "?type=jsapi&access_token=" + url.QueryEscape(testKey)}, 40001},
		"getticket, secret as token":   {sitetest.Request{Target: ticket + "?type=jsapi&access_token=" + sitetest.Secret}, 40001},
		"getticket, no type":           {sitetest.Request{Target: ticket + "?access_token=TOKEN"}, 40097},
		"getticket, unknown type":      {sitetest.Request{Target: ticket + "?type=2&access_token=TOKEN"}, 40097},
		"getticket, api_ticket's name": {sitetest.Request{Target: ticket + "?type=api_ticket&access_token=TOKEN"}, 40097},
		"getticket by DELETE":          {sitetest.Request{Target: ticket + "?type=jsapi&access_token=TOKEN", Method: http.MethodDelete}, 43001},
	} {
		t.Run(name, func(t *testing.T) {
			tc.Target = strings.Replace(tc.Target, "TOKEN", s.Credential(credential.AccessToken), 1)
			a := backend(s, tc.Request)
			if a.ErrCode != tc.errCode || a.ErrMsg == "" || a.AccessToken+a.Ticket != "" || a.ExpiresIn != 0 {
				t.Errorf("got %+v, want errcode %d", a, tc.errCode)
			}
			if strings.Contains(a.ErrMsg, testKey) || strings.Contains(a.ErrMsg, sitetest.Secret) {
				t.Errorf("got %s", a.ErrMsg)
			}
		})
	}
	if calls := s.WeChat.Calls(); calls["/cgi-bin/ticket/getticket"]+calls["/cgi-bin/token"] != 0 || calls["/cgi-bin/stable_token"] != 1 {
		t.Errorf("calls %v", calls)
	}
}

func TestCredentialsWithoutAKey(t *testing.T) {
	s := sitetest.New(t, "wechat_card /cgi-bin/* credentials")
	if a := backend(s, sitetest.Request{Target: tokenTarget(sitetest.Secret)}); a.AccessToken == "" {
		t.Errorf("got %+v", a)
	}
	for _, secret := range []string{"x", "\x00", strings.Repeat("0", 32)} {
		if a := backend(s, sitetest.Request{Target: tokenTarget(secret)}); a.ErrCode != 40125 {
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
		if w := s.Do(sitetest.Request{Target: target}); w.Code != 299 || w.Body.String() != "next "+target {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
}

func TestCredentialsIsNotForStrangers(t *testing.T) {
	t.Setenv("TEST_KEY", testKey)
	log := filepath.Join(t.TempDir(), "log")
	ctx := sitetest.Provision(t, `{
	admin off
	log {
		output file `+log+`
	}
	wechat_card {
		api http://127.0.0.1:1
		store off
		account {
			app_id `+sitetest.AppID+`
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
	s := &sitetest.Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"]}
	for _, q := range []sitetest.Request{
		{From: "198.51.100.7"},
		{From: "2001:db8::7"},
		{From: "10.0.0.1", Header: map[string]string{"X-Forwarded-For": "10.0.0.2"}},
		{From: "10.0.0.1", Header: map[string]string{"Forwarded": "for=10.0.0.2"}},
		{From: "10.0.0.1", Header: map[string]string{"X-Real-IP": "127.0.0.1"}},
		{From: "10.9.9.9", Header: map[string]string{"X-Forwarded-For": "198.51.100.7"}},
		{From: "10.0.0.1", Header: map[string]string{"Origin": "null"}},
		{From: "10.0.0.1", Header: map[string]string{"Sec-Fetch-Site": "same-origin"}},
	} {
		for _, target := range []string{
			tokenTarget(testKey), "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket?access_token=" + url.QueryEscape(testKey),
		} {
			q.Target = target
			if w := s.Do(q); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "access_token") {
				t.Errorf("%+v: got %d %s", q, w.Code, w.Body)
			}
		}
	}
	// Refusals in WeChat's form are no errors of Caddy's.
	a := readWechat(s, s.Do(sitetest.Request{Target: "/cgi-bin/token?grant_type=client_credential&appid=" + sitetest.AppID + "&secret=wr0ng-s3cr3t", From: "10.0.0.1"}))
	if a.ErrCode != 40125 {
		t.Errorf("got %+v", a)
	}
	a = readWechat(s, s.Do(sitetest.Request{Target: tokenTarget(testKey), From: "10.9.9.9", Header: map[string]string{"X-Forwarded-For": "10.0.0.2"}}))
	if a.ErrCode != -1 || a.ErrMsg != "system error" {
		t.Errorf("got %+v, want WeChat's own code for nobody's fault", a)
	}
	logged, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"is not among the clients", "was forwarded (", "a browser is no backend", "invalid appsecret"} {
		if !strings.Contains(string(logged), `"reason":"client_not_allowed","detail":"`) || !strings.Contains(string(logged), want) {
			t.Errorf("the log does not say %q: %s", want, logged)
		}
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
			if err := s.WeChat.Fail(tc.fault); err != nil {
				t.Fatal(err)
			}
			if a := backend(s, sitetest.Request{Target: tokenTarget(testKey)}); a.ErrCode != tc.errCode || a.ErrMsg == "" {
				t.Errorf("token: got %+v", a)
			}
			if a := backend(s, sitetest.Request{Target: "/cgi-bin/ticket/getticket?type=wx_card&access_token=x"}); a.ErrCode != tc.ticket || a.ErrMsg == "" {
				t.Errorf("getticket: got %+v", a)
			}
		})
	}
}

func TestCredentialsNeedsWhatItServes(t *testing.T) {
	for _, tc := range []struct{ account, block, mention string }{
		{"app_id wx0000000000000001\n\t\t\ttoken_source none", "{\n\t\tkey k\n\t}", "token_source none"},
		{"app_id wx0000000000000001\n\t\t\ttoken_source remote http://127.0.0.1:1/token", "", "credentials needs a key"},
		{"app_id wx0000000000000001\n\t\t\ttoken_source remote http://127.0.0.1:1/token", "{\n\t\tkey k\n\t}", ""},
		{"app_id wx0000000000000001\n\t\t\tapp_secret s", "{\n\t\tkey {env.NO_SUCH_KEY}\n\t}", "key:"},
		{"app_id wx0000000000000001\n\t\t\tapp_secret s", "{\n\t\tclients {env.NO_SUCH_CLIENTS}\n\t}", "clients:"},
	} {
		_, err := sitetest.TryProvision("{\n\tadmin off\n\twechat_card {\n\t\tstore off\n\t\taccount {\n\t\t\t" + tc.account + "\n\t\t}\n\t}\n}\n" +
			":9080 {\n\twechat_card credentials " + tc.block + "\n}")
		if (err == nil) != (tc.mention == "") || err != nil && !strings.Contains(err.Error(), tc.mention) {
			t.Errorf("%s %s: got error %v", tc.account, tc.block, err)
		}
	}
}

// TestCredentialsReadStrictly: what could be read in two ways is read in none.
func TestCredentialsReadStrictly(t *testing.T) {
	s := newCredentialsSite(t)
	const rest = `"grant_type":"client_credential","secret":"` + sitetest.Secret + `"`
	const appID = `"appid":"` + sitetest.AppID + `"`
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"as it should be":         {`{` + appID + `,` + rest + `}`, 0},
		"other members":           {` {"x":{"appid":1},"y":1e700,` + appID + `,` + rest + `,"force_refresh":false}` + "\n", 0},
		"escaped":                 {`{"\u0061ppid":"` + sitetest.AppID + `",` + rest + `}`, 0},
		"twice":                   {`{` + appID + `,` + appID + `,` + rest + `}`, 47001},
		"twice, once escaped":     {`{"app\u0069d":"x",` + appID + `,` + rest + `}`, 47001},
		"the secret twice":        {`{"secret":"guess",` + appID + `,` + rest + `}`, 47001},
		"force_refresh twice":     {`{"force_refresh":false,"force_refresh":true,` + appID + `,` + rest + `}`, 47001},
		"other letters":           {`{"APPID":"` + sitetest.AppID + `",` + rest + `}`, 41002},
		"other letters beside":    {`{"AppID":"x",` + appID + `,` + rest + `}`, 0},
		"a number":                {`{"appid":1,` + rest + `}`, 47001},
		"null":                    {`{"appid":null,` + rest + `}`, 41002},
		"null, and not":           {`{"appid":null,` + appID + `,` + rest + `}`, 47001},
		"null for a truth":        {`{"force_refresh":null,` + appID + `,` + rest + `}`, 0},
		"a list":                  {`{"appid":["` + sitetest.AppID + `"],` + rest + `}`, 47001},
		"no truth":                {`{"force_refresh":"true",` + appID + `,` + rest + `}`, 47001},
		"half a surrogate":        {`{"appid":"\ud800",` + rest + `}`, 47001},
		"no UTF-8":                {"{\"appid\":\"\xff\"," + rest + `}`, 47001},
		"a control character":     {"{\"appid\":\"a\tb\"," + rest + `}`, 47001},
		"something behind":        {`{` + appID + `,` + rest + `} {}`, 47001},
		"a byte order mark":       {"\ufeff{" + appID + `,` + rest + `}`, 47001},
		"a blank that JSON lacks": {"\u00a0{" + appID + `,` + rest + `}`, 47001},
		"an array":                {`[{` + appID + `,` + rest + `}]`, 47001},
		"a text":                  {`"{}"`, 47001},
		"blanks alone":            {" \n", 44002},
	} {
		if a := backend(s, sitetest.Request{Target: "/cgi-bin/stable_token", Body: tc.body}); a.ErrCode != tc.want || (tc.want == 0) != (a.AccessToken != "") {
			t.Errorf("%s: got %+v, want %d", name, a, tc.want)
		}
	}
}

// TestCredentialsFloor: what is said of a token, and the truth beside it for another gateway; of tickets nothing is said but that.
func TestCredentialsFloor(t *testing.T) {
	t.Setenv("TEST_KEY", testKey)
	s := sitetest.New(t, `
	wechat_card /cgi-bin/* credentials {
		key {env.TEST_KEY}
		min_expires_in 7200
	}
`)
	token := s.Credential(credential.AccessToken)
	for name, q := range map[string]sitetest.Request{
		"token":        {Target: tokenTarget(testKey)},
		"stable_token": {Target: "/cgi-bin/stable_token", Body: stableBody(testKey)},
	} {
		q.From = "127.0.0.1"
		w := s.Do(q)
		a := readWechat(s, w)
		var truth struct {
			ExpiresIn int `json:"true_expires_in"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &truth); err != nil {
			t.Fatal(err)
		}
		if a.AccessToken != token || a.ExpiresIn != 7200 || truth.ExpiresIn > 7199 || truth.ExpiresIn < 7100 {
			t.Errorf("%s: got %s", name, w.Body)
		}
	}
	w := s.Do(sitetest.Request{Target: "/cgi-bin/ticket/getticket?type=jsapi&access_token=" + token, From: "127.0.0.1"})
	if a := readWechat(s, w); a.ExpiresIn >= 7200 || strings.Contains(w.Body.String(), "true_expires_in") {
		t.Errorf("got %s", w.Body)
	}
}
