package wechat

import (
	"context"
	"net/url"
)

// ComponentLogin tells by /sns/component/jscode2session whose js_code it is, of a mini program that authorised the component. A
// js_code works once, so the call is not repeatable.
func (c *Client) ComponentLogin(ctx context.Context, of Component, appID, jsCode string) (MiniUser, error) {
	var u MiniUser
	err := c.component(ctx, of, Call{
		API:  APIComponentLogin,
		Path: "/sns/component/jscode2session",
		Query: url.Values{
			"appid": {appID}, "js_code": {jsCode}, "grant_type": {"authorization_code"}, "component_appid": {of.AppID},
		},
		Secrets: []string{jsCode},
	}, &u)
	if err != nil {
		return MiniUser{}, err
	}
	return u, nil
}

// ComponentWebLogin tells by /sns/oauth2/component/access_token whose the code of an authorization (网页授权) is, of an official
// account that authorised the component. A code works once, so the call is not repeatable.
func (c *Client) ComponentWebLogin(ctx context.Context, of Component, appID, code string) (WebUser, error) {
	var a webAnswer
	err := c.component(ctx, of, Call{
		API:  APIComponentWebLogin,
		Path: "/sns/oauth2/component/access_token",
		Query: url.Values{
			"appid": {appID}, "code": {code}, "grant_type": {"authorization_code"}, "component_appid": {of.AppID},
		},
		Secrets: []string{code},
	}, &a)
	if err != nil {
		return WebUser{}, err
	}
	return WebUser{a.OpenID, a.UnionID, bool(a.Snapshot)}, nil
}

// CustomText sends a text to a user who has written lately, by /cgi-bin/message/custom/send. A text that is sent twice is read
// twice, so the call is not repeatable.
func (c *Client) CustomText(ctx context.Context, accessToken, openID, text string) error {
	type content struct {
		Content string `json:"content"`
	}
	return c.Do(ctx, Call{
		API:         APICustomText,
		Path:        "/cgi-bin/message/custom/send",
		AccessToken: accessToken,
		Body: struct {
			To   string  `json:"touser"`
			Type string  `json:"msgtype"`
			Text content `json:"text"`
		}{openID, "text", content{text}},
		Secrets: []string{text},
	}, nil)
}
