package jsconfig_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

const jsConfigSite = `
	wechat_card /js js_config {
		origin https://shop.example http://Shop.example:8080 https://[2001:DB8:0::1]:443
		origin {env.TEST_ORIGIN}
		api chooseCard addCard
		api openCard
	}
	wechat_card /bare js_config {
		origin http://shop.example:80
	}
`

const form = "application/x-www-form-urlencoded"

func checkNonce(t *testing.T, nonce string) {
	t.Helper()
	if !regexp.MustCompile(`^[0-9A-Za-z]{32}$`).MatchString(nonce) {
		t.Errorf("got nonce %q", nonce)
	}
}

func checkNow(t *testing.T, timestamp int64) {
	t.Helper()
	if d := time.Since(time.Unix(timestamp, 0)); d < -2*time.Second || d > time.Minute {
		t.Errorf("got timestamp %d, %v ago", timestamp, d)
	}
}

func TestJSConfig(t *testing.T) {
	t.Setenv("TEST_ORIGIN", "https://env.example:8443")
	s := sitetest.New(t, jsConfigSite)
	const apis = `["chooseCard","addCard","openCard"]`
	for _, tc := range []struct {
		name string
		sitetest.Request
		signed string
		apis   string
	}{
		{"GET", sitetest.Request{Target: "/js?url=https%3A%2F%2Fshop.example%2Fcard%3Fid%3D1%26x%3D%25E5%258D%25A1"}, "https://shop.example/card?id=1&x=%E5%8D%A1", apis},
		{"GET, plus encoded once", sitetest.Request{Target: "/js?_=7&url=https%3A%2F%2Fshop.example%2F%3Fq%3Da%2Bb%252Bc"}, "https://shop.example/?q=a+b%2Bc", apis},
		{"GET, hardly encoded", sitetest.Request{Target: "/js?url=https://shop.example/a/b?q=1=2"}, "https://shop.example/a/b?q=1=2", apis},
		{"without a path", sitetest.Request{Target: "/js?url=https%3A%2F%2Fshop.example"}, "https://shop.example", apis},
		{"query behind the host", sitetest.Request{Target: "/js?url=https%3A%2F%2Fshop.example%3Fparams%3Dvalue"}, "https://shop.example?params=value", apis},
		{"fragment", sitetest.Request{Target: "/js?url=https%3A%2F%2Fshop.example%2F%3Fa%23%2Froute%3Fb%23c"}, "https://shop.example/?a", apis},
		{"fragment behind the host", sitetest.Request{Target: "/js?url=https%3A%2F%2Fshop.example%23x"}, "https://shop.example", apis},
		{"port", sitetest.Request{Target: "/js?url=http%3A%2F%2Fshop.example%3A8080%2F"}, "http://shop.example:8080/", apis},
		{"IPv6", sitetest.Request{Target: "/js?url=https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%2F"}, "https://[2001:db8::1]/", apis},
		{"from the environment", sitetest.Request{Target: "/js?url=https%3A%2F%2Fenv.example%3A8443%2F"}, "https://env.example:8443/", apis},
		{"card_id and others mean nothing", sitetest.Request{Target: "/js?card_id=p!&card_id=p2&url=https%3A%2F%2Fshop.example%2F&outer_str=%00"}, "https://shop.example/", apis},
		{"JSON", sitetest.Request{Target: "/js?url=ignored", Body: `{"url":"https:\/\/shop.example\/\u5361?a=%20&b=+#x","card_id":1,"token":{}}`}, "https://shop.example/卡?a=%20&b=+", apis},
		{"form", sitetest.Request{Target: "/js", Body: "url=https%3A%2F%2Fshop.example%2F%3Fa%3D%252F", Type: form}, "https://shop.example/?a=%2F", apis},
		{"no api", sitetest.Request{Target: "/bare?url=http%3A%2F%2Fshop.example%2F"}, "http://shop.example/", `[]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := s.Do(tc.Request)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
			}
			var got struct {
				Timestamp json.Number
				NonceStr  string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			checkNonce(t, got.NonceStr)
			timestamp, err := got.Timestamp.Int64()
			if err != nil {
				t.Fatal(err)
			}
			checkNow(t, timestamp)
			signature := sitetest.HexSHA1(fmt.Sprintf("jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s",
				s.Credential(credential.JSAPITicket), got.NonceStr, timestamp, tc.signed))
			want := fmt.Sprintf(`{"appId":"%s","timestamp":%d,"nonceStr":"%s","signature":"%s","jsApiList":%s}`,
				sitetest.AppID, timestamp, got.NonceStr, signature, tc.apis)
			if w.Body.String() != want {
				t.Errorf("got %s\nwant %s", w.Body, want)
			}
		})
	}
	if calls := s.WeChat.Calls(); calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("calls %v", calls)
	}
}

func TestJSConfigRefuses(t *testing.T) {
	t.Setenv("TEST_ORIGIN", "https://env.example:8443")
	s := sitetest.New(t, jsConfigSite)
	for _, tc := range []struct {
		url    string
		status int
		reason string
	}{
		{"https://other.example/", 403, "origin_not_allowed"},
		{"http://shop.example/", 403, "origin_not_allowed"},
		{"https://shop.example:8080/", 403, "origin_not_allowed"},
		{"https://shop.example:443/", 403, "origin_not_allowed"},
		{"https://Shop.example/", 403, "origin_not_allowed"},
		{"https://shop.example./", 403, "origin_not_allowed"},
		{"https://shop.example.evil.example/", 403, "origin_not_allowed"},
		{"https://shop.example@evil.example/", 403, "origin_not_allowed"},
		{"https://user@shop.example/", 403, "origin_not_allowed"},
		{"https://user:password@shop.example/", 403, "origin_not_allowed"},
		{`https://shop.example\@evil.example/`, 403, "origin_not_allowed"},
		{"https://evil.example/https://shop.example/", 403, "origin_not_allowed"},
		{"https://evil.example#https://shop.example/", 403, "origin_not_allowed"},
		{"https://evil.example?://shop.example", 403, "origin_not_allowed"},
		{"", 400, "invalid_request"},
		{"shop.example", 400, "invalid_request"},
		{"/card", 400, "invalid_request"},
		{"//shop.example/", 400, "invalid_request"},
		{"https:shop.example", 400, "invalid_request"},
		{"https:///shop.example", 400, "invalid_request"},
		{"https://", 400, "invalid_request"},
		{"ftp://shop.example/", 400, "invalid_request"},
		{"HTTPS://shop.example/", 400, "invalid_request"},
		{" https://shop.example/", 400, "invalid_request"},
		{"javascript:alert('https://shop.example')", 400, "invalid_request"},
		{"https%3A%2F%2Fshop.example%2F", 400, "invalid_request"},
		{"https://shop.example/a b", 400, "invalid_request"},
		{"https://shop.example/\n", 400, "invalid_request"},
		{"https://shop.example\t/", 400, "invalid_request"},
		{"https://shop.example/\u2028", 400, "invalid_request"},
		{"https://shop.example/\xff", 400, "invalid_request"},
		{"https://shop.example/" + strings.Repeat("a", 8192), 400, "invalid_request"},
	} {
		t.Run(tc.url[:min(len(tc.url), 60)], func(t *testing.T) {
			mention := ""
			if tc.status == 400 {
				mention = "url"
			}
			problemtest.Want(t, s.Get("/js?url="+url.QueryEscape(tc.url)), tc.status, tc.reason, mention)
		})
	}
	problemtest.Want(t, s.Get("/js"), 400, "invalid_request", "url")
	problemtest.Want(t, s.Get("/js?url=https%3A%2F%2Fshop.example&url=https%3A%2F%2Fshop.example"), 400, "invalid_request", "url")
	problemtest.Want(t, s.Get("/js?url=%zz"), 400, "invalid_request", "url")
	problemtest.Want(t, s.Post("/js", `{"url":["https://shop.example/"]}`), 400, "invalid_request", "url")
	problemtest.Want(t, s.Post("/js", `["https://shop.example/"]`), 400, "invalid_request", "")
	problemtest.Want(t, s.Do(sitetest.Request{Method: http.MethodDelete, Target: "/js"}), 405, "method_not_allowed", "GET")
	if calls := s.WeChat.Calls(); len(calls) != 0 {
		t.Errorf("WeChat was asked: %v", calls)
	}
}

// TestJSConfigOfTwoPages asks for signatures that would be good for a page of another origin, too.
func TestJSConfigOfTwoPages(t *testing.T) {
	t.Setenv("TEST_ORIGIN", "https://env.example:8443")
	s := sitetest.New(t, jsConfigSite)
	for _, tc := range []struct {
		page string
		fine bool
	}{
		{"https://shop.example/&timestamp=1700000000&url=https://other.example/page", false},
		{"https://shop.example/?a=1&timestamp=1700000000&url=https://other.example/page", false},
		{"https://shop.example/?a=1&timestamp=0&url=", false},
		{"https://shop.example/?a=1&timestamp=x&timestamp=1&url=https://other.example/page#top", false},
		{"https://shop.example/?a=1#&timestamp=1700000000&url=https://other.example/page", true},
		{"https://shop.example/?a=1&timestamp=1700000000&x=2&url=https://other.example/page", true},
		{"https://shop.example/?timestamp=1700000000&url=https://other.example/page", true},
		{"https://shop.example/?a=1%26timestamp=1700000000%26url=https://other.example/page", true},
	} {
		body, err := json.Marshal(map[string]string{"url": tc.page})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []sitetest.Request{
			{Target: "/js?url=" + url.QueryEscape(tc.page)},
			{Target: "/js", Body: "url=" + url.QueryEscape(tc.page), Type: form},
			{Target: "/js", Body: string(body)},
		} {
			w := s.Do(q)
			if !tc.fine {
				problemtest.Want(t, w, 400, "invalid_request", "url")
			} else if w.Code != http.StatusOK {
				t.Errorf("%+v: got %d %s", q, w.Code, w.Body)
			}
		}
	}
}

// TestJSConfigOfACutPage asks for addresses that were not encoded: their own parameters stand beside them.
func TestJSConfigOfACutPage(t *testing.T) {
	t.Setenv("TEST_ORIGIN", "https://env.example:8443")
	s := sitetest.New(t, jsConfigSite)
	const page = "https%3A%2F%2Fshop.example%2F"
	for _, tc := range []struct {
		pairs string
		fine  bool
	}{
		{"url=https://shop.example/?id=1&from=timeline&isappinstalled=0", false},
		{"url=https://shop.example/?id=1&isappinstalled=0", false},
		{"url=https://shop.example/?&code=0a1&state=b", false},
		{"url=https://shop.example/?x&state=", false},
		{"url=https://shop.example/?x&scene", false},
		{"url=https://shop.example/?x&clicktime=1", false},
		{"url=https://shop.example/?x&enterid=1", false},
		{"url=https://shop.example/?x&y=z&nsukey=a%2Bb", false},
		{"from=timeline&url=https://shop.example/?x", false},
		{"_=1&url=https%3A//shop.example/?x&%66rom=timeline", false},
		{"%75rl=https://shop.example?x&from=timeline", false},
		{"url=" + page + "?x=1&from=timeline", false},
		{"url=" + page + "%3Fid%3D1%26from%3Dtimeline&from=timeline", true},
		{"url=https://shop.example/&from=timeline", true},
		{"url=https://shop.example/?id=1", true},
		{"url=https://shop.example/?id=1&x=2&From=timeline", true},
		{"url=" + page + "&x=?&from=timeline", true},
		{"url=https://shop.example/?from=timeline", true},
		{"url=https://shop.example/?from=timeline%26code=1", true},
	} {
		for _, q := range []sitetest.Request{
			{Target: "/js?" + tc.pairs},
			{Target: "/js", Body: tc.pairs, Type: form},
			{Target: "/js", Body: tc.pairs, Type: form + "; charset=utf-8"},
			{Target: "/js", Body: `{"url":"https://shop.example/?id=1","from":"timeline"}`},
			{Target: "/js?" + tc.pairs, Body: `{"url":"https://shop.example/?id=1"}`},
		} {
			w := s.Do(q)
			switch {
			case tc.fine || strings.HasPrefix(q.Body, "{"):
				if w.Code != http.StatusOK {
					t.Errorf("%+v: got %d %s", q, w.Code, w.Body)
				}
			default:
				problemtest.Want(t, w, 400, "invalid_request", "encodeURIComponent")
			}
		}
	}
}

func TestJSConfigConfiguration(t *testing.T) {
	t.Setenv("TEST_ORIGIN", "https://shop.example/")
	for _, tc := range []struct{ block, mention string }{
		{"origin {env.TEST_ORIGIN}", "more than scheme"},
		{"origin {env.NO_SUCH_ORIGIN}", "origin"},
		{"origin https://shop.example https://SHOP.example:443", "listed twice"},
	} {
		_, err := sitetest.TryProvision("{\n\tadmin off\n\twechat_card {\n\t\tstore off\n\t\taccount {\n\t\t\tapp_id wx0000000000000001\n\t\t\tapp_secret s\n\t\t}\n\t}\n}\n" +
			":9080 {\n\twechat_card js_config {\n\t\t" + tc.block + "\n\t}\n}")
		if err == nil || !strings.Contains(err.Error(), tc.mention) {
			t.Errorf("%s: got error %v", tc.block, err)
		}
	}
}
