package oauth

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"golang.org/x/sync/singleflight"
)

// skew is how far the clocks of a fleet may be apart.
const skew = 10 * time.Minute

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
