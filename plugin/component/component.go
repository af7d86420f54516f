// Package component gives the parameters of the member-card component (会员卡开卡组件), and remembers them for a while.
package component

import (
	"context"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// Query asks for the parameters of the member-card component (会员卡开卡组件).
type Query struct {
	CardID       string
	OuterStr     string
	ClientChosen bool          // whether the client chose any of the two: such calls have a share of their own
	MaxAge       time.Duration // how long one activate URL is reused; 0: not at all
}

type key struct{ cardID, outerStr string }

// parameters are what an activate URL held.
type parameters struct {
	data card.ExtraData
	at   time.Time
}

// Bounds of what is remembered of clients' requests.
const (
	maxComponents = 8192
	maxLatest     = 1024
)

// State is what an account knows of the component's parameters. It outlives configurations.
type State struct {
	components *recent.Cache[key, parameters]    // by card and outer_str
	latest     *recent.Cache[string, parameters] // by card
	geturls    singleflight.Group

	clientLimit limit.Bucket // for what clients choose
	ownLimit    limit.Bucket // for what only the configuration chooses: strangers cannot use it up
}

// NewState makes a State without any parameters, with a limit in calls a minute.
func NewState(perMinute int) *State {
	components := recent.New[key, parameters](maxComponents)
	latest := recent.New[string, parameters](maxLatest)
	s := &State{components: components, latest: latest}
	s.Limit(perMinute)
	return s
}

// Limit sets the limit in calls a minute, unless it is in force already: a reload fills no bucket.
func (s *State) Limit(perMinute int) {
	s.clientLimit.Set("geturl", perMinute)
	s.ownLimit.Set("geturl", perMinute)
}

// Caller makes calls with the account's access_token, within a limit.
type Caller interface {
	CallWithin(ctx context.Context, bucket *limit.Bucket, call func(token string) error) error
}

// Component gives the parameters of the component.
type Component struct {
	caller Caller
	client *wechat.Client
	now    func() time.Time
	state  *State
}

// New makes a Component from what makes calls, the client to make them of, our clock, and what is remembered.
func New(caller Caller, client *wechat.Client, now func() time.Time, state *State) *Component {
	return &Component{caller, client, now, state}
}

// MemberCardComponent gives the extraData that opens the member-card component for a card
// (POST /card/membercard/activate/geturl, its URL taken apart). Calls are bounded: past the limit, and while WeChat
// does not answer, the card's latest parameters are used with the asked outer_str; only a card that has none yet
// fails then.
func (c *Component) MemberCardComponent(ctx context.Context, q Query) (card.ExtraData, error) {
	s := c.state
	asked := key{q.CardID, q.OuterStr}
	if p, ok := c.remembered(asked, q.MaxAge); ok {
		return p.data, nil
	}
	bucket := &s.ownLimit
	if q.ClientChosen {
		bucket = &s.clientLimit
	}
	data, err := shared.Do(ctx, &s.geturls, q.CardID+" "+q.OuterStr, func(ctx context.Context) (card.ExtraData, error) {
		if p, ok := c.remembered(asked, q.MaxAge); ok { // another's call ended just now
			return p.data, nil
		}
		return c.ask(ctx, bucket, asked)
	})
	if err == nil || wechat.Is(err, wechat.Refused) || ctx.Err() != nil {
		return data, err
	}
	if p, ok := s.latest.Get(q.CardID); ok {
		p.data.OuterStr = q.OuterStr
		return p.data, nil
	}
	return data, err
}

func (c *Component) remembered(asked key, maxAge time.Duration) (parameters, bool) {
	p, ok := c.state.components.Get(asked)
	return p, ok && c.now().Sub(p.at) < maxAge
}

func (c *Component) ask(ctx context.Context, bucket *limit.Bucket, asked key) (data card.ExtraData, err error) {
	var url string
	err = c.caller.CallWithin(ctx, bucket, func(token string) (err error) {
		url, err = c.client.ActivateURL(ctx, token, asked.cardID, asked.outerStr)
		return err
	})
	if err != nil {
		return data, err
	}
	if data, err = card.ParseActivateURL(url); err != nil {
		return data, &wechat.Error{API: "geturl", Err: err}
	}
	p := parameters{data, c.now()}
	c.state.components.Add(asked, p)
	c.state.latest.Add(asked.cardID, p)
	return data, nil
}
