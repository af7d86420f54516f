package platform

import "context"

// Reply sends a customer-service text with the token of a query_auth_code, as the test before 全网发布 wants it.
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
	return p.cfg.Client.CustomText(ctx, o.token.Value, openID, text)
}
