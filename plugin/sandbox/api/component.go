package api

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Where a call of a component says whose it is. Those with a body take the token by either name, the older and the newer of WeChat's pages;
// those below /sns/ by one.
const (
	inBody  = "body"
	inQuery = "query"
)

// runOfComponent runs a call that wants a component_access_token.
func (c *call) runOfComponent(e endpoint, path string) (any, error) {
	text, id := c.query.Get("component_access_token"), c.query.Get("component_appid")
	if e.component == inBody {
		req, err := wire.Decode[struct {
			ID string `json:"component_appid"`
		}](c.body)
		if err != nil {
			return nil, err
		}
		if id = req.ID; text == "" {
			text = c.query.Get("access_token")
		}
	}
	var err error
	if c.component, err = c.world.Platform.Authorize(text, id, c.now); err != nil {
		return nil, err
	}
	if err := c.checkAddress(c.component); err != nil {
		return nil, err
	}
	if err := c.component.Spend(path, c.now); err != nil {
		return nil, err
	}
	return e.run(c)
}

// checkAddress refuses calls from elsewhere than a platform has said that it calls from.
func (c *call) checkAddress(p *platform.Component) error {
	for _, net := range p.Whitelist {
		if net.Contains(c.from) {
			return nil
		}
	}
	if len(p.Whitelist) > 0 {
		return wire.ErrForeignIP
	}
	return nil
}

// checkGrant refuses what an account has not granted to the platform whose token it is.
func (c *call) checkGrant(path string) error {
	if c.grant == nil {
		return nil
	}
	if p, found := c.world.Platform.Component(c.grant.Component); found {
		if err := c.checkAddress(p); err != nil {
			return err
		}
	}
	return c.grant.Check(c.app, path, c.query.Get("type"))
}

// startPushTicket has tickets pushed again. Of all calls this one calls the secret component_secret.
func startPushTicket(c *call) (any, error) {
	req, err := wire.Decode[struct {
		ID     string `json:"component_appid"`
		Secret string `json:"component_secret"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	p, err := c.world.Platform.Authenticate(req.ID, req.Secret)
	if err != nil {
		return nil, err
	}
	if err := c.checkAddress(p); err != nil {
		return nil, err
	}
	if p.Start(c.now) {
		return wire.Status{ErrMsg: "in a normal state"}, nil
	}
	c.world.Outbox.Rouse()
	return wire.OK, nil
}

func componentToken(c *call) (any, error) {
	req, err := wire.Decode[struct {
		ID     string `json:"component_appid"`
		Secret string `json:"component_appsecret"`
		Ticket string `json:"component_verify_ticket"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	p, err := c.world.Platform.Authenticate(req.ID, req.Secret)
	if err != nil {
		return nil, err
	}
	if err := c.checkAddress(p); err != nil {
		return nil, err
	}
	if err := p.Spend("/cgi-bin/component/api_component_token", c.now); err != nil {
		return nil, err
	}
	text, life, err := c.world.Platform.NewToken(p, req.Ticket, c.now)
	if err != nil {
		return nil, err
	}
	return struct {
		Token     string `json:"component_access_token"`
		ExpiresIn int    `json:"expires_in"`
	}{text, seconds(life)}, nil
}

func preAuthCode(c *call) (any, error) {
	return struct {
		Code      string `json:"pre_auth_code"`
		ExpiresIn int    `json:"expires_in"`
	}{c.world.Platform.NewPreAuthCode(c.component, c.now), int(c.component.PreAuthLife / time.Second)}, nil
}

// componentJSCode tells a platform whose a js_code is, of a mini program that has authorised it.
func componentJSCode(c *call) (any, error) {
	a, err := c.behalf()
	if err != nil {
		return nil, err
	}
	return c.session(a.AppID)
}

// componentWebToken tells a platform whose the code of a visitor is, of an account that has authorised it.
func componentWebToken(c *call) (any, error) {
	a, err := c.behalf()
	if err != nil {
		return nil, err
	}
	return c.visitor(a.AppID, c.component.ID)
}

// behalf is on whose behalf a platform asks.
func (c *call) behalf() (*platform.Authorisation, error) {
	switch {
	case c.query.Get("appid") == "":
		return nil, wire.ErrNoAppID
	case c.query.Get("grant_type") != "authorization_code":
		return nil, wire.ErrBadGrant
	}
	return c.component.Authorised(c.query.Get("appid"))
}
