package stores_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/storetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"github.com/caddyserver/certmagic"
)

// TestFileStorageAsStore runs what every store must do against Caddy's default storage.
func TestFileStorageAsStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	storetest.Run(t, func(testing.TB) credential.Store { return stores.Files{&certmagic.FileStorage{Path: dir}} })
}

func TestAgeByTheFileSystem(t *testing.T) {
	store := stores.Files{&certmagic.FileStorage{Path: t.TempDir()}}
	if _, err := store.Age(t.Context(), "wechat_card/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing record: %v", err)
	}
	const key = "wechat_card/record"
	if err := store.Store(t.Context(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, back := range []time.Duration{0, time.Minute, 3 * time.Hour, -time.Hour} {
		at := time.Now().Add(-back)
		if err := os.Chtimes(store.Filename(key), at, at); err != nil {
			t.Fatal(err)
		}
		want := max(0, back) // a record from the future is new
		if got, err := store.Age(t.Context(), key); err != nil || got < want-time.Second || got > want+10*time.Second {
			t.Errorf("of %v: %v, %v", back, got, err)
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if _, err := store.Age(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestNoAgeWithoutAClock has a folder that nobody can write: its record is there, its age unknown.
func TestNoAgeWithoutAClock(t *testing.T) {
	store := stores.Files{&certmagic.FileStorage{Path: t.TempDir()}}
	const key = "wechat_card/record"
	if err := store.Store(t.Context(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	const clock = "wechat_card/clock"
	if err := os.Mkdir(store.Filename(clock), 0o700); err != nil { // even root cannot write a file there
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(store.Filename(clock), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if age, err := store.Age(t.Context(), key); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, %v", age, err)
	}
}

// TestClockOff has a node whose clock is ten minutes off, either way, and that has never had an answer from WeChat. It
// finds a ticket in a folder: it never signs with it past its end, and until then, or until its own clock says so, it does.
func TestClockOff(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, off := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		for _, left := range []time.Duration{time.Hour, 30 * time.Second} {
			t.Run(fmt.Sprintf("%v off, %v left", off, left), func(t *testing.T) {
				t.Parallel()
				testClockOff(t, off, left)
			})
		}
	}
}

func testClockOff(t *testing.T, off, left time.Duration) {
	const slack = 10 * time.Second // for a slow machine
	ago := 2*time.Hour - left
	store := stores.Files{&certmagic.FileStorage{Path: t.TempDir()}}
	standIn := sandbox.New(sandbox.Config{Now: func() time.Time { return time.Now().Add(-ago) }})
	var down atomic.Bool
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			panic(http.ErrAbortHandler) // an answer would tell the time
		}
		standIn.ServeHTTP(w, r)
	}))
	defer api.Close()

	then := newClockNode(t, store, api.URL, func() time.Time { return time.Now().Add(-ago) })
	ticket, err := then.Credential(t.Context(), credential.APITicket)
	if err != nil {
		t.Fatal(err)
	}
	then.Stop() // waits until the ticket is stored
	records, err := store.List(t.Context(), "wechat_card", false)
	if err != nil {
		t.Fatal(err)
	}

	down.Store(true)
	start := time.Now()
	var later atomic.Int64
	now := newClockNode(t, store, api.URL, func() time.Time { return time.Now().Add(off + time.Duration(later.Load())) })
	for passed := time.Duration(0); passed < left*3/2; passed += left / 6 {
		later.Store(int64(passed))
		for _, key := range records {
			at := start.Add(-ago - passed) // time passes for the file system too
			if err := os.Chtimes(store.Filename(key), at, at); err != nil {
				t.Fatal(err)
			}
		}
		remain := left - passed - time.Since(start)
		got, err := now.Credential(t.Context(), credential.APITicket)
		switch {
		case remain-max(0, off) > time.Minute+slack && (err != nil || got != ticket):
			t.Errorf("%v before its end: %q, %v", remain, got, err)
		case remain < time.Minute && err == nil:
			t.Errorf("%v before its end the ticket is served", remain)
		}
	}
	now.Stop()
}

// newClockNode is an account in a process of its own, with a clock of its own.
func newClockNode(t *testing.T, store credential.Store, api string, now func() time.Time) *plugin.Account {
	t.Helper()
	client := wechat.New(wechat.Config{BaseURLs: []string{api}, Now: now})
	t.Cleanup(client.Close)
	cfg := plugin.AccountConfig{AppID: "wx0000000000000001", AppSecret: "0123456789abcdef0123456789abcdef", APIURL: api, Client: client, Store: store, Now: now}
	account, err := plugin.NewAccount(cfg, plugin.NewState(cfg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Stop)
	return account
}
