package platformauthorize_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/notify"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty/thirdpartytest"
)

const (
	account = thirdpartytest.Account
	pc      = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
	phone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"
)

// site is a site with the page, and a browser before it.
type site struct {
	*sitetest.Site
	wechat *thirdpartytest.WeChat
	header map[string]string // of the browser
}

func newSite(t *testing.T, directives string) *site {
	t.Helper()
	w := thirdpartytest.New(t)
	s := &site{
		sitetest.NewComponent(t, w.URL, directives), w,
		map[string]string{"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en", "User-Agent": pc},
	}
	query, body := thirdpartytest.Sealed(t, thirdpartytest.Ticket())
	if got := s.Do(sitetest.Request{Target: "/push/x?" + query.Encode(), Body: string(body), Type: "text/xml"}); got.Body.String() != "success" {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	return s
}

// page is the configuration of most tests.
const page = `
	wechat_card /push/* message_push {
		component shop
	}
	wechat_card /platform/authorize platform_authorize {
		component shop
		return http://localhost:9080 https://console.example
	}`

// open has the browser open an address, and keep its cookies.
func (s *site) open(target string) *httptest.ResponseRecorder {
	s.T.Helper()
	w := s.Do(sitetest.Request{Target: target, Header: s.header})
	jar := make(map[string]string)
	for pair := range strings.SplitSeq(s.header["Cookie"], "; ") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			jar[name] = value
		}
	}
	for _, cookie := range w.Result().Cookies() {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
			s.T.Errorf("got cookie %v", cookie)
		}
		if jar[cookie.Name] = cookie.Value; cookie.MaxAge < 0 {
			delete(jar, cookie.Name)
		}
	}
	var all []string
	for name, value := range jar {
		all = append(all, name+"="+value)
	}
	s.header["Cookie"] = strings.Join(all, "; ")
	return w
}

var href = regexp.MustCompile(`id="(\w+)" href="([^"]*)"`)

// links are those of a page by their ids.
func links(w *httptest.ResponseRecorder) map[string]string {
	all := make(map[string]string)
	for _, m := range href.FindAllStringSubmatch(w.Body.String(), -1) {
		all[m[1]] = html.UnescapeString(m[2])
	}
	return all
}

// leave follows a link of the page, and gives the address of WeChat's page, and of the way back.
func (s *site) leave(link string) (to, back *url.URL) {
	s.T.Helper()
	w := s.open("/platform/authorize" + link)
	to, err := url.Parse(links(w)["to"])
	if err != nil || w.Code != http.StatusOK {
		s.T.Fatalf("got %d %s", w.Code, w.Body)
	}
	if back, err = url.Parse(to.Query().Get("redirect_uri")); err != nil {
		s.T.Fatal(err)
	}
	return to, back
}

// TestAuthorize goes the whole way.
func TestAuthorize(t *testing.T) {
	s := newSite(t, page)
	w := s.open("/platform/authorize")
	if w.Code != http.StatusOK || w.Header().Get("Referrer-Policy") != "origin" || w.Header().Get("Cache-Control") != "no-store" ||
		!strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'") || strings.Contains(w.Body.String(), "noreferrer") {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
	if n := s.wechat.Calls("api_create_preauthcode"); n != 0 {
		t.Errorf("%d codes were fetched before anybody chose a link", n)
	}
	to, back := s.leave(links(w)["pc"])
	q := to.Query()
	if to.Host != "mp.weixin.qq.com" || to.Path != "/cgi-bin/componentloginpage" || q.Get("component_appid") != thirdpartytest.Component ||
		q.Get("pre_auth_code") != "preauthcode@@@1" || q.Get("auth_type") != "3" || q.Has("biz_appid") {
		t.Errorf("got %s", to)
	}
	if back.Scheme+"://"+back.Host != "http://localhost:9080" || back.Path != "/platform/authorize" {
		t.Errorf("got %s", back)
	}
	s.wechat.Set(func() { s.wechat.Codes["code1"] = account })
	for range 2 { // a merchant may load the page again
		w = s.open(back.RequestURI() + "&auth_code=code1&expires_in=3600")
		for _, want := range []string{"Noodle &lt;Shop&gt;", account, "cards (微信卡券)", "web pages (网页服务)", "You can close this page."} {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%q is not in %d %s", want, w.Code, w.Body)
			}
		}
	}
	if n := s.wechat.Calls("api_query_auth"); n != 1 {
		t.Errorf("got %d exchanges", n)
	}
	if a, err := s.App.Component("shop").Authorisation(t.Context(), account); err != nil || a.UserName != thirdpartytest.UserName {
		t.Errorf("got %+v %v", a, err)
	}
	if _, _, err := s.App.Find(t.Context(), account, ""); err != nil {
		t.Errorf("the account was not made: %v", err)
	}
}

// TestOnAPhone leads to the page that WeChat opens by itself, and says so in Chinese.
func TestOnAPhone(t *testing.T) {
	s := newSite(t, strings.Replace(page, "component shop\n		return", "component shop\n		auth_type mini\n		return", 1))
	s.header["User-Agent"], s.header["Accept-Language"] = phone, "zh-CN,zh;q=0.9"
	w := s.open("/platform/authorize?app_id=" + account)
	body := w.Body.String()
	if w.Header().Get("Content-Language") != "zh-CN" || !strings.Contains(body, "授权您的微信账号") || strings.Index(body, `id="mobile"`) > strings.Index(body, `id="pc"`) {
		t.Errorf("got %s", body)
	}
	to, _ := s.leave(links(w)["mobile"])
	if to.Host != "open.weixin.qq.com" || to.Path != "/wxaopen/safe/bindcomponent" || to.Fragment != "wechat_redirect" ||
		to.Query().Get("auth_type") != "2" || to.Query().Get("biz_appid") != account {
		t.Errorf("got %s", to)
	}
}

// TestMissing says what does not work, and offers to authorise that account again.
func TestMissing(t *testing.T) {
	s := newSite(t, page)
	s.wechat.Sets[account] = []int{1}
	_, back := s.leave("?start=pc&return=" + url.QueryEscape("/merchants/7?x=1"))
	s.wechat.Set(func() { s.wechat.Codes["code1"] = account })
	w := s.open(back.RequestURI() + "&auth_code=code1")
	body := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(body, "cards cannot be handed out") || !strings.Contains(body, "neither log visitors in") ||
		!strings.Contains(body, `href="/merchants/7?x=1"`) {
		t.Errorf("got %d %s", w.Code, body)
	}
	to, _ := s.leave(links(w)["pc"])
	if to.Query().Get("biz_appid") != account {
		t.Errorf("got %s", to)
	}
}

// TestReturn sends a merchant on, with a proof of whose account it is where there is a key.
func TestReturn(t *testing.T) {
	const key = "0123456789abcdef01234567"
	hook := httptest.NewServer(http.NotFoundHandler())
	defer hook.Close()
	signing := newSite(t, strings.Replace(page, "component shop\n		return", "component shop\n		notify "+hook.URL+" "+key+"\n		return", 1))
	plain := newSite(t, page)
	for i, tc := range []struct {
		s    *site
		back string
	}{{plain, "/merchants/7?x=1#done"}, {signing, "https://console.example/merchants/7?x=1#done"}, {signing, "/merchants/7"}} {
		_, back := tc.s.leave("?start=pc&return=" + url.QueryEscape(tc.back))
		code := fmt.Sprint("code", i)
		tc.s.wechat.Set(func() { tc.s.wechat.Codes[code] = account })
		w := tc.s.open(back.RequestURI() + "&auth_code=" + code)
		got, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusFound {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if tc.s == plain {
			if got.String() != tc.back {
				t.Errorf("got %s", got)
			}
			continue
		}
		q := got.Query()
		if q.Get("app_id") != account || q.Get("signature") != notify.Sign(key, account, q.Get("time"), []byte(tc.back)) {
			t.Errorf("got %s", got)
		}
		if before, _, _ := strings.Cut(tc.back, "?"); !strings.HasPrefix(got.String(), before+"?") {
			t.Errorf("got %s", got)
		}
	}
}

// TestForeignReturns: an auth_code makes no account in a browser that did not begin.
func TestForeignReturns(t *testing.T) {
	s := newSite(t, page)
	_, back := s.leave("?start=pc")
	s.wechat.Set(func() { s.wechat.Codes["code1"] = account })
	own := s.header["Cookie"]
	for name, cookie := range map[string]string{
		"no cookie":      "",
		"a made-up one":  own[:strings.IndexByte(own, '=')+1] + "AAAA",
		"another's name": "wechat_authorize_00000000" + own[strings.IndexByte(own, '='):],
	} {
		s.header["Cookie"], s.header["Accept"] = cookie, "*/*"
		w := s.open(back.RequestURI() + "&auth_code=code1")
		problemtest.Want(t, w, 403, "state_invalid", "browser")
		if name == "" {
			continue
		}
	}
	s.header["Cookie"] = own
	problemtest.Want(t, s.open("/platform/authorize?nonce=AAAA&auth_code=code1"), 403, "state_invalid", "browser")
	problemtest.Want(t, s.open("/platform/authorize?nonce=&auth_code=code1&nonce="+back.Query().Get("nonce")), 403, "state_invalid", "browser")
	problemtest.Want(t, s.open(back.RequestURI()), 403, "login_refused", "auth_code")
	problemtest.Want(t, s.open(back.RequestURI()+"&auth_code=a+b"), 400, "invalid_request", "auth_code")
	problemtest.Want(t, s.open(back.RequestURI()+"&auth_code="+strings.Repeat("x", 513)), 400, "invalid_request", "auth_code")
	if n := s.wechat.Calls("api_query_auth"); n != 0 {
		t.Errorf("got %d exchanges", n)
	}
	if _, err := s.App.Component("shop").Authorisation(t.Context(), account); err != platform.ErrNotAuthorised { //nolint:errorlint // this very value
		t.Errorf("got %v", err)
	}
}

func TestRefuses(t *testing.T) {
	s := newSite(t, page)
	s.header["Accept"] = "*/*"
	for target, want := range map[string]string{
		"?return=https://evil.example/":          "return",
		"?return=//evil.example":                 "return",
		"?return=/platform/authorize":            "return",
		"?app_id=gh_1":                           "app_id",
		"?start=laptop":                          "start",
		"?start=pc&return=https://evil.example/": "return",
		"?start=pc&start=pc":                     "start",
	} {
		problemtest.Want(t, s.open("/platform/authorize"+target), 400, "invalid_request", want)
	}
	problemtest.Want(t, s.Do(sitetest.Request{Method: http.MethodPost, Target: "/platform/authorize"}), 405, "method_not_allowed", "GET")
	if w := s.Do(sitetest.Request{Method: http.MethodHead, Target: "/platform/authorize?start=pc"}); w.Code != http.StatusNoContent {
		t.Errorf("got %d", w.Code)
	}
	s.header["Sec-Purpose"] = "prefetch;prerender"
	if w := s.open("/platform/authorize?start=pc"); w.Code != http.StatusNoContent {
		t.Errorf("got %d for a browser that only looks ahead", w.Code)
	}
	if n := s.wechat.Calls("api_create_preauthcode"); n != 0 {
		t.Errorf("got %d codes", n)
	}
}

// TestFailures are shown as pages to people, with a way on.
func TestFailures(t *testing.T) {
	s := newSite(t, page)
	_, back := s.leave("?start=pc&return=/merchants/7")
	w := s.open(back.RequestURI() + "&auth_code=used") // WeChat does not know it
	if w.Code != http.StatusUnprocessableEntity || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") ||
		!strings.Contains(links(w)["pc"], "return=%2Fmerchants%2F7") {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	s.wechat.Set(func() { s.wechat.Fail["api_create_preauthcode"] = 61004 })
	w = s.open("/platform/authorize?start=pc")
	if w.Code < 500 || !strings.Contains(w.Body.String(), "did not work") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	s.header["Accept-Language"] = "zh"
	if w = s.open("/platform/authorize?start=pc"); !strings.Contains(w.Body.String(), "没有成功") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestCodeIsOneBrowsers: a code that was used is no secret any more, and proves nothing of who brings it again.
func TestCodeIsOneBrowsers(t *testing.T) {
	s := newSite(t, page)
	_, back := s.leave("?start=pc")
	s.wechat.Set(func() { s.wechat.Codes["code1"] = account })
	if w := s.open(back.RequestURI() + "&auth_code=code1"); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	merchants := s.header["Cookie"]
	s.header["Cookie"] = ""
	_, strangers := s.leave("?start=pc&return=/stranger")
	if w := s.open(strangers.RequestURI() + "&auth_code=code1"); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), account) {
		t.Errorf("a stranger: got %d %s", w.Code, w.Body)
	}
	s.header["Cookie"] = merchants
	if w := s.open(back.RequestURI() + "&auth_code=code1"); w.Code != http.StatusOK {
		t.Errorf("the merchant: got %d %s", w.Code, w.Body)
	}
}

// TestSeveralWindows keeps four ways to WeChat apart, and forgets the oldest.
func TestSeveralWindows(t *testing.T) {
	s := newSite(t, page)
	var backs []*url.URL
	for range 6 {
		_, back := s.leave("?start=pc")
		backs = append(backs, back)
	}
	if strings.Count(s.header["Cookie"], "wechat_authorize_") != 4 {
		t.Errorf("got cookies %s", s.header["Cookie"])
	}
	s.wechat.Set(func() { s.wechat.Codes["code1"] = account })
	if w := s.open(backs[5].RequestURI() + "&auth_code=code1"); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestBehindAPrefix finds its own path by what the browser shows, or by the configuration.
func TestBehindAPrefix(t *testing.T) {
	s := newSite(t, `
	wechat_card /push/* message_push {
		component shop
	}
	handle_path /console/* {
		wechat_card /join platform_authorize {
			component shop
			return https://console.example http://localhost:9080
		}
		wechat_card /fixed platform_authorize {
			component shop
			return https://console.example
			path /join-us
		}
	}`)
	for target, want := range map[string]string{
		"/console/join":  "http://localhost:9080/console/join",
		"/console/fixed": "https://console.example/join-us",
	} {
		w := s.open(target + "?start=pc")
		to, err := url.Parse(links(w)["to"])
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(to.Query().Get("redirect_uri"), "?"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	for directives, want := range map[string]string{
		"component other\nreturn https://a.example":                                                   "not configured",
		"component shop\nreturn https://a.example https://a.example":                                  "twice", //nolint:dupword // as it says
		"component shop\nreturn https://a.example\naccount default":                                   "account",
		"component shop\nreturn https://a.example\nnotify {env.NO_SUCH_URL} 0123456789abcdef01234567": "notify",
	} {
		_, err := sitetest.TryProvision(`{
	admin off
	storage file_system ` + t.TempDir() + `
	log {
		output discard
	}
	wechat_card {
		component shop {
			app_id ` + thirdpartytest.Component + `
			app_secret ` + thirdpartytest.Secret + `
		}
		account {
			app_id wx0000000000000001
			app_secret 0123456789abcdef0123456789abcdef
		}
	}
}
http://localhost:9080 {
	wechat_card /authorize platform_authorize {
		` + directives + `
	}
}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", directives, err)
		}
	}
}
