package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"go.uber.org/goleak"
)

// TestThousandFirstCallers asks a site for cards that nobody has asked before.
func TestThousandFirstCallers(t *testing.T) {
	s := sitetest.New(t, sitetest.AddCardSite)
	var failed atomic.Int32
	var wg sync.WaitGroup
	for range 1_000 {
		wg.Go(func() {
			if w := s.Get("/plain"); w.Code != http.StatusOK {
				failed.Add(1)
			}
		})
	}
	wg.Wait()
	calls := s.WeChat.Calls()
	if failed.Load() != 0 || calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("%d failed, calls %v", failed.Load(), calls)
	}
}

// TestReloadUnderTraffic runs Caddy and changes its configuration again and again while clients ask for cards.
func TestReloadUnderTraffic(t *testing.T) {
	sitetest.CheckPool(t)
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	defer api.Close()
	address := freeport.Address(t)
	storage := t.TempDir()
	load := func(i int) {
		t.Helper()
		config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(fmt.Appendf(nil, `{
	admin off
	persist_config off
	grace_period 1s
	storage file_system %s
	log {
		output discard
	}
	wechat_card {
		api %s
		account {
			app_id %s
			app_secret %s
		}
	}
}
http://%s {
	bind 127.0.0.1
	wechat_card /cards add_card {
		card p1 {
			outer_str load-%d
		}
	}
	respond up
}`, storage, api.URL, sitetest.AppID, sitetest.Secret, address, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load(config, true); err != nil {
			t.Fatal(err)
		}
	}
	stop := func() {
		t.Helper()
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	}

	load(0) // what Caddy starts once and never ends does not count
	stop()
	leaks := goleak.IgnoreCurrent()

	load(1)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	done := make(chan struct{})
	var answers, failures atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				resp, err := client.Post("http://"+address+"/cards", "application/json", strings.NewReader(`{}`))
				if err != nil {
					continue // a listener that changes hands
				}
				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				answers.Add(1)
				if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "load-") {
					failures.Add(1)
					t.Logf("got %s, %v: %s", resp.Status, err, body)
				}
			}
		})
	}
	for i := range 5 {
		load(i + 2)
		for before := answers.Load(); answers.Load() < before+20; {
			time.Sleep(time.Millisecond)
		}
	}
	close(done)
	wg.Wait()
	client.CloseIdleConnections()
	stop()
	if answers.Load() == 0 || failures.Load() != 0 {
		t.Errorf("%d of %d answers were failures", failures.Load(), answers.Load())
	}
	// The first run left its values in the store, so the second one asked for none.
	if calls := wechat.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("got calls %v", calls)
	}
	goleak.VerifyNone(t, leaks,
		// keeps a lock file fresh, and sees within five seconds that the lock is gone
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"))
}
