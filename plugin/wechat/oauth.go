package wechat

import (
	"context"
	"net/url"
)

// WebUser is a visitor of a web page in WeChat's browser. WeChat's answer also
// holds tokens of the visitor's, which are not even read.
type WebUser struct {
	OpenID   string // in the official account
	UnionID  string // empty unless the scope is snsapi_userinfo and the account is bound at open.weixin.qq.com
	Snapshot bool   // the page is shown as a snapshot (快照页): the ids are nobody's
}

// webAnswer is that of /sns/oauth2/access_token.
type webAnswer struct {
	OpenID   string `json:"openid"`
	UnionID  string `json:"unionid"`
	Snapshot flag   `json:"is_snapshotuser"`
}

func (a *webAnswer) check() error {
	if a.OpenID == "" || !isUserID(a.OpenID) || !isUserID(a.UnionID) {
		return errValue
	}
	return nil
}

// flag is set by any value but those that say no: WeChat's is 1, or absent.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "0", `"0"`, "false", `"false"`, "null", `""`:
		*f = false
	default:
		*f = true
	}
	return nil
}

// WebLogin tells by /sns/oauth2/access_token whose the code of an
// authorization (网页授权) is, with the official account's own app_id and
// secret. A code works once, so the call is not repeatable.
func (c *Client) WebLogin(ctx context.Context, appID, secret, code string) (WebUser, error) {
	var a webAnswer
	err := c.Do(ctx, Call{
		API:  APIWebLogin,
		Path: "/sns/oauth2/access_token",
		Query: url.Values{
			"appid": {appID}, "secret": {secret}, "code": {code}, "grant_type": {"authorization_code"},
		},
		Secrets: []string{secret, code},
	}, &a)
	if err != nil {
		return WebUser{}, err
	}
	return WebUser{a.OpenID, a.UnionID, bool(a.Snapshot)}, nil
}
