//go:build binary

package binarytest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// TestOAuth has a visitor log in at two processes with one store, which both get WeChat's callback at the same time.
func TestOAuth(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	ports := freeport.Ports(t, 2)
	sites := make([]string, len(ports))
	for i, port := range ports {
		sites[i] = "http://127.0.0.1:" + port
		h.run(t, h.file(t, "Caddyfile"+port, fmt.Sprintf(`{
	wechat_card {
		api %s
		open %s
		account {
			app_id wx0000000000000001
			app_secret {env.APP_SECRET}
		}
	}
}
http://127.0.0.1:%s {
	route {
		wechat_card oauth {
			origin http://127.0.0.1:%s
			require
		}
		respond "visitor {http.wechat_card.openid}"
	}
}
`, w.url, w.url, port, ports[0])))
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(address string) (body, location string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/html")
		resp, err := browser.Do(req)
		if err != nil {
			t.Error(err)
			return "", ""
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		return string(answer), resp.Header.Get("Location")
	}
	_, authorize := ask(sites[0] + "/page")
	_, callback := ask(authorize)
	if !strings.HasPrefix(callback, sites[0]+"/wechat/oauth/callback?code=") {
		t.Fatalf("got %q and %q", authorize, callback)
	}
	var both sync.WaitGroup
	for i := range 6 {
		both.Go(func() {
			if body, location := ask(strings.Replace(callback, sites[0], sites[i%2], 1)); location != "/page" {
				t.Errorf("got %q %s", location, body)
			}
		})
	}
	both.Wait()
	if n := w.calls(t)["/sns/oauth2/access_token"]; n != 1 {
		t.Errorf("%d exchanges", n)
	}
	for _, site := range sites {
		if body, location := ask(site + "/page"); !strings.HasPrefix(body, "visitor o") || location != "" {
			t.Errorf("%s: got %s", site, body)
		}
	}
}
