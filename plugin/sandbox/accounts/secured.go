package accounts

import (
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
)

// Secured is an app that has API 安全 switched on, with WeChat's side of its keys.
type Secured struct {
	Keys *secure.Keys
	// Deprecated are the keys with WeChat's certificate of before, which signs answers too; nil: there is one certificate.
	Deprecated *secure.Keys
	// Demanded are the paths that are taken sealed only, as WeChat has it of some. All others are taken either way.
	Demanded []string
}

// Demands tells whether a path is taken sealed only.
func (s Secured) Demands(path string) bool { return slices.Contains(s.Demanded, path) }

// Seal seals an answer.
func (s Secured) Seal(appID, path string, answer []byte, now func() time.Time) (secure.Call, error) {
	var deprecated *secure.Channel
	if s.Deprecated != nil {
		deprecated = s.Deprecated.Of(appID, now)
	}
	return s.Keys.Of(appID, now).SealAnswer(path, answer, deprecated)
}
