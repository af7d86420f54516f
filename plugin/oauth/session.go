package oauth

import (
	"encoding/json"
	"time"
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
