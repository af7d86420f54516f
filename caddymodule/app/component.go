package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
)

// ComponentSettings is a third-party platform (第三方平台): the component that merchants authorise, so that the gateway acts for their
// accounts. What it must not lose, the verify ticket and the refresh token of each merchant, lies sealed in the store; where that is not
// Caddy's own storage, a copy lies there.
type ComponentSettings struct {
	// The component's app_id, as WeChat's open platform (微信开放平台) shows it. It is no account's and no mini program's.
	AppID string `json:"app_id,omitempty"`

	// The app_secret that goes with it.
	AppSecret string `json:"app_secret,omitempty"`

	// How what WeChat pushes is verified and decrypted: events of the platform itself, and messages of the accounts that authorised it.
	// Default: nothing that is pushed is taken, so that another process has to take the tickets.
	MessagePush *ComponentPush `json:"message_push,omitempty"`

	// What the ticket and the refresh tokens are sealed with in the store, each at least 32 characters: the first seals, each opens, so
	// that a new one in front of the old one loses nothing. There are two at most. Default: a key that comes from the app_secret;
	// with that, an app_secret that is replaced makes every merchant authorise again.
	SealKey []string `json:"seal_key,omitempty"`
}

// ComponentPush holds what the open platform's console shows of messages (消息与事件接收配置).
type ComponentPush struct {
	// The token (消息校验Token) that signs each message.
	Token string `json:"token,omitempty"`

	// The key (消息加解密Key) of 43 characters that encrypts messages.
	EncodingAESKey string `json:"encoding_aes_key,omitempty"`

	// The key before, for messages that were encrypted before it was changed. Default: none.
	PreviousEncodingAESKey string `json:"previous_encoding_aes_key,omitempty"`
}

// Component is a third-party platform (第三方平台) of the configuration.
type Component struct {
	*thirdparty.Component

	seal     string // what the secrets of accounts are derived from that have none of their own
	observer *observe.Account
}

// Component gives the component of a name; nil: none is configured by it.
func (a *App) Component(name string) *Component { return a.components[name] }

// ComponentNames lists the configured components, sorted.
func (a *App) ComponentNames() []string { return slices.Sorted(maps.Keys(a.components)) }

// Platforms are the configured components, by their names.
func (a *App) Platforms() map[string]*platform.Platform {
	platforms := make(map[string]*platform.Platform, len(a.components))
	for name, c := range a.components {
		platforms[name] = c.Platform
	}
	return platforms
}

// provision expands and checks the settings.
func (c *ComponentSettings) provision(name string) (cfg thirdparty.Config, err error) {
	switch {
	case name == "" || words.IsDynamic(name):
		return cfg, errors.New("a name is not empty and has no braces")
	case c == nil || c.AppID == "":
		return cfg, errors.New("app_id is missing")
	case c.AppSecret == "":
		return cfg, errors.New("app_secret is missing")
	}
	cfg.Name = name
	if cfg.AppID, err = words.Expand(c.AppID); err != nil {
		return cfg, fmt.Errorf("app_id: %w", err)
	}
	if err := checkAppID(cfg.AppID); err != nil {
		return cfg, words.Placed(c.AppID, fmt.Errorf("app_id: %w", err))
	}
	if cfg.AppSecret, err = words.Expand(c.AppSecret); err != nil {
		return cfg, fmt.Errorf("app_secret: %w", err)
	}
	if cfg.SealKeys, err = sealKeys(c.SealKey); err != nil {
		return cfg, err
	}
	if cfg.Push, err = c.MessagePush.provision(); err != nil {
		return cfg, fmt.Errorf("message_push: %w", err)
	}
	return cfg, nil
}

// provision expands and checks the settings; nil has none.
func (p *ComponentPush) provision() (cfg push.Config, err error) {
	if p == nil {
		return cfg, nil
	}
	if p.Token == "" || p.EncodingAESKey == "" {
		return cfg, errors.New("it needs a token and an encoding_aes_key, for what is pushed to a platform is always encrypted")
	}
	for _, value := range []struct {
		name string
		from string
		into *string
	}{
		{"token", p.Token, &cfg.Token},
		{"encoding_aes_key", p.EncodingAESKey, &cfg.EncodingAESKey},
		{"previous_encoding_aes_key", p.PreviousEncodingAESKey, &cfg.PreviousKey},
	} {
		if *value.into, err = words.Expand(value.from); err != nil {
			return cfg, fmt.Errorf("%s: %w", value.name, err)
		}
	}
	return cfg, nil
}

// LiteralSecrets names the secrets that stand in the configuration as they are.
func (c *ComponentSettings) LiteralSecrets() (names []string) {
	add := func(name, value string) {
		if value != "" && !words.IsDynamic(value) {
			names = append(names, name)
		}
	}
	add("app_secret", c.AppSecret)
	if c.MessagePush != nil {
		add("token of message_push", c.MessagePush.Token)
		add("encoding_aes_key of message_push", c.MessagePush.EncodingAESKey)
		add("previous_encoding_aes_key of message_push", c.MessagePush.PreviousEncodingAESKey)
	}
	for _, key := range c.SealKey {
		add("seal_key", key)
	}
	return slices.Compact(names)
}

// The bounds of seal keys.
const (
	maxSealKeys   = 2
	minSealKeyLen = 32
)

// checkSealKeys refuses what is no list of seal keys. Placeholders can only be judged when their values are there.
func checkSealKeys(keys []string) error {
	if len(keys) > maxSealKeys {
		return fmt.Errorf("seal_key takes a key and the one before, not %d keys", len(keys))
	}
	for i, key := range keys {
		if !words.IsDynamic(key) && len(key) < minSealKeyLen {
			return fmt.Errorf("seal_key: a key has at least %d characters; openssl rand -base64 32 prints one", minSealKeyLen)
		}
		if slices.Contains(keys[:i], key) {
			return errors.New("seal_key: both keys are one")
		}
	}
	return nil
}

// sealKeys evaluates the placeholders of seal keys.
func sealKeys(raw []string) ([]string, error) {
	var keys []string
	for _, text := range raw {
		key, err := words.Expand(text)
		if err != nil {
			return nil, fmt.Errorf("seal_key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, checkSealKeys(keys)
}
