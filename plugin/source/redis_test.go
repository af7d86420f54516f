//go:build !nowechatredis

package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

func TestRedis(t *testing.T) {
	redis.SetLogger(&logging.VoidLogger{})
	server := redistest.StartAuth(t, redis.Options{Password: "hidden"}, "--requirepass", "hidden")
	r, err := NewRedis(RedisConfig{
		Server: redisstore.Config{URLs: []string{"redis://:hidden@" + server.Addr + "/3"}},
		Key:    "old system:token",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	db := redis.NewClient(&redis.Options{Addr: server.Addr, Password: "hidden", DB: 3})
	defer db.Close()
	fails := func(what, mention string) {
		t.Helper()
		g, err := r.Fetch(t.Context(), credential.AccessToken, "")
		e, ok := errors.AsType[*wechat.Error](err)
		if !ok || e.API != RedisToken || e.Reaction() != wechat.Transient || !strings.Contains(err.Error(), mention) {
			t.Errorf("%s: got %+v, %v", what, g, err)
		}
		if ok && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "TOKEN-0")) {
			t.Errorf("%s: %q holds a secret", what, err)
		}
	}

	fails("nothing", "nothing at this key")
	for _, tc := range []struct {
		name, value string
		ttl         time.Duration // of the key; 0: none
		life        time.Duration
	}{
		{"text", "TOKEN-0", 90 * time.Minute, 90 * time.Minute},
		{"line", "TOKEN-0\r\n", 10 * time.Second, 10 * time.Second},
		{"JSON", `{"access_token":"TOKEN-0","expires_in":7200}`, time.Minute, time.Minute},
		{"JSON text", `"TOKEN-0"`, time.Minute, time.Minute},
		{"no end", "TOKEN-0", 0, 5 * time.Minute},
		{"end far away", "TOKEN-0", 24 * 30 * time.Hour, 2 * time.Hour},
	} {
		if err := db.Set(t.Context(), "old system:token", tc.value, tc.ttl).Err(); err != nil {
			t.Fatal(err)
		}
		g, err := r.Fetch(t.Context(), credential.AccessToken, "refused")
		if err != nil || g.Value != "TOKEN-0" || g.Lifetime > tc.life || g.Lifetime < tc.life-5*time.Second {
			t.Errorf("%s: got %+v, %v", tc.name, g, err)
		}
	}
	for value, mention := range map[string]string{
		"": "no usable value", "a b": "no usable value", `s:7:"TOKEN-0";`: "neither", `{"token":"TOKEN-0"}`: "no access_token", `"TOKEN-0`: "neither",
		`{"access_token":`: "JSON",
	} {
		if err := db.Set(t.Context(), "old system:token", value, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		fails(value, mention)
	}
	db.Del(t.Context(), "old system:token")
	db.HSet(t.Context(), "old system:token", "a", "b")
	fails("hash", "no string")
	server.Kill()
	fails("no server", "")
	if _, err := r.Fetch(t.Context(), credential.AccessToken, ""); wechat.Outcome(err) != "network" {
		t.Errorf("got %v: %s", err, wechat.Outcome(err))
	}
}

func TestRedisConfig(t *testing.T) {
	for _, cfg := range []RedisConfig{
		{Server: redisstore.Config{URLs: []string{"redis://secret@h:1"}}, Key: "k"},
		{Server: redisstore.Config{URLs: []string{"http://secret"}}, Key: "k"},
		{Server: redisstore.Config{URLs: []string{"redis://h:1"}}},
	} {
		if r, err := NewRedis(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: got %v, %v", cfg, r, err)
		}
	}
}
