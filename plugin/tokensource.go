package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// TokenSource says where access_tokens come from.
type TokenSource string

// The token sources.
const (
	Stable  TokenSource = "stable"  // POST /cgi-bin/stable_token: leaves other systems' tokens alone
	Classic TokenSource = "classic" // GET /cgi-bin/token: each one kills the one before
	None    TokenSource = "none"    // calls need none: WeChat's cloud hosting (微信云托管) puts it in on the way

	// Somebody else keeps it. AccountConfig.Token says who.
	Remote = TokenSource(source.NameRemote)
	Redis  = TokenSource(source.NameRedis)
)

// NeedsSecret tells whether access_tokens of the source are fetched with the app secret.
func (s TokenSource) NeedsSecret() bool { return s == "" || s == Stable || s == Classic }

// errNoToken is why there is no access_token with token source None.
var errNoToken = errors.New("token_source none: there is no access_token, and no ticket without a ticket_source")

func (c AccountConfig) tokenSource() TokenSource {
	if c.Token != nil {
		return TokenSource(c.Token.Name())
	}
	return cmp.Or(c.TokenSource, Stable)
}

func (c AccountConfig) id() credential.ID {
	id := credential.ID{BaseURL: c.APIURL, AppID: c.AppID, Source: string(c.tokenSource())}
	if c.Token != nil {
		id.Token = c.Token.ID()
	}
	if c.Tickets != nil {
		id.Tickets = c.Tickets.ID()
	}
	return id
}

// owners names those who keep credentials for us.
func (c AccountConfig) owners() map[credential.Kind]credential.Source {
	owners := make(map[credential.Kind]credential.Source)
	if c.Token != nil {
		owners[credential.AccessToken] = c.Token.Name()
	}
	if c.Tickets != nil {
		owners[credential.APITicket], owners[credential.JSAPITicket] = c.Tickets.Name(), c.Tickets.Name()
	}
	return owners
}

// token gives the access_token to make a call with; an empty one where calls need none.
func (a *Account) token(ctx context.Context) (credential.Value, error) {
	if a.cfg.TokenSource == None {
		return credential.Value{}, nil
	}
	return a.state.keepers.Keeper(credential.AccessToken).Get(ctx, a.env)
}

// noToken is the answer to who wants the access_token itself of an account whose calls need none.
func (a *Account) noToken() error {
	return &credential.Unavailable{Kind: credential.AccessToken, RetryAt: a.cfg.Now().Add(time.Minute), Err: errNoToken}
}

// fetch asks WeChat for a credential, or whoever keeps it.
func (a *Account) fetch(ctx context.Context, kind credential.Kind, force bool) (g wechat.Grant, err error) {
	owner := a.cfg.Tickets
	if kind == credential.AccessToken {
		owner = a.cfg.Token
	}
	switch {
	case owner != nil:
		return owner.Fetch(ctx, kind, a.state.keepers.Keeper(kind).Refused())
	case kind == credential.AccessToken:
		return a.fetchToken(ctx, force)
	}
	typ := wechat.CardTicket
	if kind == credential.JSAPITicket {
		typ = wechat.JSAPITicket
	}
	err = a.withToken(ctx, nil, func(token string) (err error) {
		g, err = a.cfg.Client.Ticket(ctx, token, typ)
		return err
	})
	return g, err
}

func (a *Account) fetchToken(ctx context.Context, force bool) (wechat.Grant, error) {
	if a.cfg.TokenSource == None {
		return wechat.Grant{}, errNoToken
	}
	if a.cfg.TokenSource == Classic {
		if a.cfg.guest {
			return wechat.Grant{}, errNotOurs
		}
		return a.cfg.Client.Token(ctx, a.cfg.AppID, a.cfg.AppSecret)
	}
	return a.cfg.Client.StableToken(ctx, a.cfg.AppID, a.cfg.AppSecret, force)
}

// CheckCredential tells why the account can never have a credential of a kind; nil when it can.
func (a *Account) CheckCredential(kind credential.Kind) error {
	switch {
	case a.cfg.TokenSource != None:
	case kind == credential.AccessToken:
		return errors.New("token_source none has no access_token to hand on")
	case a.cfg.Tickets == nil:
		return fmt.Errorf("token_source none gives no %s; configure a ticket_source", kind)
	}
	return nil
}
