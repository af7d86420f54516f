//go:build !nowechatredis

package doctor_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func TestDoctorRedis(t *testing.T) {
	_, api := sitetest.NewAPI(t)
	// nobody listens on port 1
	redis := commandtest.Config(t, "api "+api+"\nstore redis redis://:redis-password@127.0.0.1:1\n"+sitetest.AccountOption("default", sitetest.AppID), "respond ok")
	r := commandtest.Run(t, "", "doctor", "--config", redis)
	commandtest.Want(t, r, false, "✗  store         redis: writing: ", "127.0.0.1:1")
	if strings.Contains(r.Stdout+r.Stderr, "redis-password") {
		t.Errorf("got %s%s", r.Stdout, r.Stderr)
	}
}
