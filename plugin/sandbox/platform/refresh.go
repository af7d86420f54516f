package platform

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Exchange uses an authorization code up (api_query_auth). It fails with WeChat's refusal.
func (s *Store) Exchange(c *Component, text string, now time.Time) (*Authorisation, *accounts.Token, error) {
	got, found := s.codes.Get(text)
	switch {
	case !found || got.component != c || got.used || got.of.Ended:
		return nil, nil, wire.ErrBadAuthCode
	case !now.Before(got.ends):
		return nil, nil, wire.ErrOldAuthCode
	}
	got.used = true
	a := got.of
	a.Exchanged, a.used = now, now
	return a, s.accounts.Lend(s.accounts.App(a.AppID), a.Grant, c.Overlap, now), nil
}

// Renew gives a new authorizer_access_token for a refresh token, which may be another one afterwards. It fails with WeChat's refusal.
func (s *Store) Renew(c *Component, appID, refresh string, now time.Time) (*Authorisation, *accounts.Token, error) {
	if err := s.Refused(appID, RenewPath); err != nil {
		return nil, nil, err
	}
	a, err := c.Authorised(appID)
	switch {
	case err != nil:
		return nil, nil, err
	case refresh == "" || refresh != a.refresh && (refresh != a.before || !now.Before(a.beforeEnds)):
		return nil, nil, wire.ErrBadRefresh
	case c.Refresh == Fade && now.Sub(a.used) >= refreshIdle:
		return nil, nil, wire.ErrBadRefresh
	}
	a.used = now
	if c.Refresh == Change && refresh == a.refresh {
		a.before, a.beforeEnds = a.refresh, now.Add(refreshOverlap)
		a.refresh = newRefreshToken()
	}
	return a, s.accounts.Lend(s.accounts.App(appID), a.Grant, c.Overlap, now), nil
}

// Current is the refresh token of an authorisation.
func (a *Authorisation) Current() string { return a.refresh }
