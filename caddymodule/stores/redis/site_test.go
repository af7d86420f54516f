//go:build !nowechatredis

package redis_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/freeport"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestStoreRedis runs Caddy with credentials in Redis, through a reload, a restart of Caddy and the loss of Redis.
func TestStoreRedis(t *testing.T) {
	sitetest.CheckPool(t)
	const password = "p@ss/word"
	server := redistest.StartAuth(t, redis.Options{Username: "operator", Password: "operator"},
		"--user", "operator", "on", ">operator", "~*", "&*", "+@all",
		"--user", "cards", "on", ">"+password, "~test:*", "+@all",
		"--user", "default", "off")
	clients := func() int {
		list, _ := server.Do("client", "list").(string)
		return strings.Count(list, "user=cards")
	}
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	defer api.Close()
	t.Setenv("TEST_REDIS", server.Addr)
	t.Setenv("TEST_REDIS_PASSWORD", password)
	t.Setenv("TEST_APP_SECRET", sitetest.Secret)
	address, logFile := freeport.Address(t), filepath.Join(t.TempDir(), "log")
	load := func(i int, redisPassword, source string) {
		t.Helper()
		config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(fmt.Appendf(nil, `{
	admin off
	persist_config off
	grace_period 1s
	storage file_system %s
	log {
		output file %s
		level DEBUG
	}
	wechat_card {
		api %s
		store redis redis://{env.TEST_REDIS} {
			username cards
			password %s
			prefix   test:
		}
		account {
			app_id %s
			app_secret {env.TEST_APP_SECRET}
			token_source %s
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
}`, t.TempDir(), logFile, api.URL, redisPassword, sitetest.AppID, source, address, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := caddy.Load(config, true); err != nil {
			t.Fatal(err)
		}
	}
	get := func(want string) {
		t.Helper()
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		// A listener changes hands at a reload: for a moment Caddy resets who comes, or answers by what was loaded before.
		server.Until(func() bool {
			resp, err := client.Post("http://"+address+"/cards", "application/json", strings.NewReader("{}"))
			if err != nil {
				return false
			}
			defer resp.Body.Close()
			body := new(strings.Builder)
			_ = resp.Write(body)
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("got %s", body)
			}
			return strings.Contains(body.String(), want)
		})
	}
	stop := func() {
		t.Helper()
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	}
	wantCalls := func(n int) {
		t.Helper()
		calls := wechat.Calls()
		if token := calls["/cgi-bin/stable_token"] + calls["/cgi-bin/token"]; token != n || calls["/cgi-bin/ticket/getticket"] != n {
			t.Errorf("got calls %v, want %d of each", calls, n)
		}
	}
	load(0, "{env.TEST_REDIS_PASSWORD}", "stable") // what Caddy starts once and never ends does not count
	stop()
	redistest.NoLeaks(t,
		// keeps a lock file fresh, and sees within five seconds that the lock is gone
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"))

	t.Cleanup(stop) // if it fails midway
	load(1, "{env.TEST_REDIS_PASSWORD}", "stable")
	get("load-1")
	var keys []any
	server.Until(func() bool { // two records and their copies are stored behind the answer, and then the locks are given back
		keys, _ = server.Do("keys", "*").([]any)
		return len(keys) == 4 && !slices.ContainsFunc(keys, func(key any) bool { return strings.Contains(fmt.Sprint(key), "lock:") })
	})
	for _, key := range keys {
		record := fmt.Sprint(server.Do("hgetall", key))
		if !strings.HasPrefix(key.(string), "test:") || strings.Contains(record, sitetest.Secret) || strings.Contains(record, sitetest.AppID) {
			t.Errorf("%v holds %v", key, record)
		}
		if life, _ := server.Do("pttl", key).(int64); life <= 0 {
			t.Errorf("%v lives %d ms", key, life)
		}
	}
	load(2, "{env.TEST_REDIS_PASSWORD}", "stable")
	get("load-2")
	stop()
	server.Until(func() bool { return clients() == 0 })

	load(3, "{env.TEST_REDIS_PASSWORD}", "stable") // has nothing in memory any more
	get("load-3")
	held := func() bool { // the token, too, which no request waits for
		var status admin.Status
		sitetest.Admin(t, admin.StatusPath, http.MethodGet, "", &status)
		for _, account := range status.Accounts {
			if account.Credentials[credential.AccessToken].State != credential.Fresh {
				return false
			}
		}
		return true
	}
	server.Until(held)
	wantCalls(1)
	if clients() == 0 {
		t.Error("nobody is connected")
	}

	server.Kill()
	load(4, "{env.TEST_REDIS_PASSWORD}", "stable")
	get("load-4")
	wantCalls(1)
	stop()
	server.Restart()

	if text, err := os.ReadFile(logFile); err != nil || strings.Contains(string(text), password) || strings.Contains(string(text), "secrets stand") {
		t.Errorf("error %v, log: %s", err, text)
	}
	load(5, password, "classic")
	get("load-5")
	stop()
	text, err := os.ReadFile(logFile)
	if err != nil || strings.Contains(string(text), "do not share") || !strings.Contains(string(text), "password of store redis") {
		t.Errorf("error %v, log: %s", err, text)
	}
}
