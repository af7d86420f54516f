// Package account is the core of an official account (公众号): where its credentials come from, what they are now, and how a
// call is made with its access_token. What an account can do with them is the concern of other packages, and so are
// limits and whatever is remembered of clients' requests.
//
// Where to read on: config.go has the settings, tokensource.go and fetch.go where credentials come from, call.go the one order
// in which a token is got, used, rejected and dropped, guest.go what is different for a process beside the one that serves.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Core is the credentials of one official account under one configuration, and the calls made with them.
type Core struct {
	*Caller
	cfg     *Config
	keepers *credential.Keepers
	env     *credential.Env
}

// New makes a Core upon the Keepers of the configuration's ID. It calls nobody and starts nothing. Stop must be called when
// the configuration ends, even if Start never was.
func New(cfg Config, keepers *credential.Keepers) (*Core, error) {
	caller := &Caller{tokens: keepers.Keeper(credential.AccessToken), none: cfg.Source() == None, now: cfg.Now}
	fetcher := &fetcher{&cfg, keepers, caller}
	env, err := credential.NewEnv(credential.EnvConfig{
		Fetch:        fetcher.fetch,
		Store:        cfg.Store,
		Secret:       cfg.Seal(),
		Classic:      cfg.Source() == Classic,
		Sources:      cfg.owners(),
		ForceRefresh: cfg.ForceRefresh,
		Offset:       cfg.Offset,
		LearnClock:   cfg.LearnClock,
		Now:          cfg.Now,
		Logger:       cfg.Logger,
		Observe:      cfg.Observe,
	})
	if err != nil {
		return nil, err
	}
	caller.env = env
	return &Core{caller, &cfg, keepers, env}, nil
}

// Start makes this configuration the current one and keeps the credentials of the given kinds warm in the background.
func (c *Core) Start(warm ...credential.Kind) { c.keepers.Start(c.env, warm...) }

// Stop ends what Start began and waits for it, two seconds at the most; the configuration that started before is
// current again. Values stay in the Keepers.
func (c *Core) Stop() { c.keepers.Stop(c.env) }

// AppID is the app id of the official account, or of the mini program.
func (c *Core) AppID() string { return c.cfg.AppID }

// Credential gives the current value of a credential. Keep it no longer than the request at hand.
func (c *Core) Credential(ctx context.Context, kind credential.Kind) (string, error) {
	keeper, err := c.Keeper(kind)
	if err != nil {
		return "", err
	}
	v, err := keeper.Get(ctx, c.env)
	return v.Text, err
}

// Refresh fetches a credential anew at once, whatever failed before; force spends one of the day's forced refreshes of
// a stable access_token.
func (c *Core) Refresh(ctx context.Context, kind credential.Kind, force bool) error {
	keeper, err := c.Keeper(kind)
	if err != nil {
		return err
	}
	_, err = keeper.Refresh(ctx, c.env, force)
	return err
}

// Status tells how a credential stands in this process. It fetches nothing.
func (c *Core) Status(kind credential.Kind) credential.Status {
	return c.keepers.Keeper(kind).Status(c.env)
}

// Keeper gives the Keeper of a kind, to be asked with Env. It fails with *credential.Unavailable for the access_token of an
// account whose calls need none, and with *wechat.ForeignToken for the tickets of a mini program.
func (c *Core) Keeper(kind credential.Kind) (*credential.Keeper, error) {
	if kind != credential.AccessToken && c.cfg.MiniProgram {
		return nil, &wechat.ForeignToken{Wants: wechat.OfficialAccount}
	}
	if kind == credential.AccessToken && c.none {
		return nil, &credential.Unavailable{Kind: kind, RetryAt: c.cfg.Now().Add(time.Minute), Err: errNoToken}
	}
	return c.keepers.Keeper(kind), nil
}

// Env is this configuration's side of its Keepers.
func (c *Core) Env() *credential.Env { return c.env }

// CheckCredential tells why the account can never have a credential of a kind; nil when it can.
func (c *Core) CheckCredential(kind credential.Kind) error {
	switch {
	case kind != credential.AccessToken && c.cfg.MiniProgram:
		return fmt.Errorf("its app_id is that of mini_program %s, which has no %s: it must be the official account's that created the cards",
			c.cfg.AppID, kind)
	case !c.none:
	case kind == credential.AccessToken:
		return errors.New("token_source none has no access_token to hand on")
	case c.cfg.Tickets == nil:
		return fmt.Errorf("token_source none gives no %s; configure a ticket_source", kind)
	}
	return nil
}
