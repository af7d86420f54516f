package api

import (
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/users"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// getPhoneNumber takes a code of getPhoneNumber once: one that the phone has handed out, for five minutes and in its own mini program
// only; or any other that begins with users.PhonePrefix, which names its user as a js_code does ("phone-alice.1"). What WeChat says of a
// used one is not published; here it is 40029, as of every other that is none.
func getPhoneNumber(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Code   string `json:"code"`
		OpenID string `json:"openid"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	user, err := c.world.Users.TakePhoneCode(c.app.ID, req.Code, c.now)
	if err != nil {
		return nil, err
	}
	if req.OpenID != "" && req.OpenID != c.world.Users.OpenID(c.app.ID, user) {
		return nil, wire.ErrBadOpenID
	}
	number, pure, country := users.PhoneNumber(user)
	code, _ := json.Marshal(country) // WeChat's pages have it as a string, older ones as a number
	if c.world.Users.CountryAsNumber {
		code = json.RawMessage(country)
	}
	type watermark struct {
		Timestamp int64  `json:"timestamp"`
		AppID     string `json:"appid"`
	}
	type info struct {
		Number    string          `json:"phoneNumber"`
		Pure      string          `json:"purePhoneNumber"`
		Country   json.RawMessage `json:"countryCode"`
		Watermark watermark       `json:"watermark"`
	}
	return struct {
		wire.Status
		Info info `json:"phone_info"`
	}{wire.OK, info{number, pure, code, watermark{c.now.Unix(), c.app.ID}}}, nil
}
