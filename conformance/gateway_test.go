package conformance

import (
	"crypto/sha1" //nolint:gosec // it is WeChat's
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/caddy-wechat-card/caddy-wechat-card/caddymodule"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// gateway is a Caddy that lends credentials and relays calls, in front of a WeChat of its own.
type gateway struct {
	URL    string
	WeChat *sandbox.Sandbox
	App    *app.App
}

// provisioning is held by who makes a Caddy: it has globals, and tests run side by side.
var provisioning sync.Mutex

// startGateway starts one with these lines in the account and in credentials.
func startGateway(t testing.TB, standIn *sandbox.Sandbox, account, credentials string) *gateway {
	t.Helper()
	api := httptest.NewServer(standIn)
	t.Cleanup(api.Close)
	provisioning.Lock()
	defer provisioning.Unlock()
	ctx := sitetest.Provision(t, fmt.Sprintf(`{
	admin off
	storage file_system %s
	log {
		output discard
	}
	wechat_card {
		api %s
		store caddy
		account {
			app_id %s
			app_secret %s
			%s
		}
	}
}
http://localhost:9080 {
	route {
		wechat_card credentials {
			%s
		}
		wechat_card relay {
			allow /cgi-bin/menu/*
		}
	}
}`, t.TempDir(), api.URL, sitetest.AppID, sitetest.Secret, account, credentials))
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{WeChat: standIn, App: loaded.(*app.App)}
	front := httptest.NewServer(httpApp.(*caddyhttp.App).Servers["srv0"])
	t.Cleanup(func() {
		front.Close()
		_ = g.App.Stop()
		_ = g.App.Cleanup()
	})
	_, port, _ := net.SplitHostPort(front.Listener.Addr().String())
	g.URL = "http://localhost:" + port
	return g
}

// renewTicket has the gateway fetch another jsapi_ticket, as it does when the one before comes to its end.
func (g *gateway) renewTicket(t testing.TB) {
	t.Helper()
	if err := g.WeChat.Revoke(sandbox.Revocation{Kind: "jsapi_ticket"}); err != nil {
		t.Fatal(err)
	}
	if err := g.App.Account(app.DefaultAccount).Refresh(t.Context(), credential.JSAPITicket, false); err != nil {
		t.Fatal(err)
	}
}

// checkSignature wants what wx.config gets to be signed with the present ticket.
func (g *gateway) checkSignature(t testing.TB, page, nonce, timestamp, signature string) {
	t.Helper()
	ticket, err := g.App.Account(app.DefaultAccount).Credential(t.Context(), credential.JSAPITicket)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + nonce + "&timestamp=" + timestamp + "&url=" + page)) //nolint:gosec // it is WeChat's
	if want := hex.EncodeToString(sum[:]); signature != want {
		t.Errorf("%s is signed with another ticket than the present one", page)
	}
}

const page = "https://shop.example.com/?n=1"

// pollEvery is how often a test that waits for time to pass looks.
const pollEvery = 100 * time.Millisecond

// postMenu makes a menu, so that there is one to get.
func postMenu(g *gateway) (answer string, err error) {
	resp, err := http.Post(g.URL+"/cgi-bin/menu/create?access_token=any", "application/json", strings.NewReader(menu))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && !strings.Contains(string(raw), `"errcode":0`) {
		err = errNoMenu
	}
	return string(raw), err
}

var errNoMenu = errors.New("the menu is refused")
