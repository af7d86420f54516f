package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
)

// Busy is what a call past a limit fails with.
type Busy = limit.Busy

// TokenSource says where access_tokens come from.
type TokenSource = account.TokenSource

// The token sources.
const (
	Stable  = account.Stable
	Classic = account.Classic
	None    = account.None
	Remote  = account.Remote
	Redis   = account.Redis
)
