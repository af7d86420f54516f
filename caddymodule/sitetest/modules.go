package sitetest

import (
	// What a site may be made of: the plugin, and Caddy's own modules.
	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule"

	_ "github.com/caddyserver/caddy/v2/modules/caddyevents/eventsconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)
