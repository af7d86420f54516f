//go:build nowechatredis

package app

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

var errNoRedis = errors.New("this build has no Redis: it was made with nowechatredis")

func (TokenSource) checkRedis() error { return errNoRedis }

func (TokenSource) openRedis(wechat.Config, source.Observe) (source.Source, error) {
	return nil, errNoRedis
}
