package oauth

import (
	"context"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// WebVisitor tells whose a code is (GET /sns/oauth2/access_token). It must have come with this state to a browser that keeps the
// attempt of that state. A code works once, at WeChat, and WeChat's client may bring it twice: so one call is made of a code, by
// whichever process of a fleet has its lock, and what it told is remembered for five minutes, here and sealed in the store. What
// says nothing for good, such as a time-out, is not. It fails with ErrSnapshot, with what IsSpent knows, or as calls do; clients
// choose the codes, so the calls are bounded: past the limit it fails with *limit.Busy.
func (v *Visitors) WebVisitor(ctx context.Context, code, state string) (Visitor, error) {
	name := seal.Hash(v.cfg.AppID, code, state)
	if o, ok := v.state.outcome(name, v.cfg.Now()); ok {
		return o.visitor()
	}
	if !v.state.belongs(seal.Hash(v.cfg.AppID, code), name) {
		return Visitor{}, &wechat.Error{API: wechat.APIWebLogin, Code: 40163, Msg: "code been used"} // as WeChat would say
	}
	o, err := shared.Do(ctx, &v.state.flights, name, func(ctx context.Context) (o outcome, err error) {
		if o, ok := v.state.outcome(name, v.cfg.Now()); ok {
			return o, nil
		}
		err = v.cfg.Limit.Do(ctx, func() error {
			if o, err = v.once(ctx, name, code); err != nil {
				return err
			}
			_, err := o.visitor()
			return err // for the share of the client's network
		})
		if o.Time != 0 {
			return o, nil
		}
		if busy, ok := errors.AsType[*limit.Busy](err); ok {
			busy.API = wechat.APIWebLogin
		}
		return o, err
	})
	if err != nil {
		return Visitor{}, err
	}
	return o.visitor()
}

// once gives what a code has told, or asks WeChat while no other process does. o.Time is set when it is for good.
func (v *Visitors) once(ctx context.Context, name, code string) (o outcome, err error) {
	shelf := v.must().shared
	unlock, locked := shelf.lock(ctx, name)
	defer unlock()
	if locked {
		if o, ok := shelf.load(ctx, name); ok {
			v.state.outcomes.Add(name, o)
			return o, nil
		}
	}
	user, err := v.webLogin(ctx, code)
	switch {
	case IsSpent(err):
		o.Code = wechat.Errcode(err)
		if e, ok := errors.AsType[*wechat.Error](err); ok {
			o.Msg = e.Msg
		}
	case err != nil:
		return o, err
	case user.Snapshot:
		o.Snapshot = true
	default:
		o.OpenID, o.UnionID = user.OpenID, user.UnionID
	}
	o.Time = v.cfg.Now().Unix()
	v.state.outcomes.Add(name, o)
	shelf.save(ctx, name, o)
	return o, nil
}
