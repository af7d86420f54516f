package redisstore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/storetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/redis/go-redis/v9"
)

// TestStore runs what every store must do against every kind of Redis.
func TestStore(t *testing.T) {
	for _, kind := range []struct {
		name  string
		start func(t *testing.T) Config
	}{
		{"one server", func(t *testing.T) Config {
			return Config{URLs: []string{"redis://" + redistest.Start(t).Addr}}
		}},
		{"host and port", func(t *testing.T) Config {
			return Config{URLs: []string{redistest.Start(t).Addr}, Prefix: "other:"}
		}},
		{"database", func(t *testing.T) Config {
			return Config{URLs: []string{"redis://" + redistest.Start(t).Addr + "/3"}}
		}},
		{"unix socket", func(t *testing.T) Config {
			socket := filepath.Join(t.TempDir(), "s")
			redistest.Start(t, "--unixsocket", socket)
			return Config{URLs: []string{"unix://" + socket + "?db=2"}}
		}},
		{"password", func(t *testing.T) Config {
			s := redistest.StartAuth(t, redis.Options{Password: "p@ss/word"}, "--requirepass", "p@ss/word")
			return Config{URLs: []string{"redis://" + s.Addr}, Password: "p@ss/word"}
		}},
		{"password in the URL", func(t *testing.T) Config {
			s := redistest.StartAuth(t, redis.Options{Password: "p@ss/word"}, "--requirepass", "p@ss/word")
			return Config{URLs: []string{"redis://:p%40ss%2Fword@" + s.Addr}}
		}},
		{"user with few rights", func(t *testing.T) Config {
			s := redistest.Start(t)
			s.Do("acl", "setuser", "cards", "on", ">hunter2", "~"+DefaultPrefix+"*",
				"+eval", "+evalsha", "+time", "+del", "+hget", "+hmget", "+hset", "+pexpire", "+get", "+set", "+getrange")
			s.Do("acl", "setuser", "default", "off")
			return Config{URLs: []string{"redis://nobody:wrong@" + s.Addr}, Username: "cards", Password: "hunter2"}
		}},
		{"TLS", func(t *testing.T) Config {
			files, config := redistest.TLS(t)
			s := redistest.StartAuth(t, redis.Options{TLSConfig: config}, files...)
			return Config{URLs: []string{"redis://" + s.Addr}, TLS: config}
		}},
		{"Cluster", func(t *testing.T) Config {
			nodes := redistest.Cluster(t, 3)
			return Config{URLs: []string{"redis://" + nodes[0].Addr, nodes[1].Addr}}
		}},
		{"Cluster known by one node", func(t *testing.T) Config {
			node := redistest.Cluster(t, 1)[0].Addr
			return Config{URLs: []string{node, node}}
		}},
		{"Sentinel", func(t *testing.T) Config {
			sentinel, _, _ := redistest.Sentinel(t, "cards")
			return Config{URLs: []string{"redis://" + sentinel.Addr}, SentinelMaster: "cards"}
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			cfg := kind.start(t)
			storetest.Run(t, func(t testing.TB) credential.Store { return open(t, cfg) })
		})
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	if err := s.StoreFor(ctx, "short", []byte("v"), 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, "short"); err != nil || string(got) != "v" {
		t.Errorf("got %q, error %v", got, err)
	}
	server.Until(func() bool { return server.Do("exists", DefaultPrefix+"short") == int64(0) })
	if _, err := s.Load(ctx, "short"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its life: error %v", err)
	}
	if _, err := s.Age(ctx, "short"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its life: error %v", err)
	}

	for name, tc := range map[string]struct {
		store func() error
		life  time.Duration
	}{
		"as told":           {func() error { return s.StoreFor(ctx, "as told", []byte("v"), 2*time.Hour) }, 2 * time.Hour},
		"nothing told":      {func() error { return s.Store(ctx, "nothing told", []byte("v")) }, 25 * time.Hour},
		"no life":           {func() error { return s.StoreFor(ctx, "no life", []byte("v"), 0) }, 25 * time.Hour},
		"negative life":     {func() error { return s.StoreFor(ctx, "negative life", []byte("v"), -time.Hour) }, 25 * time.Hour},
		"less than a milli": {func() error { return s.StoreFor(ctx, "less than a milli", []byte("v"), time.Microsecond) }, time.Millisecond},
	} {
		if err := tc.store(); err != nil {
			t.Fatal(err)
		}
		ttl, _ := server.Do("pttl", DefaultPrefix+name).(int64)
		if left := time.Duration(ttl) * time.Millisecond; left > tc.life || left < tc.life-5*time.Second {
			t.Errorf("%s: expires in %s", name, left)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	if got, err := s.Age(ctx, "k"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %s, error %v", got, err)
	}
	if err := s.Store(ctx, "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(50 * time.Millisecond)
	got, err := s.Age(ctx, "k")
	if most := time.Since(began) + time.Second; err != nil || got < 40*time.Millisecond || got > most {
		t.Errorf("got %s, error %v", got, err)
	}
	// An hour ago, by the server's clock; and in its future.
	now, _ := server.Do("time").([]any)
	seconds, _ := time.ParseDuration(now[0].(string) + "s")
	server.Do("hset", DefaultPrefix+"k", "seconds", int64(seconds.Seconds())-3600)
	if got, err = s.Age(ctx, "k"); err != nil || got < time.Hour-2*time.Second || got > time.Hour+time.Minute {
		t.Errorf("got %s, error %v", got, err)
	}
	server.Do("hset", DefaultPrefix+"k", "seconds", int64(seconds.Seconds())+3600)
	if got, err = s.Age(ctx, "k"); err != nil || got != 0 {
		t.Errorf("got %s, error %v", got, err)
	}
	if err := s.Store(ctx, "k", []byte("w")); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Age(ctx, "k"); err != nil || got > 5*time.Second {
		t.Errorf("after storing again: got %s, error %v", got, err)
	}
}

// TestForeignKeys finds what others have written where our keys are.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var log bytes.Buffer
	s := open(t, Config{URLs: []string{server.Addr}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ctx := t.Context()
	key := DefaultPrefix + "k"
	for name, command := range map[string][]any{
		"string":                  {"set", key, "\xff{"},
		"list":                    {"rpush", key, "1", "2"},
		"set":                     {"sadd", key, "value", "seconds"},
		"stream":                  {"xadd", key, "*", "value", "1"},
		"hash":                    {"hset", key, "field", "x"},
		"hash with a bad time":    {"hset", key, "seconds", "soon", "micros", "1"},
		"hash with half the time": {"hset", key, "micros", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			server.Do("del", key)
			server.Do(command...)
			log.Reset()
			if got, err := s.Load(ctx, "k"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %q, error %v", got, err)
			}
			if got, err := s.Age(ctx, "k"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got age %s, error %v", got, err)
			}
			if isHash := command[0] == "hset"; !isHash && !strings.Contains(log.String(), key) {
				t.Errorf("log: %s", &log)
			}
			if err := s.Store(ctx, "k", []byte("ours")); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Load(ctx, "k"); err != nil || string(got) != "ours" {
				t.Errorf("got %q, error %v", got, err)
			}
			if fields, _ := server.Do("hlen", key).(int64); fields != 3 {
				t.Errorf("%d fields", fields)
			}
		})
	}
	server.Do("rpush", DefaultPrefix+"lock:l", "1")
	if err := s.Lock(ctx, "l"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("lock on a foreign key: error %v", err)
	}
}

// TestServerGone kills the server, three times.
func TestServerGone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	for range 3 {
		if err := s.Store(ctx, "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		if err := s.Lock(ctx, "l"); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		for name, op := range operations(s) {
			fails(t, name, op, time.Second, 500*time.Millisecond)
		}
		server.Restart()
		// It knows nothing any more. After ten failures in a row the pool tries to connect once a second only.
		server.Until(func() bool { _, err := s.Load(ctx, "k"); return errors.Is(err, fs.ErrNotExist) })
		if err := s.Unlock(ctx, "l"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("unlocking what is lost: error %v", err)
		}
	}
}

// TestServerHangs stops the server: nobody waits for it longer than a call may take.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	if err := s.Store(ctx, "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	for name, op := range operations(s) {
		most := 500 * time.Millisecond
		if name == "lock" {
			most = 1500 * time.Millisecond // an attempt is made to its end
		}
		fails(t, name, op, 300*time.Millisecond, most)
	}
	server.Resume()
	if got, err := s.Load(within(t, 5*time.Second), "k"); err != nil || len(got) == 0 {
		t.Errorf("the server goes on: got %q, error %v", got, err)
	}
}

// fails lets op fail with so much time, in which it must take at most so long. A machine that is busy just then gets
// another chance, and a few more.
func fails(t *testing.T, name string, op func(context.Context) error, timeout, most time.Duration) {
	t.Helper()
	var took time.Duration
	for range 5 {
		began := time.Now()
		if err := op(within(t, timeout)); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v", name, err)
		}
		if took = time.Since(began); took <= most {
			return
		}
	}
	t.Errorf("%s took %s", name, took)
}

func operations(s *Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"load":  func(ctx context.Context) error { _, err := s.Load(ctx, "k"); return err },
		"store": func(ctx context.Context) error { return s.Store(ctx, "k", []byte("w")) },
		"age":   func(ctx context.Context) error { _, err := s.Age(ctx, "k"); return err },
		"lock":  func(ctx context.Context) error { return s.Lock(ctx, "m") },
	}
}

// TestFailover kills the master and goes on with what was its replica.
func TestFailover(t *testing.T) {
	t.Parallel()
	sentinel, master, _ := redistest.Sentinel(t, "cards")
	s := open(t, Config{URLs: []string{sentinel.Addr}, SentinelMaster: "cards"})
	if err := s.Store(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	master.Kill()
	sentinel.Until(func() bool { return s.Store(within(t, time.Second), "k", []byte("w")) == nil })
	if got, err := s.Load(t.Context(), "k"); err != nil || string(got) != "w" {
		t.Errorf("got %q, error %v", got, err)
	}
}

// TestClose runs alone: what others start meanwhile would be taken for left behind.
func TestClose(t *testing.T) {
	server := redistest.Start(t)
	redistest.NoLeaks(t)
	s := open(t, Config{URLs: []string{server.Addr}})
	other := open(t, Config{URLs: []string{server.Addr}})
	ctx := t.Context()
	if err := s.Lock(ctx, "ours"); err != nil {
		t.Fatal(err)
	}
	if err := other.Lock(ctx, "theirs"); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- s.Lock(ctx, "theirs") }()
	time.Sleep(50 * time.Millisecond)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-waiting; !errors.Is(err, redis.ErrClosed) {
		t.Errorf("waiting for a lock: error %v", err)
	}
	for name, op := range operations(s) {
		if err := op(ctx); !errors.Is(err, redis.ErrClosed) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := s.Unlock(ctx, "ours"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("unlock: error %v", err)
	}

	// Nobody is called before there is something to do.
	open(t, Config{URLs: []string{"redis://192.0.2.1:1"}})
}

// TestErrorsHoldNoPassword makes errors of all kinds.
func TestErrorsHoldNoPassword(t *testing.T) {
	t.Parallel()
	const user, password = "alice-the-user", "hunter2-%23-secret"
	errs := make(map[string]error)
	for name, url := range map[string]string{
		"scheme":   "http://" + user + ":" + password + "@127.0.0.1:1",
		"escape":   "redis://" + user + ":%zz" + password + "@127.0.0.1:1",
		"port":     "redis://" + user + ":" + password + "@127.0.0.1:port",
		"path":     "redis://" + user + ":" + password + "@127.0.0.1:1/" + password,
		"query":    "redis://" + user + ":" + password + "@127.0.0.1:1?" + password + "=" + password,
		"no slash": user + ":" + password + "@127.0.0.1:1",
		"host":     password + "@127.0.0.1:1",
		"slash":    "redis://" + user + ":/" + password + "@127.0.0.1:1",
	} {
		_, errs[name] = New(Config{URLs: []string{url}})
	}
	_, errs["disagree"] = New(Config{URLs: []string{"redis://:" + password + "@a:1", "redis://:other@b:1"}})

	server := redistest.StartAuth(t, redis.Options{Password: "right"}, "--requirepass", "right")
	url := "redis://" + user + ":" + password + "@" + server.Addr
	_, errs["wrong password"] = open(t, Config{URLs: []string{url}}).Load(t.Context(), "k")
	server.Do("acl", "setuser", user, "on", ">"+strings.ReplaceAll(password, "%23", "#"))
	_, errs["no rights"] = open(t, Config{URLs: []string{url}}).Load(t.Context(), "k")
	errs["no rights to lock"] = open(t, Config{URLs: []string{url}}).Lock(t.Context(), "k")

	// A proxy that repeats whatever it refuses.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				b := make([]byte, 1<<10)
				for {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					said := strings.Join(strings.Fields(string(b[:n])), " ")
					if _, err := conn.Write([]byte("-ERR unknown command " + said + "\r\n")); err != nil {
						return
					}
				}
			}()
		}
	}()
	url = "redis://" + user + ":" + password + "@" + l.Addr().String()
	_, errs["echo"] = open(t, Config{URLs: []string{url}}).Load(t.Context(), "k")
	if err := errs["echo"]; err == nil || !strings.Contains(err.Error(), "***") {
		t.Errorf("echo: error %v", err)
	}
	_, errs["echo sentinel"] = open(t, Config{URLs: []string{url}, SentinelMaster: "m"}).Load(t.Context(), "k")

	for name, err := range errs {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		t.Logf("%s: %v", name, err)
		for _, secret := range []string{"hunter2", user} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestClusterAsOneServer says what is wrong with one URL for a Cluster.
func TestClusterAsOneServer(t *testing.T) {
	t.Parallel()
	nodes := redistest.Cluster(t, 2)
	s := open(t, Config{URLs: []string{nodes[0].Addr}})
	var refused error
	for _, key := range []string{"a", "b", "c", "d"} {
		if err := s.Store(t.Context(), key, []byte("v")); err != nil {
			refused = err
		}
	}
	if refused == nil || !strings.Contains(refused.Error(), "Cluster") {
		t.Errorf("error %v", refused)
	}
}
