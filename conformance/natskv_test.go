package conformance

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddyserver/certmagic"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsKV is a storage for Caddy on NATS JetStream KV: values in one bucket, locks in another whose keys end by themselves.
// It is what a storage module needs at least; those that there are for NATS do not differ in what they can promise.
type natsKV struct {
	conn  *nats.Conn
	kv    jetstream.KeyValue
	locks jetstream.KeyValue

	mu   sync.Mutex
	held map[string]*natsLock
}

type natsLock struct {
	stop     context.CancelFunc
	stopped  chan struct{}
	revision uint64
}

const (
	natsLockLife = 10 * time.Second // of a lock whose holder is not heard of
	natsPoll     = 100 * time.Millisecond
)

// startNATS runs a server in this process.
func startNATS(t testing.TB) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s.ClientURL()
}

func openNATS(t testing.TB, url string) *natsKV {
	t.Helper()
	conn, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.RetryOnFailedConnect(true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s := &natsKV{conn: conn, held: make(map[string]*natsLock)}
	if s.kv, err = js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "caddy", Storage: jetstream.FileStorage}); err != nil {
		t.Fatal(err)
	}
	s.locks, err = js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "caddy_locks", Storage: jetstream.MemoryStorage, TTL: natsLockLife})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// natsKey encodes a key segment by segment: NATS takes few characters, and a dot has a meaning.
func natsKey(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		parts[i] = base64.RawURLEncoding.EncodeToString([]byte(part))
	}
	return strings.Join(parts, ".")
}

func fromNATS(key string) string {
	parts := strings.Split(key, ".")
	for i, part := range parts {
		raw, _ := base64.RawURLEncoding.DecodeString(part)
		parts[i] = string(raw)
	}
	return strings.Join(parts, "/")
}

func natsError(doing string, err error) error {
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrNoKeysFound) {
		return fmt.Errorf("%s: %w", doing, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func (s *natsKV) Store(ctx context.Context, key string, value []byte) error {
	if _, err := s.kv.Put(ctx, natsKey(key), value); err != nil {
		return natsError("storing", err)
	}
	return nil
}

func (s *natsKV) Load(ctx context.Context, key string) ([]byte, error) {
	entry, err := s.kv.Get(ctx, natsKey(key))
	if err != nil {
		return nil, natsError("loading", err)
	}
	return entry.Value(), nil
}

// Age tells how long ago a key was stored, by the server's clock: it stamps another key to learn what time it is there.
func (s *natsKV) Age(ctx context.Context, key string) (time.Duration, error) {
	entry, err := s.kv.Get(ctx, natsKey(key))
	if err != nil {
		return 0, natsError("reading an age", err)
	}
	const clock = "wechat_card/clock"
	if err := s.Store(ctx, clock, []byte("now")); err != nil {
		return 0, err
	}
	now, err := s.kv.Get(ctx, natsKey(clock))
	if err != nil {
		return 0, fmt.Errorf("reading the server's clock: %v", err)
	}
	return max(0, now.Created().Sub(entry.Created())), nil
}

func (s *natsKV) keys(ctx context.Context, dir string) ([]string, error) {
	list, err := s.kv.ListKeysFiltered(ctx, natsKey(dir)+".>")
	if err != nil {
		return nil, natsError("listing", err)
	}
	defer func() { _ = list.Stop() }()
	var keys []string
	for {
		select {
		case key, ok := <-list.Keys():
			if !ok {
				return keys, nil
			}
			keys = append(keys, fromNATS(key))
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *natsKV) List(ctx context.Context, dir string, recursive bool) ([]string, error) {
	all, err := s.keys(ctx, dir)
	var keys []string
	for _, key := range all {
		if recursive || path.Dir(key) == dir {
			keys = append(keys, key)
		}
	}
	return keys, err
}

func (s *natsKV) Delete(ctx context.Context, key string) error {
	below, err := s.keys(ctx, key)
	if err != nil {
		return err
	}
	for _, k := range append(below, key) {
		if err := s.kv.Delete(ctx, natsKey(k)); err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
			return natsError("deleting", err)
		}
	}
	return nil
}

func (s *natsKV) Exists(ctx context.Context, key string) bool {
	if _, err := s.kv.Get(ctx, natsKey(key)); err == nil {
		return true
	}
	below, err := s.keys(ctx, key)
	return err == nil && len(below) > 0
}

func (s *natsKV) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	entry, err := s.kv.Get(ctx, natsKey(key))
	if err != nil {
		return certmagic.KeyInfo{}, natsError("stat", err)
	}
	return certmagic.KeyInfo{Key: key, Modified: entry.Created(), Size: int64(len(entry.Value())), IsTerminal: true}, nil
}

// Lock creates the lock's key, which nobody else can while it is there, and writes it again until Unlock: a key that is not
// written again ends after ten seconds.
func (s *natsKV) Lock(ctx context.Context, name string) error {
	for {
		revision, err := s.locks.Create(ctx, natsKey(name), []byte("held"))
		switch {
		case err == nil:
			s.keep(name, revision)
			return nil
		case !errors.Is(err, jetstream.ErrKeyExists):
			return fmt.Errorf("locking: %w", err)
		}
		select {
		case <-time.After(natsPoll):
		case <-ctx.Done():
			return fmt.Errorf("locking: %w", ctx.Err())
		}
	}
}

func (s *natsKV) keep(name string, revision uint64) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &natsLock{stop: cancel, stopped: make(chan struct{}), revision: revision}
	s.mu.Lock()
	s.held[name] = l
	s.mu.Unlock()
	go func() {
		defer close(l.stopped)
		beat := time.NewTicker(natsLockLife / 4)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
			case <-ctx.Done():
				return
			}
			timed, cancel := context.WithTimeout(ctx, time.Second)
			next, err := s.locks.Update(timed, natsKey(name), []byte("held"), l.revision)
			cancel()
			if err == nil {
				l.revision = next
			}
		}
	}()
}

func (s *natsKV) Unlock(ctx context.Context, name string) error {
	s.mu.Lock()
	l := s.held[name]
	delete(s.held, name)
	s.mu.Unlock()
	if l == nil {
		return fmt.Errorf("unlocking: %w", fs.ErrNotExist)
	}
	l.stop()
	<-l.stopped
	if err := s.locks.Delete(ctx, natsKey(name), jetstream.LastRevision(l.revision)); err != nil {
		return fmt.Errorf("unlocking: %w", err)
	}
	return nil
}

// Interface guards
var (
	_ certmagic.Storage = (*natsKV)(nil)
	_ credential.Aging  = (*natsKV)(nil)
)
