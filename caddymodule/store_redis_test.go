package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/storetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddyserver/certmagic"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestFileStorageAsStore runs what every store must do against Caddy's default storage.
func TestFileStorageAsStore(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(testing.TB) credential.Store { return fileStore{&certmagic.FileStorage{Path: dir}} })
}

// TestStoreRedis runs Caddy with credentials in Redis, through a reload, a restart of Caddy and the loss of Redis.
func TestStoreRedis(t *testing.T) {
	checkPool(t)
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
	t.Setenv("TEST_APP_SECRET", testSecret)
	address, logFile := freeAddress(t), filepath.Join(t.TempDir(), "log")
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
}`, t.TempDir(), logFile, api.URL, redisPassword, testAppID, source, address, i), nil)
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
		var resp *http.Response
		var err error
		for range 4 { // a listener changes hands at a reload, and Caddy resets who comes at that moment
			if resp, err = client.Post("http://"+address+"/cards", "application/json", strings.NewReader("{}")); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body := new(strings.Builder)
		_ = resp.Write(body)
		if resp.StatusCode != http.StatusOK || !strings.Contains(body.String(), want) {
			t.Fatalf("got %s", body)
		}
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
	server.Until(func() bool { n, _ := server.Do("dbsize").(int64); return n == 2 }) // they are stored behind the answer
	keys, _ := server.Do("keys", "*").([]any)
	for _, key := range keys {
		record := fmt.Sprint(server.Do("hgetall", key))
		if !strings.HasPrefix(key.(string), "test:") || strings.Contains(record, testSecret) || strings.Contains(record, testAppID) {
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

// TestStoreRedisProvision loads a configuration without calling anybody.
func TestStoreRedisProvision(t *testing.T) {
	t.Setenv("TEST_EMPTY", "")
	t.Setenv("TEST_URL", "redis://user:hunter2@192.0.2.1:6379")
	t.Setenv("TEST_BAD_URL", "redis://user:hunter2%@192.0.2.1:6379")
	certificate, _ := redistest.CA(t)
	for name, tc := range map[string]struct {
		store string
		want  string // part of the error; "": none
	}{
		"URL":              {`"urls":["redis://192.0.2.1:6379"]`, ""},
		"placeholder":      {`"urls":["{env.TEST_URL}"]`, ""},
		"everything":       {`"urls":["redis://192.0.2.1:1","192.0.2.1:2"],"username":"u","password":"p","prefix":"x:","tls":true,"ca":["` + certificate + `"],"sentinel_master":"m"`, ""},
		"CA for rediss":    {`"urls":["rediss://192.0.2.1"],"ca":["` + certificate + `"]`, ""},
		"no URL":           {`"prefix":"x:"`, "there is no URL"},
		"bad URL":          {`"urls":["{env.TEST_BAD_URL}"]`, "URL 1"},
		"empty URL":        {`"urls":["{env.TEST_EMPTY}"]`, "urls: "},
		"empty password":   {`"urls":["192.0.2.1:1"],"password":"{env.TEST_EMPTY}"`, "password: "},
		"unknown in name":  {`"urls":["192.0.2.1:1"],"username":"{http.request.host}"`, "username: "},
		"no such file":     {`"urls":["192.0.2.1:1"],"ca":["/nonexistent.pem"]`, "nonexistent"},
		"not a PEM file":   {`"urls":["192.0.2.1:1"],"ca":["store_redis_test.go"]`, "no certificate"},
		"TLS to a socket":  {`"urls":["unix:///run/s"],"tls":true`, "no TLS"},
		"unknown setting":  {`"urls":["192.0.2.1:1"],"cluster":true`, "unknown field"},
		"user without any": {`"urls":["192.0.2.1:1"],"username":"u"`, "without a password"},
	} {
		began := time.Now()
		err := validateJSON(`{"admin":{"disabled":true},"apps":{"wechat_card":{"store":{"module":"redis",` + tc.store + `},
			"accounts":{"default":{"app_id":"wx1","app_secret":"{env.PATH}"}}}}}`)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	if err := new(RedisStore).Cleanup(); err != nil {
		t.Error(err)
	}
}

func TestRedisLiteralSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		"redis://h:1": false, "h:1": false, "redis://user@h:1": false, "redis://user:@h": false, "redis://{env.U}:{env.P}@h": false,
		"{env.URL}": false, "redis://{env.HOST}:1": false, "unix:///run/s": false, "rediss://user:{file./p@w}@h": false,
		"redis://:p@h": true, "rediss://user:p@h": true, "unix://u:p@/run/s": true, "redis://{env.U}:p@{env.H}": true,
	} {
		if got := len((&RedisStore{URLs: []string{"h:1", text}}).literalSecrets()) == 1; got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	if got := (&RedisStore{Password: "p"}).literalSecrets(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := (&RedisStore{Password: "{env.P}"}).literalSecrets(); got != nil {
		t.Errorf("got %v", got)
	}
}
