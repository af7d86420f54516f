package caddymodule

import (
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/cenkalti/backoff/v5"
	_ "github.com/hashicorp/golang-lru/v2"
	_ "github.com/patrickmn/go-cache"
	_ "go.uber.org/goleak"
	_ "go.uber.org/zap"
	_ "golang.org/x/sync/singleflight"
	_ "golang.org/x/time/rate"
)
