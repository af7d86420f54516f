package plugin

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// ComponentQuery asks for the parameters of the member-card component (会员卡开卡组件).
type ComponentQuery struct {
	CardID       string
	OuterStr     string
	ClientChosen bool          // whether the client chose any of the two: such calls have a share of their own
	MaxAge       time.Duration // how long one activate URL is reused; 0: not at all
}

type componentKey struct{ cardID, outerStr string }

// component is what an activate URL held.
type component struct {
	data card.ExtraData
	at   time.Time
}

// MemberCardComponent gives the extraData that opens the member-card component for a card
// (POST /card/membercard/activate/geturl, its URL taken apart). Calls are bounded: past the limit, and while WeChat
// does not answer, the card's latest parameters are used with the asked outer_str; only a card that has none yet
// fails then.
func (a *Account) MemberCardComponent(ctx context.Context, q ComponentQuery) (card.ExtraData, error) {
	s := a.state
	key := componentKey{q.CardID, q.OuterStr}
	if c, ok := s.components.Get(key); ok && a.cfg.Now().Sub(c.at) < q.MaxAge {
		return c.data, nil
	}
	bucket := &s.ownLimit
	if q.ClientChosen {
		bucket = &s.geturlLimit
	}
	data, err := shared.Do(ctx, &s.geturls, q.CardID+" "+q.OuterStr, func(ctx context.Context) (card.ExtraData, error) {
		return a.askComponent(ctx, bucket, key)
	})
	if err == nil || wechat.Is(err, wechat.Refused) || ctx.Err() != nil {
		return data, err
	}
	if c, ok := s.latest.Get(q.CardID); ok {
		c.data.OuterStr = q.OuterStr
		return c.data, nil
	}
	return data, err
}

func (a *Account) askComponent(ctx context.Context, bucket *limit.Bucket, key componentKey) (data card.ExtraData, err error) {
	var url string
	err = a.CallWithin(ctx, bucket, func(token string) (err error) {
		url, err = a.cfg.Client.ActivateURL(ctx, token, key.cardID, key.outerStr)
		return err
	})
	if err != nil {
		return data, err
	}
	if data, err = card.ParseActivateURL(url); err != nil {
		return data, &wechat.Error{API: "geturl", Err: err}
	}
	c := component{data, a.cfg.Now()}
	a.state.components.Add(key, c)
	a.state.latest.Add(key.cardID, c)
	return data, nil
}
