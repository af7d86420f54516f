package oauth

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/shared"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// outcomeLife is how long it is remembered what a code has told. WeChat's own life of a code is as long.
const outcomeLife = 5 * time.Minute

// maxOutcomes bounds what is remembered of clients' requests.
const maxOutcomes = 8192

// ErrSnapshot says that the page is shown as a snapshot (快照页): the ids that WeChat gives then are nobody's.
var ErrSnapshot = errors.New("the page is shown as a snapshot")

// WeChat's errcodes for a code that is none, that was used before, and that is too old.
var spentCodes = []int{40029, 40163, 42003}

// IsSpent tells whether WeChat refused the code itself: another one may do.
func IsSpent(err error) bool { return slices.Contains(spentCodes, wechat.Errcode(err)) }

// outcome is what a code has told for good: who a visitor is, that he sees a snapshot, or that WeChat refuses the code.
type outcome struct {
	OpenID   string `json:"openid,omitempty"`
	UnionID  string `json:"unionid,omitempty"`
	Snapshot bool   `json:"snapshot,omitempty"`
	Code     int    `json:"errcode,omitempty"`
	Msg      string `json:"errmsg,omitempty"`
	Time     int64  `json:"time"`
}

func (o outcome) visitor() (Visitor, error) {
	switch {
	case o.Code != 0:
		return Visitor{}, &wechat.Error{API: wechat.APIWebLogin, Code: o.Code, Msg: o.Msg}
	case o.Snapshot:
		return Visitor{}, ErrSnapshot
	}
	return Visitor{o.OpenID, o.UnionID}, nil
}

// State is what an account knows of its visitors. It outlives configurations.
type State struct {
	flights  singleflight.Group
	outcomes *recent.Cache[string, outcome] // by the name of code and state

	mu     sync.Mutex
	states *recent.Cache[string, string] // by the name of a code: the name of it and the state that it came with first
}

// NewState makes a State that knows nothing.
func NewState() *State {
	return &State{outcomes: recent.New[string, outcome](maxOutcomes), states: recent.New[string, string](maxOutcomes)}
}

// outcome gives what is remembered under a name.
func (s *State) outcome(name string, now time.Time) (outcome, bool) {
	o, ok := s.outcomes.Get(name)
	age := now.Sub(time.Unix(o.Time, 0))
	return o, ok && -time.Second <= age && age < outcomeLife
}

// belongs tells whether a code came with this state, and with no other before.
func (s *State) belongs(code, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, ok := s.states.Get(code)
	if !ok {
		s.states.Add(code, name)
	}
	return !ok || first == name
}

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
	user, err := v.cfg.Client.WebLogin(ctx, v.cfg.AppID, v.cfg.AppSecret, code)
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
