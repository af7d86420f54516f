package thirdparty

import (
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/oauth"
)

// AuthType is which accounts WeChat's page offers, as the page's auth_type has it.
type AuthType string

// The kinds of accounts.
const (
	OfficialAccounts AuthType = "1"
	MiniPrograms     AuthType = "2"
	Both             AuthType = "3"
)

// Authorize is a merchant's way to WeChat's page.
type Authorize struct {
	PreAuthCode string
	Back        string // the address that WeChat sends the merchant back to, with an auth_code
	Type        AuthType
	AppID       string // of the one account that WeChat offers; "": any
	Mobile      bool   // the page is for WeChat on a phone; else the merchant scans it
}

// Where WeChat's page for computers is. That for phones is where its page for visitors is.
const pcURL = "https://mp.weixin.qq.com"

// AuthorizeURL is the address of WeChat's page. It must be reached from a page of the component's own host.
// WeChat describes it on the page 授权流程技术说明.
func (c *Component) AuthorizeURL(a Authorize) string {
	pc, mobile := c.cfg.OpenURL, c.cfg.OpenURL
	if mobile == "" || mobile == oauth.DefaultOpenURL {
		pc, mobile = pcURL, oauth.DefaultOpenURL
	}
	var b strings.Builder
	if a.Mobile {
		b.WriteString(mobile + "/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&component_appid=")
	} else {
		b.WriteString(pc + "/cgi-bin/componentloginpage?component_appid=")
	}
	b.WriteString(url.QueryEscape(c.cfg.AppID) + "&pre_auth_code=" + url.QueryEscape(a.PreAuthCode) +
		"&redirect_uri=" + url.QueryEscape(a.Back) + "&auth_type=" + string(a.Type))
	if a.AppID != "" {
		b.WriteString("&biz_appid=" + url.QueryEscape(a.AppID))
	}
	if a.Mobile {
		b.WriteString("#wechat_redirect")
	}
	return b.String()
}

// AttemptLife is how long a merchant may be at WeChat's page.
const AttemptLife = time.Hour

// Attempt is a merchant's way to WeChat's page and back, as the browser keeps it.
type Attempt struct {
	Nonce  string    `json:"nonce"` // of the address to come back to
	Return string    `json:"return,omitempty"`
	Begun  time.Time `json:"begun"`
}

const attemptLabel = "wechat_card authorisation attempt"

// NewAttempt begins an attempt.
func (c *Component) NewAttempt(back string) Attempt {
	return Attempt{Nonce: rand.Text(), Return: back, Begun: c.cfg.Now()}
}

// SealAttempt makes a text of an attempt that only this component's gateways can make.
func (c *Component) SealAttempt(a Attempt) string {
	text, _ := json.Marshal(a) // strings and a time
	return c.sealers[0].Seal(string(text), attemptLabel)
}

// OpenAttempt opens what SealAttempt made, within AttemptLife.
func (c *Component) OpenAttempt(text string) (a Attempt, ok bool) {
	for _, sealer := range c.sealers {
		plain, err := sealer.Open(text, attemptLabel)
		if err != nil {
			continue
		}
		if json.Unmarshal([]byte(plain), &a) != nil || a.Nonce == "" {
			return Attempt{}, false
		}
		age := c.cfg.Now().Sub(a.Begun)
		return a, -time.Minute < age && age < AttemptLife
	}
	return Attempt{}, false
}

// attemptSealers makes what seals attempts, and what opens those of the keys before.
func (c *Component) attemptSealers() (sealers []*seal.Sealer, err error) {
	secret, older := c.secrets()
	for _, key := range append([]string{secret}, older...) {
		sealer, err := seal.For(key, "authorisation attempts")
		if err != nil {
			return nil, err
		}
		sealers = append(sealers, sealer)
	}
	return sealers, nil
}
