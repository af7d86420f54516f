//go:build !nowechatredis

package caddymodule

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/redis"

	"github.com/caddyserver/caddy/v2"
)

func registerRedis() { caddy.RegisterModule(redis.Store{}) }
