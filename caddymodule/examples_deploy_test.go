//go:build !nowechatredis

package caddymodule_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestDeployedCaddyfiles runs the Caddyfiles of the examples that need a machine of their own to run on: with the sandbox as WeChat,
// without Redis, and with secrets where the tests may write.
func TestDeployedCaddyfiles(t *testing.T) {
	const card, key = "pjZ8Yt1XGILfi-FUsewpnnolGgZk", "the-key-of-backends"
	secrets := t.TempDir()
	for _, name := range []string{"redis_password", "wechat_app_secret"} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte("s3cr3t\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"WECHAT_APP_ID": "wx5a6d8b2c4e1f3a70", "WECHAT_APP_SECRET": "s3cr3t", "WECHAT_CARDS": card, "GATEWAY_KEY": key, "REDIS_PASSWORD": "another",
		"PROXIES": "10.0.0.0/8", "SITE": "http://shop.example.com",
	} {
		t.Setenv(name, value)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the shop")) }))
	defer backend.Close()
	t.Setenv("SHOP", strings.TrimPrefix(backend.URL, "http://"))
	redis := regexp.MustCompile(`(?s)\t\tstore redis .*?\n\t\t}\n`)

	for name, want := range map[string]map[string]string{ // what each port answers
		"compose": {":80/wechat/addCard": `"cardExt":`, ":80/cart": "the shop"},
		"systemd": {":443/wechat/addCard": `"cardExt":`},
		"kubernetes": {
			":8080/wechat/addCard": `"cardExt":`, ":8080/cart": "the shop", ":8080/healthz": "", ":8080/cgi-bin/token?grant_type=client_credential": "the shop",
			":8090/cgi-bin/token?grant_type=client_credential&appid=wx5a6d8b2c4e1f3a70&secret=" + key: `"access_token":`,
			":8090/cgi-bin/token?grant_type=client_credential&appid=wx5a6d8b2c4e1f3a70&secret=no":     `"errcode":40125`,
			":8090/card/delete?access_token=" + key:                                                   `"reason":"path_not_allowed"`, ":8090/card/get": `"reason":"client_not_allowed"`, ":8090/wechat/addCard": `"reason":"client_not_allowed"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			wechat := httptest.NewServer(sandbox.New(sandbox.Config{}))
			defer wechat.Close()
			raw, err := os.ReadFile("../examples/" + name + "/Caddyfile")
			if err != nil {
				t.Fatal(err)
			}
			text := redis.ReplaceAllString(string(raw), "")
			text = regexp.MustCompile(`/run/(secrets|credentials/caddy-wechat-card\.service)/`).ReplaceAllString(text, secrets+"/")
			text = strings.Replace(text, "\twechat_card {\n", "\tadmin off\n\tstorage file_system "+t.TempDir()+"\n\twechat_card {\n\t\tapi "+wechat.URL+"\n\t\tstore off\n", 1)
			ctx := sitetest.Provision(t, text)
			loaded, err := ctx.App(app.Name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = loaded.(*app.App).Cleanup() }()
			sites, err := ctx.App("http")
			if err != nil {
				t.Fatal(err)
			}
			for target, body := range want {
				port, path, _ := strings.Cut(target, "/")
				asked := false
				for _, server := range sites.(*caddyhttp.App).Servers {
					if !strings.HasSuffix(server.Listen[0], port) {
						continue
					}
					asked = true
					r := httptest.NewRequest(http.MethodGet, "http://shop.example.com/"+path, nil)
					r.RemoteAddr = "10.1.2.3:4711"
					w := httptest.NewRecorder()
					server.ServeHTTP(w, r)
					if !strings.Contains(w.Body.String(), body) {
						t.Errorf("%s: got %d %s", target, w.Code, w.Body)
					}
				}
				if !asked {
					t.Errorf("nothing listens on %s", port)
				}
			}
		})
	}
}
