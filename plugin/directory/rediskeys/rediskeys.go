// Package rediskeys is the source of accounts that lie in a Redis: at <prefix><app_id> an account's object, and at <prefix><alias> the
// app_id of the account that has that alias.
package rediskeys

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
)

// fresh is how long what a key held is believed.
const fresh = 500 * time.Millisecond

// Config says where the accounts lie.
type Config struct {
	Server redisstore.Config // its Prefix has no meaning here
	Prefix string            // of the keys; required
	Keys   *sealed.Keys      // that open sealed values; nil: there are none
}

// Keys is a directory.Source.
type Keys struct {
	cfg   Config
	name  string
	redis *redisstore.Store
}

// New makes Keys. It calls nobody. Its errors hold nothing of a URL.
func New(cfg Config) (*Keys, error) {
	if cfg.Prefix == "" {
		return nil, errors.New("there is no prefix")
	}
	store, err := redisstore.New(cfg.Server)
	if err != nil {
		return nil, err
	}
	return &Keys{cfg, "redis " + bare(cfg.Server.URLs[0]) + " " + cfg.Prefix, store}, nil
}

// bare is a URL without user, password and parameters.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" && u.Path == "" { // host:port; what is no URL New has refused
		return text
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Name implements directory.Source.
func (k *Keys) Name() string { return k.name }

// Fresh implements directory.Source.
func (k *Keys) Fresh() time.Duration { return fresh }

// Close implements directory.Source.
func (k *Keys) Close() { _ = k.redis.Close() }

// Look implements directory.Source.
func (k *Keys) Look(ctx context.Context, name string) (directory.Entry, error) {
	appID := name
	if !object.IsAppID(name) {
		var err error
		if appID, err = k.owner(ctx, name); err != nil {
			return directory.Entry{}, err
		}
	}
	text, err := k.text(ctx, appID)
	if err != nil {
		return directory.Entry{}, err
	}
	e, err := k.parse(appID, text)
	if err == nil && name != appID && e.Alias != name {
		return directory.Entry{}, directory.ErrUnknown // the account has another alias now
	}
	return e, err
}

// owner gives the app id of the account that has an alias.
func (k *Keys) owner(ctx context.Context, alias string) (appID string, err error) {
	if appID, err = k.text(ctx, alias); err != nil {
		return "", err
	}
	if appID = strings.TrimSpace(appID); !object.IsAppID(appID) {
		return "", &directory.Broken{Name: alias, Err: errors.New("the key of the alias holds no app_id")}
	}
	return appID, nil
}

// text reads the key of a name.
func (k *Keys) text(ctx context.Context, name string) (string, error) {
	text, _, err := k.redis.Text(ctx, k.cfg.Prefix+name)
	switch {
	case errors.Is(err, redisstore.ErrNoText):
		return "", &directory.Broken{Name: name, Err: err}
	case errors.Is(err, fs.ErrNotExist):
		return "", directory.ErrUnknown
	}
	return text, err
}

func (k *Keys) parse(appID, text string) (directory.Entry, error) {
	account, err := object.Parse([]byte(text), k.cfg.Keys)
	if err == nil && account.AppID != appID {
		err = errors.New("app_id is not what the key is named by")
	}
	if err != nil {
		return directory.Entry{}, &directory.Broken{Name: appID, Err: err}
	}
	return directory.EntryOf(account, k.name), nil
}

// List implements directory.Source.
func (k *Keys) List(ctx context.Context) ([]directory.Entry, error) {
	keys, err := k.redis.Keys(ctx, k.cfg.Prefix+"wx")
	if err != nil {
		return nil, err
	}
	named := keys[:0]
	for _, key := range keys {
		if object.IsAppID(strings.TrimPrefix(key, k.cfg.Prefix)) {
			named = append(named, key)
		}
	}
	texts, err := k.redis.Texts(ctx, named)
	if err != nil {
		return nil, err
	}
	entries := make([]directory.Entry, 0, len(named))
	var faults []error
	for _, key := range named { // sorted
		text, ok := texts[key]
		if !ok {
			continue
		}
		e, err := k.parse(strings.TrimPrefix(key, k.cfg.Prefix), text)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, errors.Join(faults...)
}

// Interface guards
var _ directory.Source = (*Keys)(nil)
