package rediskeys_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/rediskeys"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
)

// A prefix of characters that mean something in a pattern.
const prefix = "a[b]*?:"

// id makes an app id of a number.
func id(n int) string { return fmt.Sprintf("wx%016x", n) }

// data is an account's object.
func data(n int, alias, secret string) string {
	if alias != "" {
		alias = `"alias":"` + alias + `",`
	}
	return fmt.Sprintf(`{"app_id":"%s",%s"app_secret":"%s"}`, id(n), alias, secret)
}

func open(t *testing.T, urls ...string) *rediskeys.Keys {
	t.Helper()
	keys, err := sealed.New(strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	k, err := rediskeys.New(rediskeys.Config{Server: redisstore.Config{URLs: urls}, Prefix: prefix, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// want checks whose a name is, and with which secret; secret is "": nobody's.
func want(t *testing.T, k *rediskeys.Keys, name string, n int, secret string) {
	t.Helper()
	e, err := k.Look(t.Context(), name)
	if secret == "" && !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("%s: got %+v, %v", name, e, err)
	}
	if secret != "" && (err != nil || e.AppID != id(n) || !strings.Contains(string(e.Object), `"`+secret+`"`)) {
		t.Errorf("%s: got %+v %s, %v", name, e, e.Object, err)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	k := open(t, "redis://"+server.Addr+"/0")
	if want := "redis redis://" + server.Addr + "/0 " + prefix; k.Name() != want {
		t.Errorf("got %s", k.Name())
	}
	want(t, k, id(1), 0, "")
	want(t, k, "tea", 0, "")
	keys, _ := sealed.New(strings.Repeat("k", 32))
	closed, _ := keys.Seal("hidden")
	server.Do("set", prefix+id(1), data(1, "tea", closed))
	want(t, k, id(1), 1, "hidden")
	want(t, k, "tea", 0, "")
	server.Do("set", prefix+"tea", id(1)+"\n")
	want(t, k, "tea", 1, "hidden")
	server.Do("set", prefix+"milk", id(1))
	want(t, k, "milk", 0, "")
	server.Do("set", prefix+"gone", id(9))
	want(t, k, "gone", 0, "")

	server.Do("hset", prefix+id(2), "a", "b")
	server.Do("set", prefix+id(3), data(4, "", "x"))
	server.Do("set", prefix+id(4), "{")
	server.Do("set", prefix+id(5), strings.Replace(data(5, "", "x"), `"x"`, `"{env.HOME}"`, 1))
	server.Do("set", prefix+"odd", "../x")
	for _, name := range []string{id(2), id(3), id(4), id(5), "odd"} {
		e, err := k.Look(t.Context(), name)
		if broken, ok := errors.AsType[*directory.Broken](err); !ok || broken.Name != name {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
	}
	server.Kill()
	if e, err := k.Look(t.Context(), id(1)); err == nil || errors.Is(err, directory.ErrUnknown) {
		t.Errorf("without a server: got %+v, %v", e, err)
	}
}

func TestPutAndRemove(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for name, k := range map[string]*rediskeys.Keys{"one server": open(t, server.Addr), "database": open(t, "redis://"+server.Addr+"/3")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testChanges(t, k)
		})
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := redistest.Cluster(t, 2)
	testChanges(t, open(t, nodes[0].Addr, nodes[1].Addr))
}

func testChanges(t *testing.T, k *rediskeys.Keys) {
	put := func(n int, text string) {
		t.Helper()
		if err := k.Put(t.Context(), id(n), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put(1, data(1, "tea", "one"))
	put(2, data(2, "milk", "two"))
	put(3, data(3, "", "three"))
	want(t, k, "tea", 1, "one")
	put(1, data(1, "cocoa", "one1"))
	want(t, k, "tea", 0, "")
	want(t, k, "cocoa", 1, "one1")
	put(3, data(3, "tea", "three"))
	put(3, data(3, "tea", "three3"))
	want(t, k, "tea", 3, "three3")
	for name, text := range map[string]string{"another's alias": data(4, "milk", "x"), "another's app_id": data(1, "", "x"), "half": "{"} {
		if err := k.Put(t.Context(), id(4), []byte(text)); !errors.As(err, new(*object.Fault)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	list, err := k.List(t.Context())
	if err != nil || len(list) != 3 || list[0].AppID != id(1) || list[2].Alias != "tea" {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := k.Remove(t.Context(), id(3)); err != nil {
		t.Fatal(err)
	}
	want(t, k, id(3), 0, "")
	want(t, k, "tea", 0, "")
	if err := k.Remove(t.Context(), id(3)); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	put(4, data(4, "tea", "four"))
	want(t, k, "tea", 4, "four")
}

// A list of many takes few round trips, and what is broken in it is told beside the others.
func TestList(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	const most = 1200
	pairs := []any{"mset", "other", "x", prefix + "tea", id(1), prefix + "wx1", "x", "ab:" + id(1), data(1, "", "x"), prefix + id(most+1), "{"}
	for n := range most {
		pairs = append(pairs, prefix+id(n+1), data(n+1, "", "x"))
	}
	server.Do(pairs...)
	list, err := open(t, server.Addr).List(t.Context())
	broken, isBroken := errors.AsType[*directory.Broken](err)
	if len(list) != most || list[0].AppID != id(1) || list[most-1].AppID != id(most) || !isBroken || broken.Name != id(most+1) {
		t.Errorf("got %d, %v", len(list), err)
	}
}

func TestNew(t *testing.T) {
	for name, cfg := range map[string]rediskeys.Config{
		"no prefix": {Server: redisstore.Config{URLs: []string{"127.0.0.1:1"}}},
		"no url":    {Prefix: prefix},
		"url":       {Prefix: prefix, Server: redisstore.Config{URLs: []string{"http://user:p4ss@x"}}},
	} {
		if _, err := rediskeys.New(cfg); err == nil || strings.Contains(err.Error(), "p4ss") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	k := open(t, "redis://user:p4ss@127.0.0.1:1/2")
	if want := "redis redis://127.0.0.1:1/2 " + prefix; k.Name() != want {
		t.Errorf("got %s", k.Name())
	}
}
