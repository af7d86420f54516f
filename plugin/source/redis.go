//go:build !nowechatredis

package source

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	redisTimeout = 5 * time.Second // of one call, connecting included
	longLife     = 2 * time.Hour   // no access_token lives longer, however long its key does
)

// RedisConfig says where in a Redis an access_token lies.
type RedisConfig struct {
	Server  redisstore.Config
	Key     string
	Observe Observe          // nil: nobody is told
	Now     func() time.Time // nil: time.Now
}

// Redis is a Source of the access_token: a key that some other program writes. It holds the token itself, or JSON with
// the member access_token; the key's TTL is how long the token lives. It is only ever read.
type Redis struct {
	cfg   RedisConfig
	redis *redisstore.Store
}

// NewRedis makes a Redis. It calls nobody. Its errors hold nothing of the URL.
func NewRedis(cfg RedisConfig) (*Redis, error) {
	if cfg.Key == "" {
		return nil, errors.New("there is no key")
	}
	store, err := redisstore.New(cfg.Server)
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, error, time.Duration) {}
	}
	return &Redis{cfg, store}, nil
}

// Fetch implements Source. Redis has nobody to whom it could be said that a token was rejected: what lies there until
// its owner notices is given again.
func (r *Redis) Fetch(ctx context.Context, _ credential.Kind, _ string) (wechat.Grant, error) {
	began := time.Now()
	g, err := r.fetch(ctx)
	r.cfg.Observe(RedisToken, err, time.Since(began))
	return g, err
}

func (r *Redis) fetch(ctx context.Context) (wechat.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	requested := r.cfg.Now()
	text, life, err := r.redis.Text(ctx, r.cfg.Key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wechat.Grant{}, redisFailed(err)
	case err != nil:
		return wechat.Grant{}, wechat.Unreachable(RedisToken, err)
	case life == 0:
		life = shortLife
	}
	value, err := tokenOf(text)
	if err != nil {
		return wechat.Grant{}, redisFailed(err)
	}
	g, err := wechat.NewGrant(value, min(life, longLife), requested)
	if err != nil {
		return wechat.Grant{}, redisFailed(err)
	}
	return g, nil
}

func redisFailed(err error) error { return &wechat.Error{API: RedisToken, Err: err} }

var errNoToken = errors.New("the key holds neither a token nor JSON with one")

// tokenOf reads what lies at the key: the token, the same as a JSON string, or an object that has it.
func tokenOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "{"):
		return credentialOf([]byte(text), DefaultTokenField)
	case strings.HasPrefix(text, `"`):
		var value string
		if json.Unmarshal([]byte(text), &value) != nil {
			return "", errNoToken
		}
		return value, nil
	case strings.ContainsAny(text, `"':;,{}<>`): // PHP's serialize, for one, writes these
		return "", errNoToken
	}
	return text, nil
}

// ID implements Source.
func (r *Redis) ID() string {
	return id(append([]string{string(NameRedis), r.cfg.Key}, r.cfg.Server.URLs...)...)
}

// Name implements Source.
func (r *Redis) Name() credential.Source { return NameRedis }

// Close implements Source.
func (r *Redis) Close() { _ = r.redis.Close() }

// Interface guards
var _ Source = (*Redis)(nil)
