package api

import (
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

func getQuota(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Path string `json:"cgi_path"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if !c.known(req.Path) || strings.HasPrefix(req.Path, "/sns/") {
		return nil, wire.ErrBadPath
	}
	used := c.app.Used(req.Path, c.now)
	type quota struct {
		Daily  int `json:"daily_limit"`
		Used   int `json:"used"`
		Remain int `json:"remain"`
	}
	limit := accounts.Limit(req.Path)
	return struct {
		wire.Status
		Quota quota `json:"quota"`
	}{wire.OK, quota{limit, used, limit - used}}, nil
}

func clearQuota(c *call) (any, error) {
	req, err := wire.Decode[struct {
		AppID string `json:"appid"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.AppID != c.app.ID {
		return nil, wire.ErrBadAppID
	}
	if err := c.app.ClearQuota(c.now); err != nil {
		return nil, err
	}
	return wire.OK, nil
}
