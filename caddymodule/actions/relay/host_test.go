package relay_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRelayHost has a page lead a name of its own here, and then ask like a program.
func TestRelayHost(t *testing.T) {
	t.Setenv("GATEWAY_KEY", "s3cret")
	const anyHost = "}\nhttp://:9080 {\n"
	for name, tc := range map[string]struct {
		lines   string
		request string
		refused bool
	}{
		"an address":           {"", "GET /card/get HTTP/1.1\r\nHost: 127.0.0.1:9080", false},
		"an address of IPv6":   {"", "GET /card/get HTTP/1.1\r\nHost: [::1]:9080", false},
		"localhost":            {"", "GET /card/get HTTP/1.1\r\nhost: LocalHost.", false},
		"below localhost":      {"", "GET /card/get HTTP/1.1\r\nHost: wechat.localhost:9080", false},
		"a name":               {"", "GET /card/get HTTP/1.1\r\nHost: evil.example:9080", true},
		"a name, own token":    {"", "GET /sns/userinfo HTTP/1.1\r\nHost: evil.example:9080", true},
		"a name in the target": {"", "GET http://evil.example/card/get HTTP/1.1\r\nHost: localhost", true},
		"another listed":       {"host api.weixin.qq.com", "GET /card/get HTTP/1.1\r\nHost: evil.example", true},
		"listed":               {"host gateway.test api.weixin.qq.com", "GET /card/get HTTP/1.1\r\nHost: API.weixin.qq.com.:9080", false},
		"listed later":         {"host gateway.test\nhost Api.Weixin.qq.com.", "GET /card/get HTTP/1.1\r\nHost: api.weixin.qq.com", false},
		"no Host":              {"", "GET /card/get HTTP/1.0", true},
		"with a key":           {"key {env.GATEWAY_KEY}", "GET /card/get?access_token=s3cret HTTP/1.1\r\nHost: gateway.test", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRelaySiteOf(t, nil, "", "abort\n"+anyHost+"wechat_card relay {\nallow /card/* /sns/*\n"+tc.lines+"\n}")
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(tc.request + "\r\n\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			r.RemoteAddr = "127.0.0.1:9"
			w := httptest.NewRecorder()
			s.Server.ServeHTTP(w, r)
			calls := len(s.wechat.seen())
			if tc.refused && (w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"reason":"client_not_allowed"`) || calls != 0) ||
				!tc.refused && (w.Code != http.StatusOK || calls != 1) {
				t.Errorf("got %d %s after %d calls", w.Code, w.Body, calls)
			}
		})
	}
}
