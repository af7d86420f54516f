package sandbox

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// authorize opens WeChat's page.
func (r *rig) authorize(query string) *httptest.ResponseRecorder {
	return r.raw("GET", "/connect/oauth2/authorize?"+query, "")
}

// back gives where the visitor is sent, as a query.
func (r *rig) back(w *httptest.ResponseRecorder) url.Values {
	r.t.Helper()
	to, err := url.Parse(w.Header().Get("Location"))
	if w.Code != 302 || err != nil || to.Host != "shop.example" || to.Path != "/cb" {
		r.t.Fatalf("got %d %s %s", w.Code, w.Header(), w.Body)
	}
	return to.Query()
}

const (
	baseQuery     = "appid=wx1&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fa%3D1&response_type=code&scope=snsapi_base&state=S1"
	userinfoQuery = "appid=wx1&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&response_type=code&scope=snsapi_userinfo&state=S1"
)

func (r *rig) mood(body string) {
	r.t.Helper()
	if a := r.do("POST", "/_sandbox/oauth", body); a["ok"] != true {
		r.t.Fatalf("got %v", a)
	}
}

func TestWebLogin(t *testing.T) {
	r := newRig(t, Config{Apps: map[string]string{"wx1": "s1", "wx2": "s2"}})
	exchange := func(app, secret, code string) answer {
		return r.do("GET", "/sns/oauth2/access_token?grant_type=authorization_code&appid="+app+"&secret="+secret+"&code="+code, "")
	}
	q := r.back(r.authorize(baseQuery))
	code := q.Get("code")
	if q.Get("a") != "1" || q.Get("state") != "S1" || len(code) != 32 {
		t.Fatalf("got %v", q)
	}
	r.wantCode("no app", exchange("", "s1", code), 41002)
	r.wantCode("no secret", exchange("wx1", "", code), 41004)
	r.wantCode("no code", exchange("wx1", "s1", ""), 41008)
	r.wantCode("wrong secret", exchange("wx1", "s2", code), 40125)
	r.wantCode("another app's", exchange("wx2", "s2", code), 40029)
	r.wantCode("none", exchange("wx1", "s1", "x"), 40029)
	a := exchange("wx1", "s1", code)
	if a.text("openid") != r.s.OpenID("wx1", "demo") || a.text("scope") != "snsapi_base" || a.int("expires_in") != 7200 || len(a) != 5 {
		t.Errorf("got %v", a)
	}
	r.wantCode("used", exchange("wx1", "s1", code), 40163)
	code = r.back(r.authorize(baseQuery)).Get("code")
	r.pass(5 * time.Minute)
	r.wantCode("old", exchange("wx1", "s1", code), 40029)

	r.mood(`{"consent":"allow","user":"alice"}`)
	a = exchange("wx1", "s1", r.back(r.authorize(userinfoQuery)).Get("code"))
	if a.text("openid") != r.s.OpenID("wx1", "alice") || a.text("unionid") == "" || len(a) != 6 {
		t.Errorf("got %v", a)
	}
	r.mood(`{"consent":"snapshot","user":"alice"}`)
	b := exchange("wx1", "s1", r.back(r.authorize(userinfoQuery)).Get("code"))
	if b.int("is_snapshotuser") != 1 || b.text("openid") == a.text("openid") || b.text("unionid") == a.text("unionid") {
		t.Errorf("got %v", b)
	}
	if c := exchange("wx1", "s1", r.back(r.authorize(baseQuery)).Get("code")); c.text("openid") != a.text("openid") || len(c) != 5 {
		t.Errorf("scope base: got %v", c)
	}
	r.mood(`{"consent":"deny"}`)
	if q := r.back(r.authorize(userinfoQuery)); q.Get("state") != "S1" || q.Has("code") {
		t.Errorf("got %v", q)
	}
	r.mood(`{"consent":"allow","unbound":true}`)
	if c := exchange("wx1", "s1", r.back(r.authorize(userinfoQuery)).Get("code")); len(c) != 5 {
		t.Errorf("unbound: got %v", c)
	}
	if a := r.do("POST", "/_sandbox/oauth", `{"consent":"perhaps"}`); a.text("error") == "" {
		t.Errorf("got %v", a)
	}
}

func TestWebLoginPages(t *testing.T) {
	r := newRig(t, Config{})
	w := r.authorize(strings.Replace(userinfoQuery, "wx1", "wx%3Cb%3E", 1))
	if w.Code != 200 || strings.Contains(w.Body.String(), "<b>") {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	for choice, code := range map[string]bool{"allow": true, "deny": false, "snapshot": true} {
		href := regexp.MustCompile(`id="` + choice + `" href="([^"]+)"`).FindStringSubmatch(w.Body.String())
		if q := r.back(r.raw("GET", strings.ReplaceAll(href[1], "&amp;", "&"), "")); q.Has("code") != code {
			t.Errorf("%s: got %v", choice, q)
		}
	}
	if w := r.raw("GET", "/connect/oauth2/consent?request=x&choice=allow", ""); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
	r.mood(`{"double":true}`)
	if w := r.authorize(baseQuery); w.Code != 200 || !strings.Contains(w.Body.String(), `href="https://shop.example/cb?a=1&amp;code=`) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sha256-") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	r.mood(`{"domain":"pay.example"}`)
	if w := r.authorize(baseQuery); w.Code != 400 || !strings.Contains(w.Body.String(), "10003") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	r.mood(`{}`)
	const to = "redirect_uri=https%3A%2F%2Fshop.example%2Fcb"
	for query, want := range map[string]string{
		"": "10005",
		to + "&appid=wx1&response_type=code&scope=snsapi_base&state=S1":      "10005",
		"appid=wx1&" + to + "&scope=snsapi_base&response_type=code&state=S1": "10005",
		"AppId=wx1&" + to + "&response_type=code&scope=snsapi_base&state=S1": "10005",
		baseQuery + "&x=1": "10005",
		"appid=&" + to + "&response_type=code&scope=snsapi_base&state=S1":                                       "10012",
		"appid=wx1&redirect_uri=&response_type=code&scope=snsapi_base&state=S1":                                 "10011",
		"appid=wx1&redirect_uri=%2Fcb&response_type=code&scope=snsapi_base&state=S1":                            "10003",
		"appid=wx1&redirect_uri=javascript%3Aalert(1)&response_type=code&scope=snsapi_base&state=S1":            "10003",
		"appid=wx1&redirect_uri=https%253A%252F%252Fshop.example&response_type=code&scope=snsapi_base&state=S1": "10003",
		"appid=wx1&" + to + "&response_type=token&scope=snsapi_base&state=S1":                                   "10005",
		"appid=wx1&" + to + "&response_type=code&scope=&state=S1":                                               "10010",
		"appid=wx1&" + to + "&response_type=code&scope=base&state=S1":                                           "10005",
		"appid=wx1&" + to + "&response_type=code&scope=snsapi_base&state=":                                      "10013",
		"appid=wx1&" + to + "&response_type=code&scope=snsapi_base&state=a-b":                                   "letters and digits",
		"appid=wx1&" + to + "&response_type=code&scope=snsapi_base&state=" + strings.Repeat("a", 129):           "letters and digits",
	} {
		if w := r.authorize(query); w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", query, w.Code, w.Body)
		}
	}
	if w := r.authorize(baseQuery + "&forcePopup=true&connect_redirect=1"); w.Code != 302 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := r.raw("POST", "/connect/oauth2/authorize?"+baseQuery, ""); w.Code != 405 {
		t.Errorf("got %d", w.Code)
	}
}
