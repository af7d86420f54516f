package wechat

import (
	"context"
	"net/url"
	"strings"
)

// MiniUser is a user of a mini program. WeChat's answer also holds a
// session_key, which is not even read.
type MiniUser struct {
	MiniOpenID string `json:"openid"`  // in the mini program, not in the official account
	UnionID    string `json:"unionid"` // empty unless the mini program is bound to an account at open.weixin.qq.com
}

func (u *MiniUser) check() error {
	if u.MiniOpenID == "" || !isUserID(u.MiniOpenID) || !isUserID(u.UnionID) {
		return errValue
	}
	return nil
}

// isUserID accepts what may stand in a header; the bound is ours, WeChat's ids
// have 28 characters.
func isUserID(id string) bool {
	return len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Login tells by /sns/jscode2session whose js_code it is, with the mini
// program's own app_id and secret. A js_code works once, so the call is not
// repeatable.
func (c *Client) Login(ctx context.Context, appID, secret, jsCode string) (MiniUser, error) {
	var u MiniUser
	err := c.Do(ctx, Call{
		API:  "jscode2session",
		Path: "/sns/jscode2session",
		Query: url.Values{
			"appid": {appID}, "secret": {secret}, "js_code": {jsCode}, "grant_type": {"authorization_code"},
		},
		Secrets: []string{secret, jsCode},
	}, &u)
	if err != nil {
		return MiniUser{}, err
	}
	return u, nil
}
