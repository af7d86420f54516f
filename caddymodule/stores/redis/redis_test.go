package redis_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/redis"
)

func TestRedisLiteralSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		"redis://h:1": false, "h:1": false, "redis://user@h:1": false, "redis://user:@h": false, "redis://{env.U}:{env.P}@h": false,
		"{env.URL}": false, "redis://{env.HOST}:1": false, "unix:///run/s": false, "rediss://user:{file./p@w}@h": false,
		"redis://:p@h": true, "rediss://user:p@h": true, "unix://u:p@/run/s": true, "redis://{env.U}:p@{env.H}": true,
	} {
		if got := len((&redis.Store{URLs: []string{"h:1", text}}).LiteralSecrets()) == 1; got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	if got := (&redis.Store{Password: "p"}).LiteralSecrets(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := (&redis.Store{Password: "{env.P}"}).LiteralSecrets(); got != nil {
		t.Errorf("got %v", got)
	}
}
