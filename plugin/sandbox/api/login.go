package api

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// A js_code names its user: "alice.1" and "alice.2" are two logins of alice, a js_code without a dot is the name.

// jscode2session tells whose a js_code is.
func jscode2session(c *call) (any, error) {
	q := c.query
	a, err := c.world.Accounts.Authenticate(q.Get("appid"), q.Get("secret"), q.Get("grant_type"), "authorization_code")
	if err != nil {
		return nil, err
	}
	return c.session(a.ID)
}

// session takes any js_code once. One that begins with "bad" is invalid, with "risk" of a user whom WeChat blocks.
func (c *call) session(appID string) (any, error) {
	code := c.query.Get("js_code")
	user, _, _ := strings.Cut(code, ".")
	switch {
	case user == "" || users.IsPhoneCode(code) || strings.HasPrefix(code, "bad") || len(code) > wire.MaxText:
		return nil, wire.ErrBadJSCode
	case strings.HasPrefix(code, "risk"):
		return nil, wire.ErrRiskyUser
	}
	if !c.world.Users.Login(appID, code) {
		return nil, wire.ErrUsedJSCode
	}
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return struct {
		SessionKey string `json:"session_key"`
		OpenID     string `json:"openid"`
		UnionID    string `json:"unionid"`
	}{base64.StdEncoding.EncodeToString(key[:]), c.world.Users.OpenID(appID, user), users.UnionID(user)}, nil
}
