package oauth

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
)

// Visitor is who a visitor is.
type Visitor struct {
	OpenID  string // in the official account
	UnionID string // "": WeChat gives none
}

// sessionText is how a session lies in its cookie.
type sessionText struct {
	OpenID  string `json:"o"`
	UnionID string `json:"u,omitempty"`
	Time    int64  `json:"t"` // by WeChat's clock, which a fleet has in common
}

// SealSession gives the text of a cookie that says who a visitor is.
func (v *Visitors) SealSession(visitor Visitor) string {
	text, _ := json.Marshal(sessionText{visitor.OpenID, visitor.UnionID, v.cfg.WeChatTime().Unix()}) // can always be written
	return sealCookie(v.must().sessions, string(text), "session")
}

// OpenSession reads what SealSession made: of this account, with its secret as it is now, and younger than life.
func (v *Visitors) OpenSession(cookie string, life time.Duration) (Visitor, bool) {
	var text sessionText
	if !openCookie(v.must().sessions, cookie, "session", &text) || text.OpenID == "" {
		return Visitor{}, false
	}
	age := v.cfg.WeChatTime().Sub(time.Unix(text.Time, 0))
	if age < -2*skew || age >= life {
		return Visitor{}, false
	}
	return Visitor{text.OpenID, text.UnionID}, true
}

// inCookies is base64 as it may stand in a cookie. Each text of it stands for other bytes, so that one that was changed opens not.
var inCookies = base64.RawURLEncoding.Strict()

// maxCookie is more than any cookie of ours has, and about what browsers keep.
const maxCookie = 4096

func sealCookie(sealer *seal.Sealer, text, label string) string {
	raw, _ := base64.StdEncoding.DecodeString(sealer.Seal(text, label)) // as it was encoded
	return inCookies.EncodeToString(raw)
}

func openCookie(sealer *seal.Sealer, cookie, label string, text any) bool {
	if cookie == "" || len(cookie) > maxCookie {
		return false
	}
	raw, err := inCookies.DecodeString(cookie)
	if err != nil {
		return false
	}
	opened, err := sealer.Open(base64.StdEncoding.EncodeToString(raw), label)
	return err == nil && json.Unmarshal([]byte(opened), text) == nil
}
