package account

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Caller makes the calls that want the account's access_token, and decides that a token is dead. Its methods fail with
// *credential.Unavailable when there is no token, or none that WeChat takes; else with the error of the call itself.
type Caller struct {
	tokens *credential.Keeper
	env    *credential.Env
	none   bool // calls go without a token: somebody on the way puts it in
	now    func() time.Time
}

// Call makes a call with the access_token, and once more with another one when WeChat refuses the first. Such a
// refusal means that the call was not executed, so any call may be repeated after it. The token is empty where calls
// need none.
func (c *Caller) Call(ctx context.Context, call func(token string) error) error {
	return c.order(ctx, nil, repeatable(call))
}

// CallWithin is Call within a limit. A call counts when it is made, the second one too: without a token it is not. Past the limit
// it fails with *limit.Busy.
func (c *Caller) CallWithin(ctx context.Context, bucket *limit.Bucket, call func(token string) error) error {
	return c.order(ctx, bucket, repeatable(call))
}

// CallAgain is Call for a call that cannot always be repeated. If it cannot, a refused token is not used again all the same.
func (c *Caller) CallAgain(ctx context.Context, call Call) error { return c.order(ctx, nil, call) }

// Call is a call that wants an access_token.
type Call interface {
	Make(token string) error
	Again() bool // once WeChat has refused the token: whether the call can be made again
}

// repeatable is a Call that can always be made again.
type repeatable func(token string) error

func (r repeatable) Make(token string) error { return r(token) }
func (repeatable) Again() bool               { return true }

// order is the one order of get, call, reject and drop.
func (c *Caller) order(ctx context.Context, bucket *limit.Bucket, call Call) error {
	v, err := c.token(ctx)
	if err != nil {
		return err
	}
	if err = within(ctx, bucket, call, v.Text); v.Text == "" || !wechat.Is(err, wechat.Credential) {
		return err
	}
	if call.Again() {
		if v, err = c.tokens.Reject(ctx, c.env, v.Text, err); err != nil {
			return err
		}
		if err = within(ctx, bucket, call, v.Text); !wechat.Is(err, wechat.Credential) {
			return err
		}
	}
	c.tokens.Drop(v.Text, err)
	return &credential.Unavailable{Kind: credential.AccessToken, RetryAt: c.now().Add(time.Second), Err: err}
}

// within makes a call within a limit; nil: within none.
func within(ctx context.Context, bucket *limit.Bucket, call Call, token string) error {
	if bucket == nil {
		return call.Make(token)
	}
	return bucket.Do(ctx, func() error { return call.Make(token) })
}

// token gives the access_token to make a call with; an empty one where calls need none.
func (c *Caller) token(ctx context.Context) (credential.Value, error) {
	if c.none {
		return credential.Value{}, nil
	}
	return c.tokens.Get(ctx, c.env)
}
