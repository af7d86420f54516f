// Package plugin is the gateway itself, without Caddy: one Account for each official account (公众号), with the
// operations that a site's actions call.
//
// The packages below it know one thing each: card signs, credential keeps access_token and tickets, wechat speaks to
// WeChat, push reads what WeChat pushes, dedupe does once what comes again, sandbox stands in for WeChat. None of them,
// and nothing here, imports Caddy.
package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The limits that an AccountConfig without any has, in calls a minute.
const (
	DefaultDecryptLimit = 600
	DefaultGeturlLimit  = 60
)

// AccountConfig is all that an Account needs to know.
type AccountConfig struct {
	AppID        string           // of the official account that created the cards
	AppSecret    string           // of the same; without it nothing is shared through the Store
	TokenSource  TokenSource      // default Stable; without meaning when there is a Token
	Token        source.Source    // who keeps the access_token; nil: TokenSource says
	Tickets      source.Source    // who keeps the tickets; nil: WeChat gives them for the access_token
	ForceRefresh bool             // whether forced refreshes may be spent on a token that WeChat refuses
	DecryptLimit int              // calls of /card/code/decrypt a minute, and as many of activatetempinfo/get; 0: DefaultDecryptLimit
	GeturlLimit  int              // calls of /card/membercard/activate/geturl a minute; 0: DefaultGeturlLimit
	MiniPrograms []MiniProgram    // whose users Login knows; the first is the default
	MessagePush  push.Config      // how messages that WeChat pushes are verified and decrypted; without Token: not at all
	APIURL       string           // first base URL of the API: part of the credentials' name
	Client       *wechat.Client   // required
	Store        credential.Store // nil: credentials are not shared and do not survive a restart
	Logger       *slog.Logger     // nil: silent
	Now          func() time.Time // nil: time.Now

	Observe func(credential.Event) // told of each renewal and failure; it must not block; nil: nobody is
	Pushed  func(*push.Message)    // told of each message that was delivered; it must not block; nil: nobody is

	guest bool // see Account.Guest
}

// SharedKey names the State that accounts of this configuration share. It holds no secret.
func SharedKey(cfg AccountConfig) string { return cfg.id().Hash() }

// Account is one official account under one configuration. Its operations may be called at any time, before Start
// and after Stop too, by any number of goroutines.
//
// They fail with *credential.Unavailable when there is no usable credential, with *limit.Busy when a bound of ours is
// reached, and with *wechat.Error when WeChat refused or failed the very call that was needed.
type Account struct {
	cfg   AccountConfig
	state *State
	env   *credential.Env

	receiver *receiver // of messages; nil: there are no settings for it
}

// NewAccount makes an Account upon a State, which must be the one of the configuration's SharedKey. It calls nobody
// and starts nothing. Stop must be called when the configuration ends, even if Start never was.
func NewAccount(cfg AccountConfig, state *State) (*Account, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.TokenSource = cfg.tokenSource()
	a := &Account{cfg: cfg, state: state}
	env, err := credential.NewEnv(credential.EnvConfig{
		Fetch:        a.fetch,
		Store:        cfg.Store,
		Secret:       cfg.AppSecret,
		Classic:      cfg.TokenSource == Classic,
		Sources:      cfg.owners(),
		ForceRefresh: cfg.ForceRefresh,
		Offset:       a.offset,
		LearnClock:   a.learnClock,
		Now:          cfg.Now,
		Logger:       cfg.Logger,
		Observe:      cfg.Observe,
	})
	if err != nil {
		return nil, err
	}
	a.env = env
	if a.receiver, err = newReceiver(cfg, state); err != nil {
		return nil, fmt.Errorf("message_push: %w", err)
	}
	return a, nil
}

// Start makes this configuration the current one and keeps the credentials of the given kinds warm in the background.
func (a *Account) Start(warm ...credential.Kind) {
	a.state.limit(a.cfg)
	a.state.keepers.Start(a.env, warm...)
	a.receiver.start()
}

// Stop ends what Start began and waits for it, two seconds at the most; the configuration that started before is
// current again. Values stay in the State.
func (a *Account) Stop() {
	a.receiver.stop(func() { a.state.keepers.Stop(a.env) })
}

// Credential gives the current value of a credential. Keep it no longer than the request at hand.
func (a *Account) Credential(ctx context.Context, kind credential.Kind) (string, error) {
	if kind == credential.AccessToken && a.cfg.TokenSource == None {
		return "", a.noToken()
	}
	v, err := a.state.keepers.Keeper(kind).Get(ctx, a.env)
	return v.Text, err
}

// Status tells how a credential stands in this process. It fetches nothing.
func (a *Account) Status(kind credential.Kind) credential.Status {
	return a.state.keepers.Keeper(kind).Status(a.env)
}

// Refresh fetches a credential anew at once, whatever failed before; force spends one of the day's forced refreshes of
// a stable access_token.
func (a *Account) Refresh(ctx context.Context, kind credential.Kind, force bool) error {
	if kind == credential.AccessToken && a.cfg.TokenSource == None {
		return a.noToken()
	}
	_, err := a.state.keepers.Keeper(kind).Refresh(ctx, a.env, force)
	return err
}

// AppID is the app id of the official account.
func (a *Account) AppID() string { return a.cfg.AppID }

// AddCard appends the parameters of wx.addCard, {"cardList":[…]}, to dst: each card signed with the api_ticket, at the
// present second, and with a nonce of its own unless nonce is false. It sets Timestamp and NonceStr of the cards.
func (a *Account) AddCard(ctx context.Context, dst []byte, cards []card.Ext, nonce bool) ([]byte, error) {
	signer, err := a.CardSigner(ctx)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"cardList":[`...)
	for i := range cards {
		c := &cards[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"cardId":`...)
		dst = card.AppendString(dst, c.CardID)
		dst = append(dst, `,"cardExt":`...)
		dst = signer.AppendCardExt(dst, c, nonce)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...), nil
}

// withToken makes a call with the access_token, and once more with another one when WeChat refuses the first. Such a
// refusal means that the call was not executed, so any call may be repeated after it. A call within a limit counts when
// it is made: without a token it is not.
func (a *Account) withToken(ctx context.Context, bucket *limit.Bucket, call func(token string) error) error {
	tokens := a.state.keepers.Keeper(credential.AccessToken)
	v, err := a.token(ctx)
	if err != nil {
		return err
	}
	if bucket != nil {
		if err := bucket.Take(); err != nil {
			return err
		}
	}
	if err = call(v.Text); v.Text == "" || !wechat.Is(err, wechat.Credential) {
		return err
	}
	if v, err = tokens.Reject(ctx, a.env, v.Text, err); err != nil {
		return err
	}
	if err = call(v.Text); !wechat.Is(err, wechat.Credential) {
		return err
	}
	tokens.Drop(v.Text, err)
	return &credential.Unavailable{Kind: credential.AccessToken, RetryAt: a.cfg.Now().Add(time.Second), Err: err}
}
