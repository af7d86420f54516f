//go:build !nowechatredis

package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source/stored"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	redisTimeout = 5 * time.Second // of one call, connecting included
	longLife     = 2 * time.Hour   // no access_token lives longer, however long its key does
	endlessLook  = time.Minute     // when a key is read again that has no end
)

// RedisConfig says where in a Redis an access_token lies.
type RedisConfig struct {
	Server       redisstore.Config
	Key          string
	Field        string           // of an object, array or hash that holds the token, a.b for b in a; default DefaultTokenField
	ExpiresField string           // that says how many seconds are left, or the moment of the end; empty: none does
	Observe      Observe          // nil: nobody is told
	Now          func() time.Time // nil: time.Now
}

// Redis is a Source of the access_token: a key that some other program writes. It is only ever read. What lies there is
// the token itself, JSON or what PHP's serialize writes, or a hash. The key's TTL says when to read it again; the token
// serves until WeChat refuses it, for two hours after it was last read at most.
type Redis struct {
	cfg   RedisConfig
	redis *redisstore.Store
}

// Check reports what NewRedis would refuse but for a missing server or key. It calls nobody. Its error holds nothing of the URL.
func (c RedisConfig) Check() error {
	if _, err := fieldName(c.Field, ""); err != nil {
		return fmt.Errorf("field: %w", err)
	}
	if _, err := fieldName(c.ExpiresField, ""); err != nil {
		return fmt.Errorf("expires_field: %w", err)
	}
	if len(c.Server.URLs) == 0 {
		return nil
	}
	return c.Server.Check()
}

// NewRedis makes a Redis. It calls nobody. Its errors hold nothing of the URL.
func NewRedis(cfg RedisConfig) (*Redis, error) {
	if cfg.Key == "" {
		return nil, errors.New("there is no key")
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg.Field = cmp.Or(cfg.Field, DefaultTokenField)
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
	found, look, err := r.read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wechat.Grant{}, redisFailed(err)
	case err != nil:
		return wechat.Grant{}, wechat.Unreachable(RedisToken, err)
	case look == 0:
		look = endlessLook
	}
	value, err := found.token()
	if err != nil {
		return wechat.Grant{}, redisFailed(err)
	}
	left, err := found.life(requested)
	if err != nil {
		return wechat.Grant{}, redisFailed(err)
	}
	g, err := wechat.NewGrant(value, longLife, requested)
	if err != nil {
		return wechat.Grant{}, redisFailed(err)
	}
	if left > 0 {
		look = min(look, left)
	}
	g.Look = min(max(look, time.Second), longLife)
	return g, nil
}

func redisFailed(err error) error { return &wechat.Error{API: RedisToken, Err: err} }

// found is what lies at the key: text, or where that is nil, the fields of a hash.
type found struct {
	cfg     *RedisConfig
	text    *string
	members map[string]string
}

// read reads the key, and for how long it lives still; 0: it has no end.
func (r *Redis) read(ctx context.Context) (*found, time.Duration, error) {
	text, look, err := r.redis.Text(ctx, r.cfg.Key)
	if !errors.Is(err, redisstore.ErrNoText) {
		return &found{cfg: &r.cfg, text: &text}, look, err
	}
	// The name may be that of a field as it is, or of something in one.
	names := []string{r.cfg.Field}
	if first, _, nested := strings.Cut(r.cfg.Field, "."); nested {
		names = append(names, first)
	}
	if r.cfg.ExpiresField != "" {
		names = append(names, r.cfg.ExpiresField)
		if first, _, nested := strings.Cut(r.cfg.ExpiresField, "."); nested {
			names = append(names, first)
		}
	}
	members, look, err := r.redis.Members(ctx, r.cfg.Key, names...)
	return &found{cfg: &r.cfg, members: members}, look, err
}

// token gives the token in what was found.
func (f *found) token() (string, error) {
	raw, rest, err := f.find(f.cfg.Field)
	switch {
	case err != nil:
		return "", err
	case raw == nil:
		return "", fmt.Errorf("the key has no field %s", f.cfg.Field)
	case rest != "" && (raw[0] == '{' || raw[0] == '['):
		return credentialOf(raw, rest)
	}
	var value string
	if json.Unmarshal(unwrapped(raw), &value) != nil {
		return "", errNoToken
	}
	return value, nil
}

// life gives how long the token lives from now on by what was found; 0: nothing tells.
func (f *found) life(now time.Time) (time.Duration, error) {
	if f.cfg.ExpiresField == "" {
		return 0, nil
	}
	if text, ok := f.members[f.cfg.ExpiresField]; ok {
		quoted, _ := json.Marshal(text) // as it is: the moment of RFC 3339 is neither a token nor JSON
		if life, err := parseLife(quoted, now); !errors.Is(err, errNoNumber) {
			return life, f.named(err)
		}
	}
	raw, rest, err := f.find(f.cfg.ExpiresField)
	if err == nil && raw != nil && rest != "" {
		if raw[0] != '{' && raw[0] != '[' {
			return 0, nil // the token by itself, beside which nothing can stand
		}
		raw, err = find(raw, rest)
	}
	if err != nil || raw == nil {
		return 0, err
	}
	life, err := parseLife(unwrapped(raw), now)
	return life, f.named(err)
}

func (f *found) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s at the key: %w", f.cfg.ExpiresField, err)
}

// find gives the JSON of what was found in which a field is to be looked for, and by what name; of a hash the field itself,
// without a name. Nil: there is none.
func (f *found) find(field string) (raw json.RawMessage, rest string, err error) {
	text := f.text
	if text != nil {
		rest = field
	} else if whole, ok := f.members[field]; ok {
		text = &whole
	} else if first, below, _ := strings.Cut(field, "."); below != "" {
		if part, ok := f.members[first]; ok {
			text, rest = &part, below
		}
	}
	if text == nil {
		return nil, "", nil
	}
	raw, err = stored.JSON([]byte(*text))
	if err != nil {
		return nil, "", fmt.Errorf("what the key holds cannot be read: %w", err)
	}
	return raw, rest, nil
}

var errNoToken = errors.New("the key holds no token where it should")

// ID implements Source.
func (r *Redis) ID() string {
	parts := append([]string{string(NameRedis), r.cfg.Key}, r.cfg.Server.URLs...)
	if r.cfg.Field != DefaultTokenField {
		parts = append(parts, r.cfg.Field)
	}
	return id(parts...)
}

// Name implements Source.
func (r *Redis) Name() credential.Source { return NameRedis }

// Close implements Source.
func (r *Redis) Close() { _ = r.redis.Close() }

// Interface guards
var _ Source = (*Redis)(nil)
