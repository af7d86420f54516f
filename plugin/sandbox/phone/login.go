package phone

import "github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/secret"

// handedOut is what wx.login gives, and the e.detail of a getPhoneNumber button.
type handedOut struct {
	ErrMsg string `json:"errMsg"`
	Code   string `json:"code"`
}

// login is wx.login.
func (p *phone) login([]byte) (any, *Refused) {
	return handedOut{"login:ok", p.user + "." + secret.Text(16)}, nil
}

// getPhoneNumber is the user who taps such a button, and agrees.
func (p *phone) getPhoneNumber([]byte) (any, *Refused) {
	if p.app == "" {
		return nil, &Refused{TextParameter, "app_id", "say by appId which mini program runs: the code is for it alone"}
	}
	return handedOut{"getPhoneNumber:ok", p.world.Users.GivePhoneCode(p.user, p.app, p.now)}, nil
}
