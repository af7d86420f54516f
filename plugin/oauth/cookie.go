package oauth

import (
	"encoding/base64"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
)

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
