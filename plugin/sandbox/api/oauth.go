package api

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/oauth"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
)

// webAccessToken tells whose the code of a visitor is.
func webAccessToken(c *call) (any, error) {
	q := c.query
	a, err := c.world.Accounts.Authenticate(q.Get("appid"), q.Get("secret"), q.Get("grant_type"), "authorization_code")
	if err != nil {
		return nil, err
	}
	return c.visitor(a.ID, "")
}

// visitor tells whose the code of a visitor is, which a platform asked for or, where there is none, the account. The ids of one who sees a
// snapshot are nobody's, and new each time.
func (c *call) visitor(appID, component string) (any, error) {
	g, err := c.world.OAuth.Exchange(appID, component, c.query.Get("code"), c.now)
	if err != nil {
		return nil, err
	}
	answer := struct {
		AccessToken    string `json:"access_token"`
		ExpiresIn      int    `json:"expires_in"`
		RefreshToken   string `json:"refresh_token"`
		OpenID         string `json:"openid"`
		Scope          string `json:"scope"`
		IsSnapshotUser int    `json:"is_snapshotuser,omitempty"`
		UnionID        string `json:"unionid,omitempty"`
	}{AccessToken: secret.Text(64), ExpiresIn: 7200, RefreshToken: secret.Text(64), Scope: g.Scope}
	user := g.User
	if g.Snapshot {
		user = "snapshot " + secret.Text(9)
		if !c.world.OAuth.Mood.Untold {
			answer.IsSnapshotUser = 1
		}
	}
	answer.OpenID = c.world.Users.OpenID(appID, user)
	if g.Scope == oauth.UserInfo && !c.world.OAuth.Mood.Unbound {
		answer.UnionID = users.UnionID(user)
	}
	return answer, nil
}
