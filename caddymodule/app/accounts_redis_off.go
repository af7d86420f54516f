//go:build nowechatredis

package app

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func (AccountSource) checkRedis() error { return errNoRedis }

func (AccountSource) openRedis(wechat.Config, *sealed.Keys) (directory.Source, error) {
	return nil, errNoRedis
}
