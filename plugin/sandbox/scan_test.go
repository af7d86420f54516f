package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// openScan opens WeChat's page from a page of the platform.
func (r *platformRig) openScan(path, referer string, q url.Values) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", path+"?"+q.Encode(), nil)
	if referer != "" {
		req.Header.Set("Referer", referer)
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w
}

func TestScanPage(t *testing.T) {
	const from = "https://platform.example/authorize"
	r := newPlatform(t, func(c *Component) { c.Domain = "platform.example" })
	token := r.token()
	query := func(change ...string) url.Values {
		q := url.Values{
			"component_appid": {componentID}, "pre_auth_code": {r.component("api_create_preauthcode", token, "").text("pre_auth_code")},
			"redirect_uri": {"https://platform.example/done?nonce=1"}, "auth_type": {"3"},
		}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return q
	}
	const desktop, mobile = "/cgi-bin/componentloginpage", "/wxaopen/safe/bindcomponent"
	for name, tc := range map[string]struct {
		path, referer string
		q             url.Values
		want          string
	}{
		"no Referer":          {desktop, "", query(), "授权入口页所在域名：空"},
		"another page":        {desktop, "https://evil.example/", query(), "授权入口页所在域名：evil.example"},
		"no component":        {desktop, from, query("component_appid", ""), "component_appid"},
		"another component":   {desktop, from, query("component_appid", "wx1"), "component_appid"},
		"no pre_auth_code":    {desktop, from, query("pre_auth_code", ""), "pre_auth_code"},
		"not encoded":         {desktop, from, query("redirect_uri", "platform.example/done"), "redirect_uri"},
		"leads elsewhere":     {desktop, from, query("redirect_uri", "https://evil.example/"), "evil.example"},
		"another auth_type":   {desktop, from, query("auth_type", "9"), "auth_type"},
		"in WeChat, no words": {mobile, from, query(), "no_scan=1"},
	} {
		if w := r.openScan(tc.path, tc.referer, tc.q); w.Code != 400 || !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	r.s.Deliver(t.Context())

	link := func(w *httptest.ResponseRecorder, id string) string {
		t.Helper()
		m := regexp.MustCompile(`id="` + id + `" href="([^"]+)"`).FindStringSubmatch(w.Body.String())
		if m == nil {
			t.Fatalf("no %s in %d %s", id, w.Code, w.Body)
		}
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	q := query("auth_type", "1")
	w := r.openScan(desktop, from, q)
	if strings.Contains(w.Body.String(), "wx3c9e70b12d4f6e8a") {
		t.Error("auth_type 1 lists a mini program")
	}
	_, script, _ := strings.Cut(w.Body.String(), "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, base64.StdEncoding.EncodeToString(sum[:])) {
		t.Errorf("the policy %s forbids the page's script %s", policy, script)
	}
	if again := r.openScan(desktop, from, q); again.Code != 400 {
		t.Errorf("a pre_auth_code twice: got %d", again.Code)
	}
	to := link(w, "account-wx1a7c5e9f0b2d4c68")
	w = r.raw("GET", to, "")
	if !strings.Contains(w.Body.String(), "微信卡券") || !strings.Contains(w.Body.String(), `id="confirm"`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	confirm := strings.Replace(to, "/choice", "/confirm", 1) + "&set=8&set=4"
	if w := r.raw("GET", strings.Replace(confirm, "app_id=wx1a7c5e9f0b2d4c68", "app_id=wx3c9e70b12d4f6e8a", 1), ""); w.Code != 400 {
		t.Errorf("a mini program by auth_type 1: got %d %s", w.Code, w.Body)
	}
	w = r.raw("GET", confirm, "")
	back, err := url.Parse(w.Header().Get("Location"))
	if w.Code != 302 || err != nil || back.Query().Get("nonce") != "1" || back.Query().Get("expires_in") != "600" || !strings.HasPrefix(back.Query().Get("auth_code"), "queryauthcode@@@") {
		t.Fatalf("got %d %v", w.Code, w.Header())
	}
	if w := r.raw("GET", confirm, ""); w.Code != 400 {
		t.Errorf("confirmed twice: got %d", w.Code)
	}
	r.s.Deliver(t.Context())
	if r.site.last("InfoType") != "authorized" || r.site.last("AuthorizationCode") != back.Query().Get("auth_code") || r.site.last("PreAuthCode") != q.Get("pre_auth_code") {
		t.Errorf("got %v", r.site.pushes)
	}
	a := r.component("api_query_auth", token, `"authorization_code":"`+back.Query().Get("auth_code")+`"`)
	if info := a["authorization_info"].(map[string]any); len(info["func_info"].([]any)) != 2 {
		t.Errorf("got %v", a)
	}

	// In WeChat, for one account; confirmed at the sandbox's phone.
	q = query("action", "bindcomponent", "no_scan", "1", "biz_appid", merchantID, "category_id_list", "8|4")
	w = r.openScan(mobile, from, q)
	wait := regexp.MustCompile(`data-wait="([^"]+)"`).FindStringSubmatch(w.Body.String())
	if wait == nil || !strings.Contains(w.Body.String(), merchantID) || strings.Contains(w.Body.String(), `id="other"`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if a := r.do("GET", wait[1], ""); a.text("to") != "" {
		t.Errorf("got %v", a)
	}
	waiting := r.events(0).Platforms[0].Waiting
	if len(waiting) != 1 || len(waiting[0].Accounts) != 1 || len(waiting[0].Accounts[0].Sets) != 2 {
		t.Fatalf("got %+v", waiting)
	}
	if _, err := r.s.Scan(Scan{Request: waiting[0].Request, AppID: "wx1"}); err == nil {
		t.Error("another account has confirmed")
	}
	scanned, err := r.s.Scan(Scan{Request: waiting[0].Request, AppID: merchantID})
	if err != nil || r.do("GET", wait[1], "").text("to") != scanned.To {
		t.Errorf("got %+v, %v", scanned, err)
	}
	q = query()
	r.pass(30 * time.Minute)
	if w := r.openScan(desktop, from, q); w.Code != 400 || !strings.Contains(w.Body.String(), "expired") {
		t.Errorf("an old pre_auth_code: got %d %s", w.Code, w.Body)
	}
	if w := r.raw("GET", "/cgi-bin/componentloginpage/choice?request=x", ""); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
	if w := r.raw("POST", desktop, ""); w.Code != 405 {
		t.Errorf("got %d", w.Code)
	}
}

func TestComponentWebLogin(t *testing.T) {
	r := newPlatform(t, nil)
	token := r.token()
	page := strings.Replace(baseQuery, "appid=wx1", "appid="+merchantID, 1) + "&component_appid=" + componentID
	if w := r.authorize(page); w.Code != 400 || !strings.Contains(w.Body.String(), "10015") {
		t.Errorf("before it has authorised: got %d %s", w.Code, w.Body)
	}
	r.board(token, merchantID, 8)
	if w := r.authorize(page); w.Code != 400 || !strings.Contains(w.Body.String(), "10005") {
		t.Errorf("without the permission set: got %d %s", w.Code, w.Body)
	}
	r.board(token, merchantID)
	q := r.back(r.authorize(page))
	if q.Get("appid") != merchantID || q.Get("state") != "S1" {
		t.Fatalf("got %v", q)
	}
	exchange := func(code string) answer {
		return r.do("GET", "/sns/oauth2/component/access_token?grant_type=authorization_code&appid="+merchantID+"&code="+code+
			"&component_appid="+componentID+"&component_access_token="+token, "")
	}
	r.wantCode("by the account itself", r.do("GET", "/sns/oauth2/access_token?grant_type=authorization_code&appid="+merchantID+"&secret=s&code="+q.Get("code"), ""), 40029)
	if a := exchange(q.Get("code")); a.text("openid") != r.s.OpenID(merchantID, "demo") {
		t.Errorf("got %v", a)
	}
	r.wantCode("used", exchange(q.Get("code")), 40163)
	r.mood(`{"consent":"snapshot","untold":true}`)
	told := exchange(r.back(r.authorize(strings.Replace(page, "snsapi_base", "snsapi_userinfo", 1))).Get("code"))
	if told.text("openid") == "" || told["is_snapshotuser"] != nil {
		t.Errorf("got %v", told)
	}
}
