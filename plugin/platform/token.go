package platform

import (
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/source"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// The names of the sources.
const (
	nameComponent credential.Source = "component"

	// SourceName is what Source is called where it is shown.
	SourceName credential.Source = "platform"
)

// componentTokens gives the component_access_token.
type componentTokens struct{ p *Platform }

// Name implements source.Source.
func (*componentTokens) Name() credential.Source { return nameComponent }

// ID implements source.Source.
func (*componentTokens) ID() string { return string(nameComponent) }

// Close implements source.Source.
func (*componentTokens) Close() {}

// Fetch implements source.Source. A new token supersedes the one before, so it is only the Keeper that asks.
func (c *componentTokens) Fetch(ctx context.Context, kind credential.Kind, _ string) (wechat.Grant, error) {
	p := c.p
	if kind != credential.AccessToken {
		return wechat.Grant{}, errors.New("a component has a component_access_token only")
	}
	for again := range 2 {
		t, err := p.usableTicket(ctx)
		if err != nil {
			return wechat.Grant{}, err
		}
		g, err := p.cfg.Client.ComponentToken(ctx, p.cfg.AppID, p.cfg.AppSecret, t.Text)
		if !refusesTicket(err) {
			return g, err
		}
		p.refuseTicket(t, err)
		if again > 0 {
			return wechat.Grant{}, err
		}
	}
	return wechat.Grant{}, ErrNoTicket
}

// refusesTicket tells whether WeChat holds the verify ticket to be wrong or too old.
func refusesTicket(err error) bool {
	switch wechat.Errcode(err) {
	case 40091, 61005, 61006:
		return true
	}
	return false
}

// Interface guard
var _ source.Source = (*componentTokens)(nil)
