//go:build !nowechatredis

package app

import (
	"crypto/tls"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/redis"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/rediskeys"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// checkRedis finds what openRedis would refuse of the URL.
func (s AccountSource) checkRedis() error { return redisstore.Config{URLs: []string{s.URL}}.Check() }

// openRedis makes a source of accounts in a Redis.
func (s AccountSource) openRedis(client wechat.Config, keys *sealed.Keys) (directory.Source, error) {
	redis.RouteLog()
	cfg := rediskeys.Config{Server: redisstore.Config{URLs: []string{s.URL}}, Prefix: s.Prefix, Keys: keys}
	if client.RootCAs != nil && strings.HasPrefix(s.URL, "rediss://") {
		cfg.Server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: client.RootCAs}
	}
	source, err := rediskeys.New(cfg)
	if err != nil {
		return nil, err
	}
	return source, nil
}
