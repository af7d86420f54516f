// Package source gets credentials of an official account from somebody who keeps them already: over HTTP from a
// third-party platform (第三方平台), a central server (中控服务器) or another gateway, or out of a Redis. They are not ours to
// renew: nobody here forces anything, and who gives the same one again has not failed.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Source gives credentials that somebody else keeps. Its methods may be used by any number of goroutines.
type Source interface {
	// Fetch asks for the credential of a kind. rejected is the one that WeChat refused and that is to be replaced, or
	// empty. An error is a *wechat.Error without an errcode: it concerns this machine alone and may pass by itself. It
	// holds no URL, secret or credential.
	Fetch(ctx context.Context, kind credential.Kind, rejected string) (wechat.Grant, error)

	// ID tells one source from another. It shows nothing of either.
	ID() string

	// Name is what the source is called where it is shown: remote or redis.
	Name() credential.Source

	// Close closes the idle connections.
	Close()
}

// The names of sources.
const (
	NameRemote credential.Source = "remote"
	NameRedis  credential.Source = "redis"
)

// The names of the calls, for errors and metrics.
const (
	RemoteToken  = "remote_token"
	RemoteTicket = "remote_ticket"
	RedisToken   = "redis_token"
)

// shortLife is how long a credential is kept whose owner does not tell how long it lives. A token that WeChat gives has
// five minutes left at least, and works for five minutes after another one has come.
const shortLife = 5 * time.Minute

// Observe is told of each call when it has ended: its name, a *wechat.Error or nil, and how long it took.
type Observe func(api string, err error, took time.Duration)

// id hashes what tells one source from another.
func id(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
