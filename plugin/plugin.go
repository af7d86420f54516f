// Package plugin is the gateway itself, without Caddy: one Account for each official account (公众号), with the
// operations that a site's actions call.
//
// It is the top floor. Below it lies the core, account, which keeps an account's credentials and makes calls with them; a
// package for each thing that an account can do, of which none knows another; and below these what each knows one thing:
// card signs, credential keeps access_token and tickets, wechat speaks to WeChat, push reads what WeChat pushes, dedupe
// does once what comes again, sandbox stands in for WeChat. None of them, and nothing here, imports Caddy.
package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
)

// Account is one official account under one configuration. Its operations may be called at any time, before Start
// and after Stop too, by any number of goroutines.
//
// They fail with *credential.Unavailable when there is no usable credential, with *Busy when a bound of ours is
// reached, and with *wechat.Error when WeChat refused or failed the very call that was needed.
type Account struct {
	*account.Core

	cfg   AccountConfig
	state *State
	clock *clock.Clock

	receiver *receiver // of messages; nil: there are no settings for it
}

// NewAccount makes an Account upon a State, which must be the one of the configuration's SharedKey. It calls nobody
// and starts nothing. Stop must be called when the configuration ends, even if Start never was.
func NewAccount(cfg AccountConfig, state *State) (*Account, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	theirs := clock.New(cfg.Client, cfg.Now, &state.clock)
	settings := cfg.core()
	settings.Offset, settings.LearnClock = theirs.Offset, theirs.Learn
	core, err := account.New(settings, state.keepers)
	if err != nil {
		return nil, err
	}
	a := &Account{Core: core, cfg: cfg, state: state, clock: theirs}
	if a.receiver, err = newReceiver(cfg, state); err != nil {
		return nil, fmt.Errorf("message_push: %w", err)
	}
	return a, nil
}

// Guest gives an Account of the same configuration for a process beside the one that serves: a command. It takes what is
// shared through the Store and leaves nothing there, neither values nor locks; it never forces a refresh; and with token
// source Classic it fetches no access_token, for that would end the other process's. Both have to be stopped.
func (a *Account) Guest() (*Account, error) {
	cfg := a.cfg
	cfg.guest, cfg.MessagePush, cfg.Pushed = true, push.Config{}, nil
	return NewAccount(cfg, a.state)
}

// Start makes this configuration the current one and keeps the credentials of the given kinds warm in the background.
func (a *Account) Start(warm ...credential.Kind) {
	a.state.limit(a.cfg)
	a.Core.Start(warm...)
	a.receiver.start()
}

// Stop ends what Start began and waits for it, two seconds at the most; the configuration that started before is
// current again. Values stay in the State.
func (a *Account) Stop() {
	a.receiver.stop(a.Core.Stop)
}

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
