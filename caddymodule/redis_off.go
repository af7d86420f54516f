//go:build nowechatredis

package caddymodule

// registerRedis does nothing: this build has no Redis.
func registerRedis() {}
