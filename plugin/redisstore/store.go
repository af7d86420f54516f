// Package redisstore shares credentials over Redis: one server, one that Sentinels watch, or a Cluster. Any version from 5
// on will do.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bsm/redislock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
	"github.com/redis/go-redis/v9"
)

// Store is a storeguard.Store on Redis. A record is a hash that expires with its value; it holds the value and the server's
// time of storing it. A lock is a key that expires 10 s after its holder was last heard of.
type Store struct {
	client redis.UniversalClient
	locks  *redislock.Client
	prefix string
	hide   *strings.Replacer // of users and passwords; nil: there is none
	logger *slog.Logger

	ctx    context.Context // ends with Close
	close  context.CancelFunc
	mu     sync.Mutex
	closed bool
	held   map[string][]*hold // by name, the oldest first
	wg     sync.WaitGroup     // the goroutines that keep locks
}

// hold is a lock that Lock gave.
type hold struct {
	lock *redislock.Lock
	stop context.CancelFunc // of the goroutine that keeps it
}

// defaultLife is how long a value lives whose life nobody told: longer than any credential, shorter than a counted day twice.
const defaultLife = 25 * time.Hour

// New makes a store. It calls nobody: a server that cannot be reached fails each call by itself, after a second at most.
func New(cfg Config) (*Store, error) {
	opts, err := cfg.options()
	if err != nil {
		return nil, err
	}
	s := &Store{prefix: cfg.Prefix, logger: cfg.Logger, held: make(map[string][]*hold)}
	if s.prefix == "" {
		s.prefix = DefaultPrefix
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.hide = hiding(opts.Password, opts.SentinelPassword, opts.Username, opts.SentinelUsername)
	s.ctx, s.close = context.WithCancel(context.Background())
	s.client = redis.NewUniversalClient(opts)
	s.locks = redislock.New(s.client)
	return s, nil
}

// StoreName is what the store is called where people read it.
func (*Store) StoreName() string { return "redis" }

// Close ends what goes on in the background and closes all connections. Locks that are held still become free by themselves.
func (s *Store) Close() error {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		return nil
	}
	s.close()
	err := s.client.Close() // first, so that nobody waits for an answer any more
	s.wg.Wait()
	return s.clean("closing redis", err)
}

// The scripts touch one key each, as a Cluster wants it, and take the server's clock. Whatever had the key before goes.
var (
	storeScript = redis.NewScript(`
local now = redis.call('TIME')
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'value', ARGV[1], 'seconds', now[1], 'micros', now[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

	ageScript = redis.NewScript(`
local stored = redis.call('HMGET', KEYS[1], 'seconds', 'micros')
local now = redis.call('TIME')
return {stored[1], stored[2], now[1], now[2]}`)
)

// Store stores a value for 25 hours.
func (s *Store) Store(ctx context.Context, key string, value []byte) error {
	return s.StoreFor(ctx, key, value, defaultLife)
}

// StoreFor stores a value that nobody needs after life; with no life to tell, it is 25 hours.
func (s *Store) StoreFor(ctx context.Context, key string, value []byte, life time.Duration) error {
	if life <= 0 {
		life = defaultLife
	}
	ms := max(1, life.Milliseconds())
	return s.clean("storing in redis", storeScript.Run(ctx, s.client, []string{s.prefix + key}, value, ms).Err())
}

// Load gives what was stored. What somebody else has put there counts as missing, for Store replaces it.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	value, err := s.client.HGet(ctx, s.prefix+key, "value").Bytes()
	if err != nil {
		return nil, s.missing(key, "loading from redis", err)
	}
	return value, nil
}

// Age tells how long ago the key was stored, by the server's clock.
func (s *Store) Age(ctx context.Context, key string) (time.Duration, error) {
	const doing = "reading an age from redis"
	answer, err := ageScript.Run(ctx, s.client, []string{s.prefix + key}).Slice()
	if err != nil {
		return 0, s.missing(key, doing, err)
	}
	if len(answer) != 4 || answer[0] == nil || answer[1] == nil {
		return 0, s.missing(key, doing, redis.Nil)
	}
	var parts [4]int64
	for i := range parts {
		text, _ := answer[i].(string)
		if parts[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, s.missing(key, doing, errForeign)
		}
	}
	age := time.Duration(parts[2]-parts[0])*time.Second + time.Duration(parts[3]-parts[1])*time.Microsecond
	return max(0, age), nil // the server's clock was set back, or another server has taken over
}

// absent is an error that is fs.ErrNotExist, and says more than that.
type absent string

const (
	errMissing absent = "there is nothing at this key"
	errForeign absent = "there is something else at this key" // which we did not write
	errNotHeld absent = "the lock is not held"                // as with a file lock; to try again is of no use
)

func (e absent) Error() string { return string(e) }

// Is makes all of them what a store's callers look for.
func (e absent) Is(target error) bool { return target == fs.ErrNotExist }

// missing tells a missing key, and one that is not ours, from a failure.
func (s *Store) missing(key, doing string, err error) error {
	switch {
	case errors.Is(err, redis.Nil):
		return fmt.Errorf("%s: %w", doing, errMissing)
	case redis.HasErrorPrefix(err, "WRONGTYPE"), errors.Is(err, errForeign):
		s.logger.Warn("redis holds something else than a credential; it will be overwritten", slog.String("key", s.prefix+key))
		return fmt.Errorf("%s: %w", doing, errForeign)
	}
	return s.clean(doing, err)
}

// hiding makes what puts something else in the place of secrets.
func hiding(secrets ...string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, "***")
		}
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

// clean says what failed, without user and password: some servers and proxies repeat a command that they refuse.
func (s *Store) clean(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, moved := redis.IsMovedError(err); moved {
		err = errors.New("the server is a node of a Cluster: configure the URLs of several nodes, or the one that there is twice")
	}
	if s.hide != nil {
		if text := err.Error(); s.hide.Replace(text) != text {
			return fmt.Errorf("%s: %s", doing, s.hide.Replace(text))
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Interface guards
var (
	_ storeguard.Store    = (*Store)(nil)
	_ storeguard.Expiring = (*Store)(nil)
	_ storeguard.Aging    = (*Store)(nil)
)
