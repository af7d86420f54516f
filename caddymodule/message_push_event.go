package caddymodule

import "github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"

// eventPushed is the event for a message of WeChat's that the backend has accepted.
const eventPushed = "wechat_card_pushed"

// pushed is plugin.AccountConfig.Pushed. It tells nothing that the card's code or a secret could be seen in.
func (o *accountObserver) pushed(m *push.Message) {
	o.emitter.emit(eventPushed, func() map[string]any {
		return map[string]any{
			"account":                o.account,
			"msg_type":               m.MsgType,
			"event":                  m.Event,
			"openid":                 m.OpenID,
			"unionid":                m.UnionID,
			"card_id":                m.CardID,
			"outer_str":              m.OuterStr,
			"is_give_by_friend":      m.GiveByFriend,
			"is_restore_member_card": m.Restored,
		}
	})
}
