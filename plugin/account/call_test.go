package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// calls is WeChat as a call sees it: it refuses the first so many tokens.
type calls struct {
	refuse int
	tokens []string
	asked  int // whether the call can be made again; it cannot
}

func (c *calls) Again() bool { c.asked++; return false }

func (c *calls) Make(token string) error {
	c.tokens = append(c.tokens, token)
	if len(c.tokens) <= c.refuse {
		return &wechat.Error{API: "test", Code: 40001}
	}
	return nil
}

// newWorld's classic tokens are new ones each time, and its clock is past the pause between two of them.
func newWorld(t *testing.T) *accounttest.World {
	t.Helper()
	w := accounttest.New(t, func(c *account.Config) { c.TokenSource = account.Classic })
	if _, err := w.Credential(t.Context(), credential.AccessToken); err != nil {
		t.Fatal(err)
	}
	w.Forward(time.Minute)
	return w
}

func TestRefusedCallIsMadeAgainAndEachCounts(t *testing.T) {
	for _, perMinute := range []int{1, 2} {
		w := newWorld(t)
		var bucket limit.Bucket
		bucket.Set("test", perMinute)
		c := calls{refuse: 1}
		for i := range 2 {
			err := w.CallWithin(t.Context(), &bucket, c.Make)
			if i == 0 && perMinute == 2 {
				if err != nil || len(c.tokens) != 2 || c.tokens[0] == c.tokens[1] {
					t.Errorf("got %v, called with %q", err, c.tokens)
				}
				continue
			}
			if _, ok := errors.AsType[*limit.Busy](err); !ok || len(c.tokens) != perMinute {
				t.Errorf("%d a minute, past the limit: %v, called with %q", perMinute, err, c.tokens)
			}
		}
	}
}

func TestCallIsNotMadeAThirdTime(t *testing.T) {
	w := newWorld(t)
	c := calls{refuse: 3}
	err := w.Call(t.Context(), c.Make)
	if u, ok := errors.AsType[*credential.Unavailable](err); !ok || u.Kind != credential.AccessToken || !wechat.Is(err, wechat.Credential) {
		t.Errorf("got %v", err)
	}
	if len(c.tokens) != 2 || w.Status(credential.AccessToken).State != credential.None {
		t.Errorf("called with %q; the token is %s", c.tokens, w.Status(credential.AccessToken).State)
	}
}

func TestCallThatCannotBeRepeatedStillDropsTheToken(t *testing.T) {
	w := newWorld(t)
	c := calls{refuse: 1}
	err := w.CallAgain(t.Context(), &c)
	if !wechat.Is(err, wechat.Credential) || len(c.tokens) != 1 || c.asked != 1 {
		t.Errorf("got %v, called with %q, asked %d times", err, c.tokens, c.asked)
	}
	if state := w.Status(credential.AccessToken).State; state != credential.None {
		t.Errorf("the token is %s", state)
	}
	if err := w.CallAgain(t.Context(), &c); err != nil || len(c.tokens) != 2 || c.tokens[0] == c.tokens[1] {
		t.Errorf("the next: %v, called with %q", err, c.tokens)
	}
}
