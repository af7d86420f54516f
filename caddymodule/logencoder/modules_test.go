package logencoder_test

import (
	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest" // all modules
)
