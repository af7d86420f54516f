package platform

import (
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Reply sends a customer-service text with the token of a query_auth_code, as the test before 全网发布 wants it; with another one where
// others have fetched tokens of the account meanwhile, whose latest two are good.
func (p *Platform) Reply(ctx context.Context, code, openID, text string) error {
	if _, err := p.Authorise(ctx, code); err != nil && !IsSpent(err) {
		return err
	}
	o, _ := p.state.outcomes.Get(p.nameOf(code))
	if err := o.err(); err != nil {
		return err
	}
	if o.token.Value == "" {
		if o.AppID == "" {
			return ErrNotAuthorised
		}
		var err error
		if o.token, err = p.authorizerToken(ctx, o.AppID); err != nil {
			return err
		}
	}
	err := p.cfg.Client.CustomText(ctx, o.token.Value, openID, text)
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Reaction() != wechat.Credential {
		return err
	}
	g, err := p.authorizerToken(ctx, o.AppID)
	if err != nil {
		return err
	}
	return p.cfg.Client.CustomText(ctx, g.Value, openID, text)
}
