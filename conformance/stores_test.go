package conformance

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores/storagetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/storetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/caddyserver/certmagic"
)

// holdIn is set in a process of this test that takes a lock in a folder and waits to be killed.
const holdIn = "CONFORMANCE_HOLD_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdIn); dir != "" {
		storage := &certmagic.FileStorage{Path: dir}
		if err := storage.Lock(context.Background(), os.Getenv(holdIn+"_NAME")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {}
	}
	os.Exit(m.Run())
}

// holdFile takes a lock in a process, and kills that.
func holdFile(dir string) func(testing.TB, string) {
	return func(t testing.TB, name string) {
		cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test
		cmd.Env = append(os.Environ(), holdIn+"="+dir, holdIn+"_NAME="+name)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 64)
		n, err := out.Read(line)
		if err != nil || !strings.HasPrefix(string(line[:n]), "held") {
			t.Fatalf("the holder says %q, %v", line[:n], err)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// TestStores runs what every store must do against each. Its log has what they promise, as docs/scaling.md tells it.
func TestStores(t *testing.T) {
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		storagetest.Run(t, func(testing.TB) certmagic.Storage { return &certmagic.FileStorage{Path: dir} },
			storetest.Trouble{Hold: holdFile(dir), Free: 20 * time.Second})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		open := func(t testing.TB) credential.Store { return openRedis(t, server.Addr) }
		storetest.Run(t, open)
		storetest.RunTrouble(t, open, storetest.Trouble{
			Stall: func(testing.TB) func() { server.Pause(); return server.Resume },
			Hold: func(t testing.TB, name string) {
				s := openRedis(t, server.Addr)
				if err := s.Lock(t.Context(), name); err != nil {
					t.Fatal(err)
				}
				_ = s.Close() // which gives nothing back
			},
			Free: 10 * time.Second,
		})
	})
	t.Run("nats", func(t *testing.T) {
		t.Parallel()
		proxy := newStallable(t, strings.TrimPrefix(startNATS(t), "nats://"))
		storagetest.Run(t, func(t testing.TB) certmagic.Storage { return openNATS(t, proxy.Addr) }, storetest.Trouble{
			Stall: proxy.stall,
			Hold: func(t testing.TB, name string) {
				s := openNATS(t, proxy.Addr)
				if err := s.Lock(t.Context(), name); err != nil {
					t.Fatal(err)
				}
				s.conn.Close()
			},
			Free: natsLockLife,
		})
	})
}

func openRedis(t testing.TB, addr string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(redisstore.Config{URLs: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestFleetOnNATS lets processes share credentials through NATS: one call for all, also across a stall of the server.
func TestFleetOnNATS(t *testing.T) {
	t.Parallel()
	proxy := newStallable(t, strings.TrimPrefix(startNATS(t), "nats://"))
	standIn := sandbox.New(sandbox.Config{})
	api := httptest.NewServer(standIn)
	defer api.Close()
	node := func() *plugin.Account {
		client := wechat.New(wechat.Config{BaseURLs: []string{api.URL}})
		t.Cleanup(client.Close)
		cfg := plugin.AccountConfig{
			AppID: "wx0000000000000001", AppSecret: "0123456789abcdef0123456789abcdef", APIURL: api.URL, Client: client,
			Store: stores.Of(openNATS(t, proxy.Addr)),
		}
		account, err := plugin.NewAccount(cfg, plugin.NewState(cfg))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(account.Stop)
		return account
	}
	var first string
	for i := range 5 {
		account := node()
		ticket, err := account.Credential(t.Context(), credential.APITicket)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = ticket
			account.Stop() // waits until it is stored
		}
		if ticket != first {
			t.Errorf("process %d has another ticket", i)
		}
	}
	if calls := standIn.Calls(); calls["/cgi-bin/stable_token"] != 1 || calls["/cgi-bin/ticket/getticket"] != 1 {
		t.Errorf("got %v", calls)
	}
	account := node() // it has connected
	proxy.set(true)
	defer proxy.set(false)
	began := time.Now()
	if _, err := account.Credential(t.Context(), credential.APITicket); err != nil {
		t.Errorf("while the store hangs: %v", err)
	}
	t.Logf("while the store hangs a process that starts has its ticket after %s", time.Since(began))
}
