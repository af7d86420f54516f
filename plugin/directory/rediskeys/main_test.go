package rediskeys_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// TestMain sees to it that no goroutine is left when all tests are over.
func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{})
	code := m.Run()
	if code == 0 {
		if err := redistest.Leaks(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}
