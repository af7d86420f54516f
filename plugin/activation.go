package plugin

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// MemberUserInfo gives a user's member card by its plain code, with what the user filled in
// (POST /card/membercard/userinfo/get).
func (a *Account) MemberUserInfo(ctx context.Context, cardID, code string) (m wechat.Member, err error) {
	err = a.withToken(ctx, nil, func(token string) (err error) {
		m, err = a.cfg.Client.MemberUserInfo(ctx, token, cardID, code)
		return err
	})
	return m, err
}
