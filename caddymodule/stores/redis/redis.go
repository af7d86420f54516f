// Package redis is the store of credentials on Redis.
package redis

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/stores"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Store keeps credentials in Redis (5 or newer), sealed with a key that comes from the app secret: on one server, on one
// that Sentinels watch, or on a Cluster. All Caddys that share it share the credentials, and which of WeChat's messages were
// accepted. It needs no persistence: a Redis that has lost its data costs one call for each credential, and a message that WeChat
// repeats to another process than before may be delivered again.
//
// A server that is away costs nothing but sharing. A user of Redis (ACL) needs `eval`, `evalsha`, `time`, `hget`, `hmget`,
// `hset`, `del`, `pexpire`, `get`, `set` and `getrange` on the keys that begin with the prefix; on a Cluster `cluster|slots` and
// `command` too.
//
// Every string may be or hold a placeholder that does not depend on a request, such as `{env.REDIS_PASSWORD}`.
type Store struct {
	// Where Redis is: `redis://[user:password@]host[:port][/database]`, the same with `rediss://` for TLS, `unix:///path[?db=n]`
	// for a socket, or `host:port`. Several are nodes of one Cluster, or the Sentinels when sentinel_master is set. (A Cluster
	// that has one address stands here twice.) What one URL says of user and password holds for all. In a URL, special
	// characters of a password are percent-encoded; in `password` they are not.
	URLs []string `json:"urls,omitempty"`

	// The user of the Redis servers. Default: what the URLs say.
	Username string `json:"username,omitempty"`

	// The password of the Redis servers. Default: what the URLs say. With sentinel_master, what the URLs say is for the
	// Sentinels themselves, too, and for them alone when a password stands here.
	Password string `json:"password,omitempty"`

	// What the keys begin with. Default: `caddy-wechat-card:`.
	Prefix string `json:"prefix,omitempty"`

	// Whether to speak TLS, whatever the URLs say. Default: with `rediss://` URLs.
	TLS bool `json:"tls,omitempty"`

	// PEM files with certificates of authorities to trust beside the system's.
	CA []string `json:"ca,omitempty"`

	// The name that the Sentinels know the master by. Default: the URLs are not Sentinels.
	SentinelMaster string `json:"sentinel_master,omitempty"`

	store *redisstore.Store
}

// CaddyModule returns the Caddy module information.
func (Store) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: stores.Namespace + ".redis", New: func() caddy.Module { return new(Store) }}
}

// Provision sets up the store. It calls nobody.
func (s *Store) Provision(ctx caddy.Context) error {
	RouteLog()
	cfg := redisstore.Config{Logger: ctx.Slogger()}
	for _, field := range []struct {
		name   string
		raw    string
		target *string
	}{
		{"username", s.Username, &cfg.Username},
		{"password", s.Password, &cfg.Password},
		{"prefix", s.Prefix, &cfg.Prefix},
		{"sentinel_master", s.SentinelMaster, &cfg.SentinelMaster},
	} {
		var err error
		if *field.target, err = words.Expand(field.raw); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	for _, raw := range s.URLs {
		text, err := words.Expand(raw)
		if err != nil {
			return fmt.Errorf("urls: %w", err)
		}
		cfg.URLs = append(cfg.URLs, text)
	}
	if s.TLS || len(s.CA) > 0 {
		cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if len(s.CA) > 0 {
		var err error
		if cfg.TLS.RootCAs, _, err = words.RootCAs(s.CA); err != nil {
			return err
		}
	}
	if literal := s.LiteralSecrets(); len(literal) > 0 {
		cfg.Logger.Warn(words.LiteralSecrets, "secrets", literal)
	}
	var err error
	s.store, err = redisstore.New(cfg)
	return err
}

// LiteralSecrets names the secrets that stand in the configuration as they are.
func (s *Store) LiteralSecrets() []string {
	var names []string
	if s.Password != "" && !words.IsDynamic(s.Password) {
		names = append(names, "password of store redis")
	}
	if slices.ContainsFunc(s.URLs, words.HasLiteralPassword) {
		names = append(names, "password in a URL of store redis")
	}
	return names
}

// CredentialStore implements StoreProvider.
func (s *Store) CredentialStore() (credential.Store, error) { return s.store, nil }

// Cleanup closes the connections. The app has stopped before, and waited for what it had under way.
func (s *Store) Cleanup() error {
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// UnmarshalCaddyfile sets up the store from Caddyfile tokens. Syntax:
//
//	store redis <url...> {
//		username        <name>
//		password        <password>
//		prefix          <prefix>
//		tls             [<ca_pem_file...>]
//		sentinel_master <name>
//	}
func (s *Store) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume the name
	if s.URLs = d.RemainingArgs(); len(s.URLs) == 0 {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		var err error
		switch name := d.Val(); name {
		case "username":
			err = words.OneValue(d, &s.Username)
		case "password":
			err = words.OneValue(d, &s.Password)
		case "prefix":
			err = words.OneValue(d, &s.Prefix)
		case "tls":
			if s.TLS {
				return words.AlreadySpecified(d, name)
			}
			s.TLS, s.CA = true, d.RemainingArgs()
		case "sentinel_master":
			err = words.OneValue(d, &s.SentinelMaster)
		default:
			err = words.Unrecognized(d, "username", "password", "prefix", "tls", "sentinel_master")
		}
		if err != nil {
			return err
		}
	}
	return s.check(d)
}

// check finds at once what Provision would refuse, unless that depends on placeholders.
func (s *Store) check(d *caddyfile.Dispenser) error {
	cfg := redisstore.Config{URLs: s.URLs, Username: s.Username, Password: s.Password, SentinelMaster: s.SentinelMaster}
	if s.TLS {
		cfg.TLS = new(tls.Config)
	}
	if slices.ContainsFunc(append([]string{s.Username, s.Password}, s.URLs...), words.IsDynamic) {
		return nil
	}
	if err := cfg.Check(); err != nil {
		return d.Errf("store redis: %v", err)
	}
	return nil
}

// Printf implements the interface of the client.
func (redisLog) Printf(_ context.Context, format string, args ...any) {
	// Caddy's logger of this moment: one of the configuration that set this up would not outlive it.
	if entry := caddy.Log().Named("redis").Check(zapcore.DebugLevel, "redis client"); entry != nil {
		entry.Write(zap.String("message", fmt.Sprintf(format, args...)))
	}
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Store)(nil)
	_ caddy.CleanerUpper    = (*Store)(nil)
	_ stores.Provider       = (*Store)(nil)
	_ caddyfile.Unmarshaler = (*Store)(nil)
)
