package api

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// category is a permission set in an answer.
type category struct {
	Category struct {
		ID int `json:"id"`
	} `json:"funcscope_category"`
}

// authorization is what api_query_auth and api_get_authorizer_info tell of what was granted.
type authorization struct {
	AppID        string     `json:"authorizer_appid"`
	AccessToken  string     `json:"authorizer_access_token,omitempty"`
	ExpiresIn    int        `json:"expires_in,omitempty"`
	RefreshToken string     `json:"authorizer_refresh_token"`
	Sets         []category `json:"func_info"`
}

func authorizationOf(a *platform.Authorisation, refresh string) authorization {
	sets := make([]category, len(a.Sets))
	for i, set := range a.Sets {
		sets[i].Category.ID = set
	}
	return authorization{AppID: a.AppID, RefreshToken: refresh, Sets: sets}
}

func queryAuth(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Code string `json:"authorization_code"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	a, t, err := c.world.Platform.Exchange(c.component, req.Code, c.now)
	if err != nil {
		return nil, err
	}
	info := authorizationOf(a, a.Current())
	info.AccessToken, info.ExpiresIn = t.Text, seconds(t.Expires.Sub(c.now))
	return struct {
		Info authorization `json:"authorization_info"`
	}{info}, nil
}

func authorizerToken(c *call) (any, error) {
	req, err := wire.Decode[struct {
		AppID   string `json:"authorizer_appid"`
		Refresh string `json:"authorizer_refresh_token"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	a, t, err := c.world.Platform.Renew(c.component, req.AppID, req.Refresh, c.now)
	if err != nil {
		return nil, err
	}
	return struct {
		Token     string `json:"authorizer_access_token"`
		ExpiresIn int    `json:"expires_in"`
		Refresh   string `json:"authorizer_refresh_token"`
	}{t.Text, seconds(t.Expires.Sub(c.now)), a.Current()}, nil
}

// authorizerInfo tells what an account is. A mini program has service type 0, as a subscription account has; MiniProgramInfo tells them apart.
func authorizerInfo(c *call) (any, error) {
	req, err := wire.Decode[struct {
		AppID string `json:"authorizer_appid"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	a, err := c.component.Authorised(req.AppID)
	if err != nil {
		return nil, err
	}
	m, err := c.world.Platform.Merchant(a.AppID)
	if err != nil {
		return nil, err
	}
	type id struct {
		ID int `json:"id"`
	}
	type info struct {
		Name     string         `json:"nick_name"`
		HeadImg  string         `json:"head_img"`
		Service  id             `json:"service_type_info"`
		Verified id             `json:"verify_type_info"`
		UserName string         `json:"user_name"`
		Alias    string         `json:"alias"`
		QRCode   string         `json:"qrcode_url"`
		Business map[string]int `json:"business_info"`
		Owner    string         `json:"principal_name"`
		Sign     string         `json:"signature"`
		Mini     *struct{}      `json:"MiniProgramInfo,omitempty"`
		Status   int            `json:"account_status"`
	}
	i := info{
		Name: m.Name, UserName: m.UserName, Owner: m.Name, Status: m.Status, Service: id{2},
		Business: map[string]int{"open_pay": 0, "open_shake": 0, "open_scan": 0, "open_card": 1, "open_store": 0},
	}
	if m.MiniProgram {
		i.Service.ID, i.Mini, i.Business["open_card"] = 0, &struct{}{}, 0
	}
	if m.Unverified {
		i.Verified.ID, i.Business["open_card"] = -1, 0
	}
	return struct {
		Authorizer    info          `json:"authorizer_info"`
		Authorization authorization `json:"authorization_info"`
	}{i, authorizationOf(a, a.RefreshToken())}, nil
}

const maxListed = 500

// authorizerList lists who has authorised a platform. Of all calls this one calls the refresh token refresh_token.
func authorizerList(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Offset int `json:"offset"`
		Count  int `json:"count"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	if req.Count < 1 || req.Count > maxListed || req.Offset < 0 {
		return nil, wire.ErrBadCount
	}
	type listed struct {
		AppID   string `json:"authorizer_appid"`
		Refresh string `json:"refresh_token"`
		Since   int64  `json:"auth_time"`
	}
	all := c.component.Authorisations()
	answer := struct {
		Total int      `json:"total_count"`
		List  []listed `json:"list"`
	}{len(all), []listed{}}
	for _, a := range all[min(req.Offset, len(all)):min(req.Offset+req.Count, len(all))] {
		answer.List = append(answer.List, listed{a.AppID, a.RefreshToken(), a.Since.Unix()})
	}
	return answer, nil
}
