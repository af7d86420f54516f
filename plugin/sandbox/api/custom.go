package api

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/chats"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// sendCustomMessage writes to a user who has written within two days (客服消息): a text; other kinds the sandbox does not have.
func sendCustomMessage(c *call) (any, error) {
	req, err := wire.Decode[struct {
		OpenID string `json:"touser"`
		Type   string `json:"msgtype"`
		Text   struct {
			Content string `json:"content"`
		} `json:"text"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	user, known := c.world.Users.Find(req.OpenID)
	switch {
	case !known || user.App != "" && user.App != c.app.ID:
		return nil, wire.ErrBadOpenID
	case req.Type != "text":
		return nil, wire.ErrBadMsgType
	case req.Text.Content == "":
		return nil, wire.ErrNoField
	case len(req.Text.Content) > 2048:
		return nil, wire.ErrBigBody
	}
	r := chats.Reply{AppID: c.app.ID, OpenID: req.OpenID, Text: req.Text.Content, At: c.now}
	if c.grant != nil {
		r.Component = c.grant.Component
	}
	if err := c.world.Chats.Send(r); err != nil {
		return nil, err
	}
	return wire.OK, nil
}
