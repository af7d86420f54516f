//go:build !nowechatredis

package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/redis"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// TestStoreRedisProvision loads a configuration without calling anybody.
func TestStoreRedisProvision(t *testing.T) {
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_URL", "redis://user:hunter2@192.0.2.1:6379")
	t.Setenv("TEST_BAD_URL", "redis://user:hunter2%@192.0.2.1:6379")
	certificate, _ := redistest.CA(t)
	for name, tc := range map[string]struct {
		store string
		want  string // part of the error; "": none
	}{
		"URL":              {`"urls":["redis://192.0.2.1:6379"]`, ""},
		"placeholder":      {`"urls":["{env.TEST_URL}"]`, ""},
		"everything":       {`"urls":["redis://192.0.2.1:1","192.0.2.1:2"],"username":"u","password":"p","prefix":"x:","tls":true,"ca":["` + certificate + `"],"sentinel_master":"m"`, ""},
		"CA for rediss":    {`"urls":["rediss://192.0.2.1"],"ca":["` + certificate + `"]`, ""},
		"no URL":           {`"prefix":"x:"`, "there is no URL"},
		"bad URL":          {`"urls":["{env.TEST_BAD_URL}"]`, "URL 1"},
		"empty URL":        {`"urls":["{env.TEST_EMPTY}"]`, "urls: "},
		"empty password":   {`"urls":["192.0.2.1:1"],"password":"{env.TEST_EMPTY}"`, "password: "},
		"unknown in name":  {`"urls":["192.0.2.1:1"],"username":"{http.request.host}"`, "username: "},
		"no such file":     {`"urls":["192.0.2.1:1"],"ca":["/nonexistent.pem"]`, "nonexistent"},
		"not a PEM file":   {`"urls":["192.0.2.1:1"],"ca":["provision_test.go"]`, "no certificate"},
		"TLS to a socket":  {`"urls":["unix:///run/s"],"tls":true`, "no TLS"},
		"unknown setting":  {`"urls":["192.0.2.1:1"],"cluster":true`, "unknown field"},
		"user without any": {`"urls":["192.0.2.1:1"],"username":"u"`, "without a password"},
	} {
		began := time.Now()
		err := sitetest.Validate(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"redis",` + tc.store + `},
			"accounts":{"default":{"app_id":"wx0000000000000001","app_secret":"{env.PATH}"}}}}}`)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	if err := new(redis.Store).Cleanup(); err != nil {
		t.Error(err)
	}
}
