package plugin

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
)

// Busy is what a call past a limit fails with.
type Busy = limit.Busy
