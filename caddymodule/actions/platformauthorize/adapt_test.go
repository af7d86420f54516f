package platformauthorize_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

func TestAdapt(t *testing.T) { sitetest.Adapt(t) }
