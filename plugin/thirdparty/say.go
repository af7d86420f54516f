package thirdparty

import (
	"context"
	"fmt"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
)

// Caller makes calls with an account's access_token.
type Caller interface {
	Call(ctx context.Context, call func(token string) error) error
}

// Say sends a text to a user by the customer-service call, as the test before 全网发布 wants it: with the token of an authorization code,
// or, where there is none, with that of the account. caller is the account; nil: its token is fetched for this.
func (c *Component) Say(ctx context.Context, appID string, caller Caller, code, openID, text string) error {
	if code != "" {
		// The event of the same authorisation may have brought another code, and this one be used up by that.
		if err := c.Reply(ctx, code, openID, text); !platform.IsSpent(err) {
			return err
		}
	}
	send := func(token string) error { return c.cfg.Client.CustomText(ctx, token, openID, text) }
	if caller != nil {
		return caller.Call(ctx, send)
	}
	grant, err := c.Source(appID).Fetch(ctx, credential.AccessToken, "")
	if err != nil {
		return fmt.Errorf("getting the account's access_token: %w", err)
	}
	return send(grant.Value)
}
