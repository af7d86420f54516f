//go:build !nowechatredis

package app

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/redis"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// checkRedis finds what openRedis would refuse in the URL and the fields, unless that depends on placeholders.
func (t TokenSource) checkRedis() error {
	cfg := source.RedisConfig{Field: t.Field, ExpiresField: t.ExpiresField}
	if !words.IsDynamic(t.URL) {
		cfg.Server.URLs = []string{t.URL}
	}
	return cfg.Check()
}

func (t TokenSource) openRedis(client wechat.Config, observe source.Observe) (source.Source, error) {
	redis.RouteLog()
	url, err := words.Expand(t.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	cfg := source.RedisConfig{
		Server: redisstore.Config{URLs: []string{url}}, Field: t.Field, ExpiresField: t.ExpiresField, Observe: observe,
	}
	if cfg.Key, err = words.Expand(t.Key); err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if client.RootCAs != nil && strings.HasPrefix(url, "rediss://") {
		cfg.Server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: client.RootCAs}
	}
	redis, err := source.NewRedis(cfg)
	if err != nil {
		return nil, err
	}
	return redis, nil
}
