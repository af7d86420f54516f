package trigger_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
)

// TestNobodySaysYes shows what would be sent where there is no sandbox and nobody to ask, and ends as the help says: not as a command
// that was called wrongly.
func TestNobodySaysYes(t *testing.T) {
	config := commandtest.Config(t, "api http://127.0.0.1:1\nstore off\naccount {\napp_id "+sitetest.AppID+"\napp_secret {env.TEST_APP_SECRET}\nmessage_push t0ken\n}", "wechat_card /push message_push")
	r := commandtest.Run(t, "", "trigger", "user_get_card", "--config", config)
	commandtest.Want(t, r, false, "/push  user_get_card", "<![CDATA[user_get_card]]>", "--yes")
	if r.Usage {
		t.Errorf("called wrongly: %s", r.Stderr)
	}
}

// TestOffersNoBareAccount: an account that is named by its app_id alone has no message_push settings to seal with.
func TestOffersNoBareAccount(t *testing.T) {
	if r := commandtest.Run(t, "", "trigger", "--help"); strings.Contains(r.Stdout, "--app-id") || strings.Contains(r.Stdout, "--api") {
		t.Errorf("got %s", r.Stdout)
	}
	t.Chdir(t.TempDir())
	r := commandtest.Run(t, "", "trigger", "user_get_card")
	if commandtest.Want(t, r, false, "--config"); !r.Usage || strings.Contains(r.Stderr, "--app-id") {
		t.Errorf("got %s", r.Stderr)
	}
}
