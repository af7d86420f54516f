package app

import (
	"errors"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
)

// Account is one official account (公众号): the one that created the cards.
type Account struct {
	// The app_id of the official account, never that of a mini program.
	AppID string `json:"app_id,omitempty"`

	// The app_secret that goes with it. With a token_source that needs none it may be given all the same: credentials are shared
	// through the store when there is a secret to seal them with.
	AppSecret string `json:"app_secret,omitempty"`

	// Where access_tokens come from: `stable` is WeChat's stable_token call, which leaves the tokens of other systems alone;
	// `classic` is its token call, which ends the token that any other system fetched before; `none` is for WeChat's cloud
	// hosting (微信云托管), where calls need none. An object with `source` set to `remote` or `redis` says who else keeps the
	// token. Default: stable.
	TokenSource TokenSource `json:"token_source,omitzero"`

	// Who keeps the account's tickets. Default: nobody; they are fetched by WeChat's getticket with the access_token.
	TicketSource *TicketSource `json:"ticket_source,omitempty"`

	// Whether a token that WeChat refuses but gives again may be replaced by force, which WeChat allows 20 times a day:
	// `on` or `off`. Default: on.
	ForceRefresh string `json:"force_refresh,omitempty"`

	// The mini programs that belong to the account; the first is the default. Each has an access_token of its own, which is kept as an
	// account's is where a route uses it. One may be an account, too, with the same secret: the two are one then.
	MiniPrograms []MiniProgram `json:"mini_program,omitempty"`

	// How messages are verified and decrypted that WeChat pushes to the account's URL.
	MessagePush *PushSettings `json:"message_push,omitempty"`

	// How many calls a minute clients may cause.
	Limit Limit `json:"limit,omitzero"`

	appID        string
	miniPrograms []MiniProgram
	sources      []source.Source
}

// MiniProgram is a mini program (小程序) that belongs to an account.
type MiniProgram struct {
	// The app_id of the mini program.
	AppID string `json:"app_id,omitempty"`

	// The app_secret that goes with it.
	AppSecret string `json:"app_secret,omitempty"`
}

// PushSettings holds what the message settings of the account's console show.
type PushSettings struct {
	// The token (令牌) that signs each message.
	Token string `json:"token,omitempty"`

	// The key (消息加解密密钥) of 43 characters that encrypts messages. Default: messages are not encrypted.
	EncodingAESKey string `json:"encoding_aes_key,omitempty"`
}

// Limit bounds calls that clients can cause, each as a number of calls a minute: that many at once, refilled evenly. Of the calls
// that `open_card`, `login` and `activation` cause, WeChat may refuse one client network (/24, or /56 of IPv6) a quarter of that in
// a minute.
type Limit struct {
	// Calls that decrypt codes, of those that come with activate_tickets apart. Default: 600.
	Decrypt int `json:"decrypt,omitempty"`

	// Calls for activate URLs of member cards. Default: 60.
	Geturl int `json:"geturl,omitempty"`

	// Calls that find out whose a js_code is, or which phone number a phone code is for. Default: 600.
	Login int `json:"login,omitempty"`

	// Calls of each kind that activations take: that look up activate_tickets, decrypt the codes that come with them, and activate
	// member cards. Default: as many as `decrypt`.
	Activation int `json:"activation,omitempty"`
}

// provision expands and checks the account's settings.
func (a *Account) provision(name string) (plugin.AccountConfig, error) {
	var cfg plugin.AccountConfig
	if name == "" || words.IsDynamic(name) {
		return cfg, errors.New("a name is not empty and has no braces")
	}
	if a == nil || a.AppID == "" {
		return cfg, errors.New("app_id is missing")
	}
	if err := a.TokenSource.check(); err != nil {
		return cfg, err
	}
	if a.TicketSource != nil {
		if err := a.TicketSource.check(); err != nil {
			return cfg, err
		}
	}
	cfg.TokenSource = a.TokenSource.Name()
	if a.AppSecret == "" && cfg.TokenSource.NeedsSecret() {
		return cfg, errors.New("app_secret is missing")
	}
	var err error
	if cfg.AppID, err = words.Expand(a.AppID); err != nil {
		return cfg, fmt.Errorf("app_id: %w", err)
	}
	if err := checkAppID(cfg.AppID); err != nil {
		return cfg, words.Placed(a.AppID, fmt.Errorf("app_id: %w", err))
	}
	if cfg.AppSecret, err = words.Expand(a.AppSecret); err != nil {
		return cfg, fmt.Errorf("app_secret: %w", err)
	}
	a.appID = cfg.AppID

	if cfg.ForceRefresh, err = words.OnOff("force_refresh", a.ForceRefresh); err != nil {
		return cfg, err
	}
	if min(a.Limit.Decrypt, a.Limit.Geturl, a.Limit.Login, a.Limit.Activation) < 0 {
		return cfg, errors.New("a limit must be greater than zero")
	}
	cfg.DecryptLimit, cfg.GeturlLimit = a.Limit.Decrypt, a.Limit.Geturl
	cfg.LoginLimit, cfg.ActivationLimit = a.Limit.Login, a.Limit.Activation

	if err := a.provisionMiniPrograms(&cfg); err != nil {
		return cfg, err
	}
	return cfg, a.provisionMessagePush(&cfg)
}

func (a *Account) provisionMiniPrograms(cfg *plugin.AccountConfig) error {
	seen := make(map[string]struct{})
	for i, mp := range a.MiniPrograms {
		if mp.AppID == "" || mp.AppSecret == "" {
			return fmt.Errorf("mini_program %d needs an app_id and an app_secret", i)
		}
		var err error
		if mp.AppID, err = words.Expand(mp.AppID); err != nil {
			return fmt.Errorf("app_id of mini_program %d: %w", i, err)
		}
		if mp.AppSecret, err = words.Expand(mp.AppSecret); err != nil {
			return fmt.Errorf("app_secret of mini_program %d: %w", i, err)
		}
		if err := checkAppID(mp.AppID); err != nil {
			return words.Placed(a.MiniPrograms[i].AppID, fmt.Errorf("app_id of mini_program %d: %w", i, err))
		}
		if _, ok := seen[mp.AppID]; ok {
			return words.Placed(a.MiniPrograms[i].AppID, fmt.Errorf("mini_program %s is listed twice", mp.AppID))
		}
		seen[mp.AppID] = struct{}{}
		a.miniPrograms = append(a.miniPrograms, mp)
		cfg.MiniPrograms = append(cfg.MiniPrograms, plugin.MiniProgram(mp))
	}
	return nil
}

func (a *Account) provisionMessagePush(cfg *plugin.AccountConfig) error {
	if a.MessagePush == nil {
		return nil
	}
	if a.MessagePush.Token == "" {
		return errors.New("message_push needs a token")
	}
	var err error
	if cfg.MessagePush.Token, err = words.Expand(a.MessagePush.Token); err != nil {
		return fmt.Errorf("token of message_push: %w", err)
	}
	if cfg.MessagePush.EncodingAESKey, err = words.Expand(a.MessagePush.EncodingAESKey); err != nil {
		return fmt.Errorf("encoding_aes_key of message_push: %w", err)
	}
	return nil
}

// LiteralSecrets names the secrets that stand in the configuration as they are.
func (a *Account) LiteralSecrets() []string {
	var names []string
	add := func(name, value string) {
		if value != "" && !words.IsDynamic(value) {
			names = append(names, name)
		}
	}
	add("app_secret", a.AppSecret)
	names = append(names, a.TokenSource.literalSecrets("token_source")...)
	if a.TicketSource != nil {
		names = append(names, a.TicketSource.literalSecrets("ticket_source")...)
	}
	for _, mp := range a.MiniPrograms {
		add("app_secret of mini_program "+mp.AppID, mp.AppSecret)
	}
	if a.MessagePush != nil {
		add("token of message_push", a.MessagePush.Token)
		add("encoding_aes_key of message_push", a.MessagePush.EncodingAESKey)
	}
	return names
}
