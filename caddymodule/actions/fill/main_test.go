package fill_test

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/sandboxtest"
)

// TestMain runs the tests of what is signed under every rule by which WeChat may give tickets.
func TestMain(m *testing.M) {
	sandboxtest.UnderEveryRule(m, "^TestFill(|OpenID|Refuses|WithoutTicket|Chain|EmptyArray)$")
}
