// Package storagetest holds what a storage of Caddy's must do for a fleet that shares credentials through it (`store caddy`),
// as a test to run against any storage module:
//
//	func TestStorage(t *testing.T) {
//		storagetest.Run(t, func(t testing.TB) certmagic.Storage { return open(t) }, storetest.Trouble{})
//	}
package storagetest

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/storetest"
	"github.com/caddyserver/certmagic"
)

// Run checks a storage: as a store of credentials (storetest.Run), with the trouble that can be made for it, and what remembers
// messages needs beside that. open gives one more handle on it each time, as another process would have. It tells what the
// storage promises.
func Run(t *testing.T, open func(t testing.TB) certmagic.Storage, trouble storetest.Trouble) storetest.Promises {
	t.Helper()
	store := func(t testing.TB) credential.Store { return stores.Of(open(t)) }
	storetest.Run(t, store)
	t.Run("list and delete", func(t *testing.T) { testList(t, open(t), open(t)) })
	t.Run("stat", func(t *testing.T) { testStat(t, open(t), open(t)) })
	return storetest.RunTrouble(t, store, trouble)
}

// testList lists keys as the journal of messages does, which is in a folder by itself, and deletes them.
func testList(t *testing.T, a, b certmagic.Storage) {
	ctx := t.Context()
	const dir = "wechat_card/list/journal"
	if got, err := a.List(ctx, dir, false); err != nil && !errors.Is(err, fs.ErrNotExist) || len(got) != 0 {
		t.Errorf("a folder that is not there: got %q, error %v", got, err)
	}
	keys := []string{dir + "/1-a.b", dir + "/2", dir + "/3"}
	for _, key := range append(keys, dir+"/below/4", dir+"2/5") {
		if err := a.Store(ctx, key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	want := func(recursive bool, keys ...string) {
		t.Helper()
		got, err := b.List(ctx, dir, recursive)
		got = slices.DeleteFunc(got, func(key string) bool { return key == dir || key == dir+"/below" }) // folders, by the way
		slices.Sort(got)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || !slices.Equal(got, keys) {
			t.Errorf("recursive %v: got %q, error %v, want %q", recursive, got, err, keys)
		}
	}
	want(false, keys...)
	want(true, append(slices.Clone(keys), dir+"/below/4")...)
	if !b.Exists(ctx, keys[0]) || b.Exists(ctx, dir+"/none") {
		t.Error("Exists tells another thing than List")
	}
	for range 2 { // the second time nothing is there, which is no error
		if err := b.Delete(ctx, keys[0]); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Load(ctx, keys[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was deleted: error %v", err)
	}
	want(false, keys[1:]...)
	if err := a.Delete(ctx, dir); err != nil {
		t.Error(err)
	}
	want(true)
	if got, err := b.Load(ctx, dir+"2/5"); err != nil || string(got) != dir+"2/5" {
		t.Errorf("beside a folder that was deleted: got %q, error %v", got, err)
	}
}

func testStat(t *testing.T, a, b certmagic.Storage) {
	ctx := t.Context()
	const key = "wechat_card/stat/api_ticket"
	if _, err := b.Stat(ctx, key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing key: error %v", err)
	}
	if err := a.Store(ctx, key, []byte("four")); err != nil {
		t.Fatal(err)
	}
	info, err := b.Stat(ctx, key)
	if err != nil || info.Key != key || info.Size != 4 || !info.IsTerminal || time.Since(info.Modified).Abs() > time.Minute {
		t.Errorf("got %+v, error %v", info, err)
	}
}
