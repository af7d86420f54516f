//go:build !nowechatredis

package redis_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/app"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// process is a Caddy whose store is a Redis in trouble.
type process struct {
	*sitetest.Site
	log string
}

const storePassword = "hunter2-of-the-store"

// startProcess provisions a site with these lines in the block of `store redis`.
func startProcess(t *testing.T, wechat *sandbox.Sandbox, api, store string) *process {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	ctx := sitetest.Provision(t, fmt.Sprintf(`{
	admin off
	storage file_system %s
	log {
		output file %s
		level DEBUG
	}
	wechat_card {
		api %s
		store redis %s
		account {
			app_id %s
			app_secret %s
		}
	}
}
http://localhost:9080 {
	wechat_card /add add_card {
		card p1
	}
}`, t.TempDir(), log, api, store, sitetest.AppID, sitetest.Secret))
	httpApp, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App(app.Name)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{&sitetest.Site{T: t, Server: httpApp.(*caddyhttp.App).Servers["srv0"], App: loaded.(*app.App), WeChat: wechat}, log}
	t.Cleanup(p.end)
	return p
}

// end stops the process: nothing of it stays in memory.
func (p *process) end() {
	if p.App != nil {
		_ = p.App.Stop()
		_ = p.App.Cleanup()
		p.App = nil
	}
}

// signs has a card signed, which a phone takes, and wants that to be as quick as told.
func (p *process) signs(most time.Duration) {
	p.T.Helper()
	began := time.Now()
	w := p.Get("/add")
	if took := time.Since(began); took > most {
		p.T.Errorf("the answer took %s", took)
	}
	if answer := p.Phone("addCard", w.Body.String()); w.Code != 200 || !strings.Contains(answer, "addCard:ok") {
		p.T.Fatalf("got %d %s, and the phone says %s", w.Code, w.Body, answer)
	}
	for kind, c := range admin.StatusOf(p.App, time.Now()).Accounts["default"].Credentials {
		if c.Needed && (c.State != credential.Fresh || c.Failing) {
			p.T.Errorf("status of %s: %+v", kind, c)
		}
	}
}

// logs waits until the log has a text, and gives all of it.
func (p *process) logs(text string) string {
	p.T.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		raw, err := os.ReadFile(p.log)
		if err == nil && strings.Contains(string(raw), text) {
			return string(raw)
		}
		if time.Now().After(deadline) {
			p.T.Fatalf("the log does not say %q: %s, %v", text, raw, err)
		}
	}
}

// refresh fetches a new token, which is stored behind.
func (p *process) refresh() {
	p.T.Helper()
	if err := p.App.Account(app.DefaultAccount).Refresh(p.T.Context(), credential.AccessToken, false); err != nil {
		p.T.Fatal(err)
	}
}

// TestRedisInTrouble starts Caddys on a Redis that does not do what it should. Requests are answered and credentials are fresh all
// the same; the log says once what is wrong, in the server's words and without the password, and once that it is over.
func TestRedisInTrouble(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		start   func(t *testing.T) (store string, mend func())
		mention string
		locks   bool          // only locks fail
		most    time.Duration // of the first answer
	}{
		"a replica, which is read-only": {func(t *testing.T) (string, func()) {
			master := redistest.Start(t)
			host, port, _ := strings.Cut(master.Addr, ":")
			replica := redistest.Start(t, "--replicaof", host+" "+port)
			master.Until(func() bool {
				info, _ := replica.Do("info", "replication").(string)
				return strings.Contains(info, "master_link_status:up")
			})
			return replica.Addr, func() { replica.Do("replicaof", "no", "one") }
		}, "READONLY", false, 2 * time.Second},
		"maxmemory with noeviction": {func(t *testing.T) (string, func()) {
			s := redistest.Start(t)
			s.Do("config", "set", "maxmemory-policy", "noeviction")
			s.Do("config", "set", "maxmemory", "1")
			return s.Addr, func() { s.Do("config", "set", "maxmemory", "0") }
		}, "OOM", true, 2 * time.Second}, // what is stored replaces what was there, which such a server lets happen
		"a user without rights": {func(t *testing.T) (string, func()) {
			s := redistest.Start(t)
			s.Do("acl", "setuser", "cards", "on", ">"+storePassword, "~other:*", "+ping")
			return s.Addr + " {\nusername cards\npassword " + storePassword + "\n}", func() { s.Do("acl", "setuser", "cards", "~*", "+@all") }
		}, "NOPERM", false, 2 * time.Second},
		"a user with the rights to read": {func(t *testing.T) (string, func()) {
			s := redistest.Start(t)
			s.Do("acl", "setuser", "cards", "on", ">"+storePassword, "~*", "+eval", "+evalsha", "+time", "+hget", "+hmget", "+get")
			return s.Addr + " {\nusername cards\npassword " + storePassword + "\n}", func() { s.Do("acl", "setuser", "cards", "+@all") }
		}, "can't run this command", false, 2 * time.Second},
		"a wrong password": {func(t *testing.T) (string, func()) {
			s := redistest.Start(t)
			s.Do("acl", "setuser", "cards", "on", ">another", "~*", "+@all")
			return s.Addr + " {\nusername cards\npassword " + storePassword + "\n}", func() { s.Do("acl", "setuser", "cards", ">"+storePassword) }
		}, "WRONGPASS", false, 2 * time.Second},
		"a Cluster without all its slots": {func(t *testing.T) (string, func()) {
			nodes := redistest.Cluster(t, 1)
			nodes[0].Do("cluster", "delslots", "1")
			nodes[0].Until(func() bool {
				info, _ := nodes[0].Do("cluster", "info").(string)
				return strings.Contains(info, "cluster_state:fail")
			})
			return nodes[0].Addr + " " + nodes[0].Addr, func() {
				nodes[0].Do("cluster", "addslots", "1")
				nodes[0].Until(func() bool {
					info, _ := nodes[0].Do("cluster", "info").(string)
					return strings.Contains(info, "cluster_state:ok")
				})
			}
		}, "CLUSTERDOWN", false, 4 * time.Second},
		"a server that hangs": {func(t *testing.T) (string, func()) {
			s := redistest.Start(t)
			s.Pause()
			t.Cleanup(s.Resume)
			return s.Addr, nil // it is left alone for half a minute
		}, "deadline exceeded", false, 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wechat := sandbox.New(sandbox.Config{})
			api := httptest.NewServer(wechat)
			t.Cleanup(api.Close)
			store, mend := tc.start(t)
			p := startProcess(t, wechat, api.URL, store)
			p.signs(tc.most)
			p.signs(2 * time.Second)
			says := "credential store fails"
			if tc.locks {
				says = "credential store gives no lock"
			}
			log := p.logs(says)
			if calls := wechat.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
				t.Errorf("calls: %v", calls)
			}
			if mend != nil {
				mend()
				p.refresh()
			}
			if mend != nil && !tc.locks {
				log = p.logs("credential store works again")
			}
			if n := strings.Count(log, says); n != 1 && !tc.locks || !strings.Contains(log, tc.mention) {
				t.Errorf("%d times, or the reason is not named: %s", n, log)
			}
			for _, secret := range []string{storePassword, sitetest.Secret} {
				if strings.Contains(log, secret) {
					t.Errorf("the log holds a secret: %s", log)
				}
			}
		})
	}
}

// TestRedisThatEvicts loses the records to other keys, as maxmemory with allkeys-lru does: that costs a call, and nobody is told.
func TestRedisThatEvicts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	p := startProcess(t, wechat, api.URL, server.Addr)
	p.signs(2 * time.Second)
	ours := func() int { keys, _ := server.Do("keys", "caddy-wechat-card:*").([]any); return len(keys) }
	server.Until(func() bool { return ours() == 4 }) // two records and their copies
	p.end()

	server.Do("config", "set", "maxmemory-policy", "allkeys-lru")
	server.Do("config", "set", "maxmemory-samples", "64")
	server.Do("config", "set", "maxmemory", "4mb")
	for i := 0; ours() > 0; i++ {
		if i == 100 {
			t.Fatal("the records are still there")
		}
		server.Do("eval", `for i = 1, 200 do redis.call('SET', 'other:' .. ARGV[1] .. ':' .. i, string.rep('x', 2000)) end return 1`, 0, i)
	}
	p = startProcess(t, wechat, api.URL, server.Addr)
	p.signs(2 * time.Second)
	server.Until(func() bool { return ours() > 0 })
	if calls := wechat.Calls(); calls["/cgi-bin/stable_token"] != 2 || calls["/cgi-bin/ticket/getticket"] != 2 {
		t.Errorf("calls: %v", calls)
	}
	if log := p.logs("credential renewed"); strings.Contains(log, "credential store fails") {
		t.Errorf("log: %s", log)
	}
}

// TestRedisFailsOver kills the master that Sentinels watch: requests do not notice, and what is fetched next is shared by the new
// master.
func TestRedisFailsOver(t *testing.T) {
	t.Parallel()
	sentinel, master, replica := redistest.Sentinel(t, "cards")
	wechat := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(wechat)
	t.Cleanup(api.Close)
	p := startProcess(t, wechat, api.URL, sentinel.Addr+" {\nsentinel_master cards\n}")
	p.signs(2 * time.Second)
	replica.Until(func() bool { n, _ := replica.Do("dbsize").(int64); return n == 4 })
	master.Kill()
	p.signs(2 * time.Second)
	p.refresh() // while there is no master
	p.signs(2 * time.Second)
	p.logs("credential store fails")
	sentinel.Until(func() bool { return strings.Contains(fmt.Sprint(replica.Do("role")), "master") })
	sentinel.Until(func() bool {
		p.refresh()
		raw, _ := os.ReadFile(p.log)
		return strings.Contains(string(raw), "credential store works again")
	})
	p.signs(2 * time.Second)
}
