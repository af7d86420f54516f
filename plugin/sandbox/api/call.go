package api

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// call is one call of the API, as its endpoint sees it; the world is locked.
type call struct {
	world *world.World
	now   time.Time
	app   *accounts.App   // whose access_token it is
	grant *accounts.Grant // by which a third-party platform has it; nil: it is the account's own

	component *platform.Component // whose component_access_token it is
	from      netip.Addr          // whose call it is
	query     url.Values
	body      []byte
	known     func(path string) bool // says whether there is such a call
}
