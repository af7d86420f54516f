package clients

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	t.Setenv("GATEWAY_HOST", "Gateway.Internal.example.com.")
	hosts, err := NewHosts([]string{"api.weixin.qq.com", "{env.GATEWAY_HOST}"})
	if err != nil {
		t.Fatal(err)
	}
	for host, ok := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8081": true, "10.0.0.7": true, "[::1]:80": true, "[::1]": true, "localhost": true, "LOCALHOST:80": true, "x.localhost.:80": true,
		"api.weixin.qq.com": true, "API.weixin.QQ.com.:443": true, "gateway.internal.example.com": true,
		"evil.example": false, "evil.example:8081": false, "x.api.weixin.qq.com": false, "weixin.qq.com": false, "api.weixin.qq.com.evil.example": false,
		"127.0.0.1.evil.example": false, "localhost.evil.example": false, "": false, "api.weixin.qq.com..": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if err := hosts.Check(r); ok != (err == nil) {
			t.Errorf("%s: got %v", host, err)
		}
	}
	for _, host := range []string{"", "*", "*.example.com", "example.com:80", "https://example.com", "a b", "{env.NO_SUCH_HOST}", "微信.example", "[::1]", "."} {
		if _, err := NewHosts([]string{host}); err == nil || !strings.HasPrefix(err.Error(), "host: ") {
			t.Errorf("%q: got %v", host, err)
		}
	}
}
