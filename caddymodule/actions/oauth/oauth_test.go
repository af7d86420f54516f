package oauth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

const shop = "http://localhost:9080"

const baseSite = `
		wechat_card oauth {
			origin http://localhost:9080 https://shop.example http://other.example
			header X-Openid  openid
			header X-Unionid unionid
		}
`

var userinfoSite = strings.Replace(baseSite, "origin", "scope userinfo\norigin", 1)

// TestLogin goes the whole way of a visitor who is known silently.
func TestLogin(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	alice := w.wechat.OpenID(sitetest.AppID, "demo")
	b.wantVisitor(b.get(shop+"/page", "X-Openid", "forged", "x-openid", "forged", "X-Unionid", "forged"), "", "")

	a := b.get(shop + "/wechat/oauth/start?return=/page%3Fa%3D1%26b%3D2%23c")
	to := b.to(a)
	want := regexp.QuoteMeta(w.api+"/connect/oauth2/authorize?appid="+sitetest.AppID+"&redirect_uri=http%3A%2F%2Flocalhost%3A9080%2Fwechat%2Foauth%2Fcallback&response_type=code&scope=snsapi_base&state=") +
		`([A-Za-z0-9]{32})#wechat_redirect`
	m := regexp.MustCompile("^" + want + "$").FindStringSubmatch(to)
	if m == nil || a.Header.Get("Location") != to {
		t.Fatalf("got %s", to)
	}
	wantCookie(t, a, `^wechat_session_[0-9a-f]{16}=[A-Za-z0-9_-]{80,}; Path=/wechat/oauth; Max-Age=600; HttpOnly; SameSite=Lax$`)

	callback := b.to(b.get(to))
	if !strings.HasPrefix(callback, shop+"/wechat/oauth/callback?code=") || !strings.HasSuffix(callback, "&state="+m[1]) {
		t.Fatalf("got %s", callback)
	}
	a = b.get(callback)
	if got := a.Header.Get("Location"); b.to(a) != shop+got || got != "/page?a=1&b=2#c" {
		t.Errorf("got %s", got)
	}
	wantCookie(t, a, `^wechat_session=[A-Za-z0-9_-]{80,}; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax$`)
	b.wantVisitor(b.get(shop+"/page", "X-Openid", "forged", "X-Unionid", "forged"), alice, "")
	w.wantExchanges("a login", 1)

	// WeChat's client brings the callback again, and so does a visitor who goes back.
	for range 3 {
		if got := b.get(callback).Header.Get("Location"); got != "/page?a=1&b=2#c" {
			t.Errorf("again, got %s", got)
		}
	}
	w.wantExchanges("the callback again", 1)

	// Whoever has the address has nothing.
	stranger := w.browser()
	stranger.wantProblem(stranger.get(callback), 403, "state_invalid")
	stranger.get(shop + "/wechat/oauth/start?return=/")
	stranger.wantProblem(stranger.get(callback), 403, "state_invalid")
	stranger.wantVisitor(stranger.get(shop+"/page"), "", "")
	w.wantExchanges("a stranger's callback", 1)

	a = b.get(shop + "/wechat/oauth/end?return=https://shop.example/bye")
	if got := b.to(a); got != "https://shop.example/bye" {
		t.Errorf("got %s", got)
	}
	if all := a.Header.Values("Set-Cookie"); len(all) != 2 || all[0] != "wechat_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax" ||
		!regexp.MustCompile(`^wechat_session_[0-9a-f]{16}=; Path=/wechat/oauth; Max-Age=0; HttpOnly; SameSite=Lax$`).MatchString(all[1]) {
		t.Errorf("got the cookies %q", all)
	}
	b.wantVisitor(b.get(shop+"/page"), "", "")
}

// wantCookie checks the one cookie that an answer sets.
func wantCookie(t *testing.T, a answer, pattern string) {
	t.Helper()
	if got := a.Header["Set-Cookie"]; len(got) != 1 || !regexp.MustCompile(pattern).MatchString(got[0]) {
		t.Errorf("got the cookies %q, want %s", got, pattern)
	}
}

// TestUserInfo has visitors asked who choose what they like.
func TestUserInfo(t *testing.T) {
	w := newWeb(t, userinfoSite)
	choose := func(b *browser, choice string) answer {
		t.Helper()
		a := b.get(b.to(b.get(shop + "/wechat/oauth/start?return=/page")))
		href := regexp.MustCompile(`id="` + choice + `" href="([^"]+)"`).FindStringSubmatch(a.body)
		if href == nil {
			t.Fatalf("got %d %s", a.StatusCode, a.body)
		}
		return b.get(b.to(b.get(w.api + strings.ReplaceAll(href[1], "&amp;", "&"))))
	}
	b := w.browser()
	a := choose(b, "deny")
	if strings.Contains(a.Request.URL.RawQuery, "code") {
		t.Errorf("got %s", a.Request.URL)
	}
	b.wantProblem(a, 403, "login_refused")
	b.wantVisitor(b.get(shop+"/page"), "", "")
	w.wantExchanges("who does not agree", 0)

	a = choose(b, "snapshot")
	b.wantProblem(a, 403, "snapshot_user")
	b.wantProblem(b.get(a.Request.URL.String()), 403, "snapshot_user")
	b.wantVisitor(b.get(shop+"/page"), "", "")
	if len(a.Header["Set-Cookie"]) != 0 {
		t.Errorf("got %v", a.Header)
	}
	w.wantExchanges("a snapshot, twice", 1)

	if got := b.to(choose(b, "allow")); got != shop+"/page" {
		t.Errorf("got %s", got)
	}
	a = b.get(shop + "/page")
	alice := w.wechat.OpenID(sitetest.AppID, "demo")
	m := regexp.MustCompile(`unionid=(o[^ ]{27}) `).FindStringSubmatch(a.body)
	if m == nil || m[1] == alice {
		t.Fatalf("got %s", a.body)
	}
	b.wantVisitor(a, alice, m[1])
	b.wantProblem(choose(b, "snapshot"), 403, "snapshot_user")
	b.wantVisitor(b.get(shop+"/page"), alice, m[1]) // what is known stays

	if err := w.wechat.SetMood(sandbox.Mood{User: "bob", Consent: "allow", Unbound: true}); err != nil {
		t.Fatal(err)
	}
	bob := w.browser()
	bob.wantVisitor(bob.login(shop+"/wechat/oauth/start?return=/page"), w.wechat.OpenID(sitetest.AppID, "bob"), "")
}

// TestStates tries states and codes that are not those of the browser.
func TestStates(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	callback := b.authorize(shop + "/wechat/oauth/start?return=/page")
	other := w.browser()
	foreign := other.authorize(shop + "/wechat/oauth/start?return=/page")
	state := func(value ...string) string {
		return query(callback, func(q url.Values) { q["state"] = value })
	}
	theirs, err := url.Parse(foreign)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{
		state(), state(""), state("x"), state(strings.Repeat("A", 32)), state(theirs.Query().Get("state")), foreign,
		state(mine.Query().Get("state"), mine.Query().Get("state")), state(strings.ToLower(mine.Query().Get("state"))), state(mine.Query().Get("state") + "="),
		shop + "/wechat/oauth/callback", shop + "/wechat/oauth/callback?code=x", shop + "/wechat/oauth/callback?state=%ff&code=x",
	} {
		b.wantProblem(b.get(address), 403, "state_invalid")
	}
	code := func(value ...string) string {
		return query(callback, func(q url.Values) { q["code"] = value })
	}
	for _, address := range []string{code("x", "y"), code("a b"), code("\x00"), code("码"), code(strings.Repeat("x", 257))} {
		b.wantProblem(b.get(address), 400, "invalid_request")
	}
	b.wantProblem(b.get(code()), 403, "login_refused")
	b.wantProblem(b.get(code("")), 403, "login_refused")
	w.wantExchanges("what is wrong", 0)

	// A cookie that was moved to another browser brings the visitor with it, and nothing else does; one of another site is nothing.
	for name, value := range b.cookiesOf(shop + "/wechat/oauth/callback") {
		for _, broken := range []string{"", value[1:], value[:len(value)-1], value + "A", strings.ToLower(value), "x"} {
			thief := w.browser()
			a := thief.get(callback, "Cookie", name+"="+broken)
			thief.wantProblem(a, 403, "state_invalid")
		}
	}
	w.wantExchanges("broken cookies", 0)
	b.wantVisitor(b.get(b.to(b.get(callback))), w.wechat.OpenID(sitetest.AppID, "demo"), "")
}

// TestCodes brings codes that WeChat refuses: the login begins once more, and not again.
func TestCodes(t *testing.T) {
	w := newWeb(t, baseSite)
	with := func(callback, code string) string {
		return query(callback, func(q url.Values) { q.Set("code", code) })
	}
	b := w.browser()
	again := b.get(with(b.authorize(shop+"/wechat/oauth/start?return=/page?x=1"), "none"))
	wantCookie(t, again, `^wechat_session_[0-9a-f]{16}=`)
	second := b.to(b.get(b.to(again)))
	b.wantProblem(b.get(with(second, "none-either")), 422, "wechat_rejected")
	if a := b.get(with(second, "none-either")); !strings.Contains(a.body, `"errcode":40029`) || !strings.Contains(a.body, "the code of the authorization is wrong") {
		t.Errorf("got %s", a.body)
	}
	w.wantExchanges("two codes that are none", 2)
	a := b.get(second) // with the code that it came with
	if got := b.to(a); got != shop+"/page?x=1" {
		t.Errorf("got %s", got)
	}
	b.wantVisitor(b.get(shop+"/page"), w.wechat.OpenID(sitetest.AppID, "demo"), "")

	// With a session a code that is none does no harm.
	if got := b.to(b.get(with(second, "none-at-last"))); got != shop+"/page?x=1" {
		t.Errorf("got %s", got)
	}

	// A code that somebody else has used.
	used := w.browser()
	callback := used.authorize(shop + "/wechat/oauth/start?return=/")
	resp, err := http.Get(w.api + "/sns/oauth2/access_token?appid=" + sitetest.AppID + "&secret=" + sitetest.Secret + "&grant_type=authorization_code&code=" + codeOf(t, callback))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := used.to(used.get(callback)); !strings.HasPrefix(got, w.api+"/connect/oauth2/authorize?") {
		t.Errorf("got %s", got)
	}

	// What says nothing for good is not kept.
	slow := w.browser()
	callback = slow.authorize(shop + "/wechat/oauth/start?return=/")
	if err := w.wechat.Fail(sandbox.Fault{Path: "/sns/oauth2/access_token", Times: 1, ErrCode: -1}); err != nil {
		t.Fatal(err)
	}
	slow.wantProblem(slow.get(callback), 503, "busy")
	if got := slow.to(slow.get(callback)); got != shop+"/" {
		t.Errorf("got %s", got)
	}
}

func codeOf(t *testing.T, callback string) string {
	t.Helper()
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

// TestWindows has a browser begin in several windows: whichever comes back first, each of the last sixteen logs in, and the browser
// keeps no more of them, wherever they began.
func TestWindows(t *testing.T) {
	start := shop + "/wechat/oauth/start?return=/"
	for name, tc := range map[string]struct{ site, begin string }{
		"start":               {baseSite, start},
		"a page":              {strings.Replace(baseSite, "origin", "require\norigin", 1), shop + "/page"},
		"start beside a page": {strings.Replace(baseSite, "origin", "require\norigin", 1), start},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWeb(t, tc.site)
			for range 60 {
				b := w.browser()
				first, second := b.authorize(tc.begin), b.authorize(tc.begin)
				for _, callback := range []string{second, first} {
					if a := b.get(callback); a.StatusCode != http.StatusFound {
						t.Fatalf("one of two windows: got %d %s", a.StatusCode, a.body)
					}
				}
			}
			b := w.browser()
			var callbacks []string
			for range 40 {
				callbacks = append(callbacks, b.authorize(tc.begin))
			}
			if n := len(b.cookiesOf(shop + "/wechat/oauth/callback")); n != 16 {
				t.Errorf("%d cookies, want 16", n)
			}
			for i, callback := range slices.Backward(callbacks) {
				if a := b.get(callback); (a.StatusCode == http.StatusFound) != (i >= 24) {
					t.Errorf("window %d: got %d %s", i, a.StatusCode, a.body)
				}
			}
		})
	}
}

// TestWindowsAtOnce has windows begin at the same moment, none of which knows of the others.
func TestWindowsAtOnce(t *testing.T) {
	w := newWeb(t, baseSite)
	names := make(map[string]bool)
	for range 1000 {
		name, _, _ := strings.Cut(w.browser().get(shop+"/wechat/oauth/start?return=/").Header.Get("Set-Cookie"), "=")
		names[name] = true
	}
	if len(names) != 1000 {
		t.Errorf("1000 windows have %d cookies", len(names))
	}
}

// TestRoomForAttempts looks at what cookies of attempts a browser is to forget.
func TestRoomForAttempts(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	// The longest addresses: as many as proxies in front of us take in one header.
	long := shop + "/wechat/oauth/start?return=/" + strings.Repeat("%26", 2047)
	for range 5 {
		callback := b.authorize(long)
		size := 0
		for name, value := range b.cookiesOf(callback) {
			size += len(name + "=; " + value)
		}
		if size > 6<<10 {
			t.Errorf("the cookies of attempts have %d bytes", size)
		}
		if got := b.get(callback).Header.Get("Location"); got != "/"+strings.Repeat("&", 2047) {
			t.Errorf("got %.40s", got)
		}
		b.get(shop + "/wechat/oauth/end?return=/")
	}

	// What is none of ours goes first, and what only looks like one stays.
	other := w.browser()
	kept := other.authorize(shop + "/wechat/oauth/start?return=/")
	cookies := "wechat_session_theme=dark; wechat_session_ABCDEF0123456789=x; wechat_sessions_0123456789abcdef=x"
	for name, value := range other.cookiesOf(kept) {
		cookies += "; " + name + "=" + value
	}
	for i := range 20 {
		cookies += fmt.Sprintf("; wechat_session_%016x=broken", i)
	}
	stranger := w.browser()
	a := stranger.get(shop+"/wechat/oauth/start?return=/", "Cookie", cookies)
	forgotten := a.Header["Set-Cookie"][1:]
	if len(forgotten) != 6 {
		t.Errorf("got %q", forgotten)
	}
	for _, line := range forgotten {
		if !regexp.MustCompile(`^wechat_session_0{14}[01][0-9a-f]=; Path=/wechat/oauth; Max-Age=0; HttpOnly; SameSite=Lax$`).MatchString(line) {
			t.Errorf("got %s", line)
		}
	}
}

// TestOrigins looks at where WeChat is to send visitors back to, and at cookies on https.
func TestOrigins(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	for at, want := range map[string]string{
		"http://localhost:9080": "http://localhost:9080", "https://shop.example": "https://shop.example", "https://SHOP.example:443": "https://shop.example",
		"http://other.example": "http://other.example", "http://shop.example": "http://localhost:9080", "https://other.example": "http://localhost:9080",
		"http://evil.example": "http://localhost:9080", "http://localhost:9081": "http://localhost:9080", "http://[::1]": "http://localhost:9080",
	} {
		a := b.get(at + "/wechat/oauth/start?return=/")
		if got := b.to(a); !strings.Contains(got, "&redirect_uri="+url.QueryEscape(want+"/wechat/oauth/callback")+"&") {
			t.Errorf("%s: got %s", at, got)
		}
		if secure := strings.Contains(a.Header.Get("Set-Cookie"), "; Secure"); secure != strings.HasPrefix(at, "https:") {
			t.Errorf("%s: got %s", at, a.Header.Get("Set-Cookie"))
		}
	}
	a := b.get("http://10.0.0.1/wechat/oauth/start?return=/", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "shop.example")
	if got := b.to(a); !strings.Contains(got, "&redirect_uri=https%3A%2F%2Fshop.example%2F") || !strings.Contains(a.Header.Get("Set-Cookie"), "; Secure") {
		t.Errorf("behind a proxy: got %s and %s", got, a.Header)
	}
	a = b.get("http://localhost:9080/wechat/oauth/start?return=/", "X-Forwarded-Host", "shop.example")
	if got := b.to(a); !strings.Contains(got, "&redirect_uri=http%3A%2F%2Flocalhost%3A9080%2F") {
		t.Errorf("by a client's word: got %s", got)
	}
	b.wantVisitor(b.login("https://shop.example/wechat/oauth/start?return=https://shop.example/page"), w.wechat.OpenID(sitetest.AppID, "demo"), "")
	for _, back := range []string{
		"", "//evil.example", `/\evil.example`, "https://evil.example", "https://shop.example@evil.example", "https://shop.example.evil.example", "/\t/evil.example",
		"http:evil.example", "javascript:alert(1)", "page", "/wechat/oauth/start", "https://shop.example\\.evil.example",
	} {
		for _, path := range []string{"start", "end"} {
			b.wantProblem(b.get(shop+"/wechat/oauth/"+path+"?return="+url.QueryEscape(back)), 400, "invalid_request")
		}
	}
	for _, q := range []string{"", "?return", "?return=/&return=/", "?return=%zz", "?return=%00"} {
		b.wantProblem(b.get(shop+"/wechat/oauth/start"+q), 400, "invalid_request")
	}
}

// TestMethods looks at what the action's own paths take.
func TestMethods(t *testing.T) {
	w := newWeb(t, strings.Replace(baseSite, "origin", "path /mine\norigin", 1))
	b := w.browser()
	for _, path := range []string{"start", "callback", "end"} {
		a := b.do(http.MethodPost, shop+"/mine/"+path+"?return=/")
		b.wantProblem(a, 405, "method_not_allowed")
		if a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("got %v", a.Header)
		}
		if a := b.do(http.MethodOptions, shop+"/mine/"+path); a.StatusCode != 204 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("got %d %v", a.StatusCode, a.Header)
		}
	}
	if a := b.do(http.MethodHead, shop+"/mine/%73tart?return=/"); a.StatusCode != 302 || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v", a.StatusCode, a.Header)
	}
	for _, path := range []string{"/mine", "/mine/", "/mine/startx", "/mine/start/", "/wechat/oauth/start", "/Mine/start", "/mine/starting"} {
		b.wantVisitor(b.get(shop+path+"?return=/"), "", "")
	}
}

// TestRequire looks at who is sent to WeChat's page, and who is not.
func TestRequire(t *testing.T) {
	w := newWeb(t, strings.Replace(baseSite, "origin", "require\ncookie sid 1h\norigin", 1))
	for _, accept := range []string{"", "*/*", "application/json", "text/*", "image/avif,*/*;q=0.8", "text/html;q=0", "text/html; q=0.000", "text/htmlx"} {
		b := w.browser()
		b.wantProblem(b.get(shop+"/page", "Accept", accept), 401, "login_required")
	}
	b := w.browser()
	for _, method := range []string{"HEAD", "POST", "PUT", "OPTIONS", "DELETE"} {
		if a := b.do(method, shop+"/page"); a.StatusCode != 401 {
			t.Errorf("%s: got %d", method, a.StatusCode)
		}
	}
	for _, accept := range []string{"text/html", "TEXT/HTML;level=1", "application/json, text/html;q=0.1", "application/xhtml+xml"} {
		if got := b.to(b.get(shop+"/page", "Accept", accept)); !strings.HasPrefix(got, w.api+"/connect/oauth2/authorize?") {
			t.Errorf("%s: got %s", accept, got)
		}
	}
	for asked, back := range map[string]string{
		"/page?a=1&code=c&b=%20": "/page?a=1&code=c&b=%20", "/": "/", "//evil.example/x": "/", "/a/..//evil.example": "/", "/%2fevil.example": "/",
		"/long?" + strings.Repeat("x", 3000): "/long",
	} {
		b := w.browser()
		a := b.get(b.authorize(shop + asked))
		if got := a.Header.Get("Location"); a.StatusCode != 302 || got != back {
			t.Errorf("%.40s: got %d %s", asked, a.StatusCode, got)
		}
		wantCookie(t, a, `^sid=[^;]+; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax$`)
		b.wantVisitor(b.get(shop+"/api", "Accept", "application/json"), w.wechat.OpenID(sitetest.AppID, "demo"), "")
	}
}

// TestSessions looks at sessions of others.
// TestEnd leaves nothing in the browser that logs its visitor in again.
func TestEnd(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	callback := b.to(b.get(b.to(b.get(shop + "/wechat/oauth/start?return=/page"))))
	b.get(callback)
	b.get(shop + "/wechat/oauth/start?return=/other")
	b.get(shop + "/wechat/oauth/end?return=/")
	if left := b.cookiesOf(shop + "/wechat/oauth/callback"); len(left) > 0 {
		t.Errorf("the browser keeps %v", left)
	}
	b.wantProblem(b.get(callback), 403, "state_invalid")
	b.wantVisitor(b.get(shop+"/page"), "", "")
}

func TestSessions(t *testing.T) {
	w := newWeb(t, baseSite)
	b := w.browser()
	b.login(shop + "/wechat/oauth/start?return=/")
	session := b.cookiesOf(shop)["wechat_session"]
	alice := w.wechat.OpenID(sitetest.AppID, "demo")
	other := newWeb(t, strings.Replace(baseSite, "origin", "account other\norigin", 1)).browser()
	other.wantVisitor(other.get(shop+"/page", "Cookie", "wechat_session="+session), "", "")
	same := newWeb(t, baseSite).browser() // another process, for all that a cookie knows
	same.wantVisitor(same.get(shop+"/page", "Cookie", "a=b; wechat_session="+session), alice, "")
	same.wantVisitor(same.get(shop+"/page", "Cookie", "wechat_session=tossed; wechat_session="+session), alice, "")
	for _, broken := range []string{"", "x", session[1:], session + "A", session[:len(session)-2], strings.Repeat("A", len(session)), strings.ToUpper(session)} {
		same.wantVisitor(same.get(shop+"/page", "Cookie", "wechat_session="+broken), "", "")
	}
}
