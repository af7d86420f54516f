package api

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// tokenAnswer carries no errcode: WeChat's token endpoints do not when all is well.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

func classicToken(c *call) (any, error) {
	q := c.query
	if c.isComponent(q.Get("appid")) {
		return nil, wire.ErrUseComponent
	}
	a, err := c.world.Accounts.Authenticate(q.Get("appid"), q.Get("secret"), q.Get("grant_type"), "client_credential")
	if err != nil {
		return nil, err
	}
	if err := a.Spend("/cgi-bin/token", c.now); err != nil {
		return nil, err
	}
	t := c.world.Accounts.Classic(a, c.now)
	return tokenAnswer{t.Text, seconds(c.world.Accounts.ExpiresIn)}, nil
}

func stableToken(c *call) (any, error) {
	req, err := wire.Decode[struct {
		GrantType    string `json:"grant_type"`
		AppID        string `json:"appid"`
		Secret       string `json:"secret"`
		ForceRefresh bool   `json:"force_refresh"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if c.isComponent(req.AppID) {
		return nil, wire.ErrUseComponent
	}
	a, err := c.world.Accounts.Authenticate(req.AppID, req.Secret, req.GrantType, "client_credential")
	if err != nil {
		return nil, err
	}
	if err := a.Spend("/cgi-bin/stable_token", c.now); err != nil {
		return nil, err
	}
	t, err := c.world.Accounts.Renewed(a, req.ForceRefresh, c.now)
	if err != nil {
		return nil, err
	}
	return tokenAnswer{t.Text, seconds(t.Expires.Sub(c.now))}, nil
}

// isComponent says whether an app id is a third-party platform's, which has no access_token.
func (c *call) isComponent(id string) bool {
	_, found := c.world.Platform.Component(id)
	return id != "" && found
}

// seconds are whole ones, at least 1.
func seconds(d time.Duration) int { return max(1, int(d/time.Second)) }
