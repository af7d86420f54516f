package oauth_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

// TestLogsHoldNothingSecret goes all ways of a visitor with everything logged, and looks for what must not lie about.
func TestLogsHoldNothingSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.log")
	siteLog = "output file " + file + "\n\t\tlevel DEBUG\n\t\tformat wechat_card"
	t.Cleanup(func() { siteLog = "output discard" })
	w := newWeb(t, strings.Replace(baseSite, "origin", "require\norigin", 1))
	b := w.browser()
	secrets := map[string]string{"app_secret": sitetest.Secret, "openid": w.wechat.OpenID(sitetest.AppID, "demo")}
	callback := b.authorize(shop + "/page")
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	secrets["code"], secrets["state"] = u.Query().Get("code"), u.Query().Get("state")
	if err := w.wechat.Fail(
		sandbox.Fault{Path: "/sns/oauth2/access_token", Times: 1, ErrCode: -1}, sandbox.Fault{Path: "/sns/oauth2/access_token", Times: 1, Drop: true},
		sandbox.Fault{Path: "/sns/oauth2/access_token", Times: 1, ErrCode: 40125},
	); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if a := b.get(callback); a.StatusCode < 500 {
			t.Errorf("got %d %s", a.StatusCode, a.body)
		}
	}
	b.get(callback)
	b.wantVisitor(b.get(shop+"/page"), secrets["openid"], "")
	b.get(query(callback, func(q url.Values) { q.Set("code", "CODE-THAT-IS-NONE") }))
	secrets["wrong code"] = "CODE-THAT-IS-NONE"
	for name, value := range b.cookiesOf(callback) {
		secrets["the cookie "+name] = value
	}
	w.browser().get(callback)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "/wechat/oauth/callback") || !strings.Contains(string(raw), "wechat card request failed") {
		t.Errorf("the log is %s", raw)
	}
	for name, secret := range secrets {
		if i := strings.Index(string(raw), secret); i >= 0 || secret == "" {
			t.Errorf("the log holds %s: %.400s", name, raw[max(0, i-300):])
		}
	}
}
