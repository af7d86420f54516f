package platform

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	// refusedAgain is how often WeChat is asked again about a refresh token that it refuses for good.
	refusedAgain = time.Hour

	// componentSoon is when an account asks again that waits for the component's token: no call of WeChat's comes of that.
	componentSoon = 5 * time.Second
)

// maxRefreshes is how many refresh tokens of an account are tried, one after the other: processes that cannot keep out of each other's
// way, for there is no lock, may overtake each other.
const maxRefreshes = 5

// refusedCodes are those that say that a refresh token is good no more: a new scan, or WeChat's list, has another one.
var refusedCodes = []int{61003, 61023, 42002, 42007}

// isRefused tells whether WeChat refuses an account's authorisation for good.
func isRefused(err error) bool { return slices.Contains(refusedCodes, wechat.Errcode(err)) }

var errNoRights = errors.New("WeChat gave no refresh token for the account: it has no rights to call, or its administrator has to scan again")

// Source gives the access_token of an account that authorised the component (authorizer_access_token). It belongs to the grant that
// Authorisation told of last in this process: for another Generation another Source is to be used, so that no token or ticket of an
// older grant is.
func (p *Platform) Source(appID string) source.Source {
	generation := ""
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if r, err := p.record(ctx, appID); err == nil {
		generation = r.generation()
	}
	return &authorizerTokens{p, appID, seal.Hash(string(SourceName), SharedKey(p.cfg), appID, generation)}
}

// authorizerTokens gives the tokens of one account.
type authorizerTokens struct {
	p     *Platform
	appID string
	id    string
}

// Name implements source.Source.
func (*authorizerTokens) Name() credential.Source { return SourceName }

// ID implements source.Source.
func (a *authorizerTokens) ID() string { return a.id }

// Close implements source.Source.
func (*authorizerTokens) Close() {}

// Fetch implements source.Source. Its error may be WeChat's, with an errcode, or ErrNotAuthorised, too.
func (a *authorizerTokens) Fetch(ctx context.Context, kind credential.Kind, _ string) (wechat.Grant, error) {
	if kind != credential.AccessToken {
		return wechat.Grant{}, errors.New("a platform gives access_tokens only")
	}
	return a.p.authorizerToken(ctx, a.appID)
}

// Interface guard
var _ source.Source = (*authorizerTokens)(nil)

// authorizerToken fetches an account's access token. The refresh token that WeChat returns with it is kept before anybody has it.
func (p *Platform) authorizerToken(ctx context.Context, appID string) (wechat.Grant, error) {
	if until, err := p.state.address.Barred(p.cfg.Now()); err != nil {
		return wechat.Grant{}, &credential.Unavailable{Kind: credential.AccessToken, RetryAt: until, Err: err}
	}
	r, err := p.newest(ctx, appID)
	if errors.Is(err, errNothing) || errors.Is(err, fs.ErrNotExist) {
		err = ErrNotAuthorised
	}
	switch {
	case err != nil:
		return wechat.Grant{}, err
	case r.Refused != nil && p.clock.Now().Sub(time.Unix(r.Refused.At, 0)).Abs() < refusedAgain:
		return wechat.Grant{}, &wechat.Error{API: wechat.APIAuthorizerToken, Code: r.Refused.Code, Msg: r.Refused.Msg}
	case r.RefreshToken == "":
		return wechat.Grant{}, errNoRights
	}
	var g wechat.Grant
	for range maxRefreshes {
		if g, err = p.refresh(ctx, r); !isRefused(err) {
			return g, p.soon(err)
		}
		// Another process may have had another refresh token meanwhile, or one before this was killed before it could keep it.
		next, found := p.another(ctx, r)
		if !found {
			p.refuse(ctx, r, err)
			return wechat.Grant{}, err
		}
		r = next
	}
	return wechat.Grant{}, err
}

// AskAgain has WeChat be asked at once what it refused for good, when somebody next wants a token of the account: an operator may know better.
func (p *Platform) AskAgain(ctx context.Context, appID string) {
	_, _ = p.change(ctx, appID, func(r *record, err error) error {
		if err != nil || r.Refused == nil {
			return vault.ErrUnchanged
		}
		again := *r.Refused
		again.At = 0
		r.Refused = &again
		return nil
	})
}

// soon has the account ask again soon where it is the component's token that is wanting.
func (p *Platform) soon(err error) error {
	u, ok := errors.AsType[*credential.Unavailable](err)
	if !ok {
		return err
	}
	soon := p.cfg.Now().Add(componentSoon)
	if u.RetryAt.Before(soon) {
		soon = u.RetryAt
	}
	return &credential.Unavailable{Kind: credential.AccessToken, RetryAt: soon, Err: u.Err}
}

// refresh makes the call.
func (p *Platform) refresh(ctx context.Context, r record) (g wechat.Grant, err error) {
	var returned string
	err = p.callAs(ctx, func(of wechat.Component) (err error) {
		g, returned, err = p.cfg.Client.AuthorizerToken(ctx, of, r.AppID, r.RefreshToken)
		return err
	})
	if refused, ok := errors.AsType[*wechat.Error](err); ok && refused.RefusesAddress() {
		until := p.state.address.Refuse(err, p.cfg.Now())
		return g, &credential.Unavailable{Kind: credential.AccessToken, RetryAt: until, Err: err}
	}
	if err != nil {
		return g, err
	}
	p.state.address.Take()
	if returned == "" || returned == r.RefreshToken && r.Refused == nil {
		return g, nil
	}
	_, err = p.change(ctx, r.AppID, func(now *record, err error) error {
		if err != nil {
			*now = r // WeChat has just said that the authorisation stands
		}
		if now.Ended != nil {
			return ErrNotAuthorised // meanwhile
		}
		if now.Generation != r.Generation {
			return vault.ErrUnchanged // it was granted anew meanwhile
		}
		now.RefreshToken, now.Turned, now.Refused = returned, p.clock.Now().UnixMilli(), nil
		return nil
	})
	if errors.Is(err, vault.ErrUnchanged) {
		err = nil
	}
	return g, err
}

// another finds another refresh token than the one that WeChat refuses: one that is kept, or that WeChat tells.
func (p *Platform) another(ctx context.Context, r record) (record, bool) {
	now, err := p.newest(ctx, r.AppID)
	if err != nil {
		return r, false
	}
	if now.RefreshToken != r.RefreshToken && now.RefreshToken != "" {
		return now, true
	}
	told := ""
	if profile, err := p.profile(ctx, r.AppID); err == nil {
		told = profile.RefreshToken
	}
	if told == "" || told == r.RefreshToken {
		return r, false
	}
	now, err = p.change(ctx, r.AppID, func(now *record, err error) error {
		if err == nil && !now.alive() {
			err = ErrNotAuthorised
		}
		if err != nil {
			return err
		}
		if now.RefreshToken != r.RefreshToken {
			return vault.ErrUnchanged
		}
		now.RefreshToken, now.Turned = told, p.clock.Now().UnixMilli()
		return nil
	})
	return now, err == nil || errors.Is(err, vault.ErrUnchanged)
}

// refuse notes that WeChat refuses an account's refresh token for good.
func (p *Platform) refuse(ctx context.Context, r record, cause error) {
	e, ok := errors.AsType[*wechat.Error](cause)
	if !ok {
		return
	}
	_, err := p.change(ctx, r.AppID, func(now *record, err error) error {
		if err != nil {
			return err
		}
		if !now.alive() || now.RefreshToken != r.RefreshToken {
			return vault.ErrUnchanged
		}
		now.Refused = &refusal{Code: e.Code, Msg: e.Msg, At: p.clock.Now().Unix()}
		return nil
	})
	if err == nil && r.Refused == nil {
		p.cfg.Logger.Error("WeChat refuses an account's authorisation for good: its administrator has to scan again",
			slog.String("component", p.cfg.Name), slog.String("app_id", r.AppID), slog.Any("error", cause))
	}
}
