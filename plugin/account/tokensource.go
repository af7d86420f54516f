package account

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
)

// TokenSource says where access_tokens come from.
type TokenSource string

// The token sources.
const (
	Stable  TokenSource = "stable"  // POST /cgi-bin/stable_token: leaves other systems' tokens alone
	Classic TokenSource = "classic" // GET /cgi-bin/token: each one kills the one before
	None    TokenSource = "none"    // calls need none: WeChat's cloud hosting (微信云托管) puts it in on the way

	// Somebody else keeps it. Config.Token says who.
	Remote = TokenSource(source.NameRemote)
	Redis  = TokenSource(source.NameRedis)
)

// NeedsSecret tells whether access_tokens of the source are fetched with the app secret.
func (s TokenSource) NeedsSecret() bool { return s == "" || s == Stable || s == Classic }
