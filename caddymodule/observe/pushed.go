package observe

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// EventPushed is the event for a message of WeChat's that the backend has accepted.
const EventPushed = "wechat_card_pushed"

// Pushed is plugin.AccountConfig.Pushed. It tells nothing that the card's code or a secret could be seen in.
func (o *Account) Pushed(m *push.Message) {
	o.emitter.Emit(EventPushed, func() map[string]any {
		return map[string]any{
			"account":                o.name,
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
