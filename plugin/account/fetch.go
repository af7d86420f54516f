package account

import (
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// errNoToken is why there is no access_token with token source None.
var errNoToken = errors.New("token_source none: there is no access_token, and no ticket without a ticket_source")

// fetcher asks for credentials.
type fetcher struct {
	cfg     *Config
	keepers *credential.Keepers
	caller  *Caller
}

// fetch asks WeChat for a credential, or whoever keeps it.
func (f *fetcher) fetch(ctx context.Context, kind credential.Kind, force bool) (g wechat.Grant, err error) {
	owner := f.cfg.Tickets
	if kind == credential.AccessToken {
		owner = f.cfg.Token
	}
	switch {
	case owner != nil:
		return owner.Fetch(ctx, kind, f.keepers.Keeper(kind).Refused())
	case kind == credential.AccessToken:
		return f.token(ctx, force)
	}
	typ := wechat.CardTicket
	if kind == credential.JSAPITicket {
		typ = wechat.JSAPITicket
	}
	err = f.caller.Call(ctx, func(token string) (err error) {
		g, err = f.cfg.Client.Ticket(ctx, token, typ)
		return err
	})
	return g, err
}

func (f *fetcher) token(ctx context.Context, force bool) (wechat.Grant, error) {
	source := f.cfg.Source()
	if source == None {
		return wechat.Grant{}, errNoToken
	}
	if source == Classic {
		if f.cfg.guest {
			return wechat.Grant{}, ErrNotOurs
		}
		return f.cfg.Client.Token(ctx, f.cfg.AppID, f.cfg.AppSecret)
	}
	return f.cfg.Client.StableToken(ctx, f.cfg.AppID, f.cfg.AppSecret, force)
}
