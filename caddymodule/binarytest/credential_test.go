//go:build binary

package binarytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
)

// gateway is the configuration of a site with the gateway on port, talking to w. Its store is Caddy's own storage. What
// neither addCard nor more answer is an empty 200.
func gateway(w *wechat, port, more string) string {
	return fmt.Sprintf(`
{
	default_bind 127.0.0.1
	wechat_card {
		api %s
		account {
			app_id wx0123456789abcdef
			app_secret {env.APP_SECRET}
		}
	}
}

:%s {
	wechat_card /addCard add_card {
		card *
	}
	%s
}
`, w.url, port, more)
}

const appSecret = "APP_SECRET=8f0c4e1d7b3a69258f0c4e1d7b3a6925"

// oneOfEach are the calls that one credential of each kind costs.
var oneOfEach = map[string]int{"/cgi-bin/stable_token": 1, "/cgi-bin/ticket/getticket": 1}

func TestColdStartCostsOneCall(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer client.CloseIdleConnections()
	var answered atomic.Int32
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			resp, err := client.Get("http://127.0.0.1:" + port + "/addCard?card_id=pCard")
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	if n := answered.Load(); n != 1000 {
		t.Errorf("%d of 1000 first callers were answered", n)
	}
	w.wantCalls(t, oneOfEach)
}

func TestReloadUnderTraffic(t *testing.T) {
	t.Parallel()
	w := runWeChat(t, "")
	h := newHome(t, appSecret)
	port := freeport.Ports(t, 1)[0]
	c := h.run(t, h.file(t, "Caddyfile", gateway(w, port, "")))

	ctx, stopTraffic := context.WithTimeout(t.Context(), time.Minute)
	defer stopTraffic()
	const reloads = 10
	var served, dropped atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		path := []string{"/addCard?card_id=pCard", "/anything"}[i%2]
		wg.Go(func() {
			for ctx.Err() == nil {
				_, err := fetch(ctx, "http://127.0.0.1:"+port+path)
				switch {
				case err == nil:
					served.Add(1)
				case ctx.Err() != nil:
				case errors.Is(err, errNoAnswer) && dropped.Add(1) <= reloads:
					// a server of Go's that shuts down may close a connection that it has just accepted
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range reloads {
		c.reload(t, h.file(t, "Caddyfile", gateway(w, port, fmt.Sprintf("header X-Version %d", i))))
	}
	stopTraffic()
	wg.Wait()
	if served.Load() == 0 {
		t.Error("nothing was served")
	}
	w.wantCalls(t, oneOfEach)
}
