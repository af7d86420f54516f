package sandbox

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
)

func TestQuota(t *testing.T) {
	r := newRig(t, Config{})
	for range 2000 {
		if a := r.classic(); a.code() != 0 {
			t.Fatal(a)
		}
	}
	r.wantCode("the 2001st classic token", r.classic(), 45009)
	tok := r.token("wx1")
	quota := func(path string) map[string]any {
		t.Helper()
		a := r.post("/cgi-bin/openapi/quota/get", tok, map[string]any{"cgi_path": path})
		r.wantCode("quota/get", a, 0)
		return a["quota"].(map[string]any)
	}
	if q := quota("/cgi-bin/token"); q["daily_limit"] != 2000. || q["used"] != 2000. || q["remain"] != 0. {
		t.Errorf("got %v", q)
	}
	if q := quota("/cgi-bin/ticket/getticket"); q["used"] != 0. {
		t.Errorf("got %v", q)
	}
	r.wantCode("unknown path", r.post("/cgi-bin/openapi/quota/get", tok, `{"cgi_path":"/x"}`), 76021)
	r.wantCode("sns", r.post("/cgi-bin/openapi/quota/get", tok, `{"cgi_path":"/sns/jscode2session"}`), 76021)

	r.wantCode("another appid", r.post("/cgi-bin/clear_quota", tok, `{"appid":"wx2"}`), 40013)
	for range 10 {
		r.wantCode("clear_quota", r.post("/cgi-bin/clear_quota", tok, `{"appid":"wx1"}`), 0)
	}
	r.wantCode("after clear_quota", r.classic(), 0)
	r.wantCode("the 11th clear_quota", r.post("/cgi-bin/clear_quota", tok, `{"appid":"wx1"}`), 48006)
	r.now = time.Date(2026, 6, 1, 0, 0, 0, 0, accounts.ChinaTime)
	r.wantCode("next month", r.post("/cgi-bin/clear_quota", r.token("wx1"), `{"appid":"wx1"}`), 0)
}
