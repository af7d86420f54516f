package observe_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

func TestRefusedAddresses(t *testing.T) {
	synctest.Test(t, testRefusedAddresses)
}

func testRefusedAddresses(t *testing.T) {
	now := time.Now()
	refusal := &wechat.Error{Code: 40164, Msg: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"}
	steps := func(calls ...any) map[string]time.Time {
		o := observe.NewAccount("steps", nil, nil)
		for i := 0; i < len(calls); i += 2 {
			err, _ := calls[i+1].(error)
			o.Called(calls[i].(string), err, 0)
		}
		return o.RefusedLately(now.Add(time.Minute))
	}
	if got := steps("stable_token", refusal); len(got) != 1 || !got["203.0.113.7"].Equal(now) {
		t.Errorf("got %v", got)
	}
	for name, c := range map[string]struct {
		calls []any
		want  int
	}{
		"gone after a later success":                      {[]any{"stable_token", refusal, "stable_token", nil}, 0},
		"a token proves more than any other call":         {[]any{"decrypt", refusal, "stable_token", nil}, 0},
		"the same call":                                   {[]any{"decrypt", refusal, "decrypt", nil}, 0},
		"a call that WeChat does not hold to the list":    {[]any{"stable_token", refusal, "decrypt", nil}, 1},
		"any call with a token, of one with a token":      {[]any{"decrypt", refusal, "geturl", nil}, 0},
		"a login, of a call with a token":                 {[]any{"decrypt", refusal, "jscode2session", nil}, 1},
		"a login":                                         {[]any{"stable_token", refusal, "jscode2session", nil}, 1},
		"what others keep":                                {[]any{"stable_token", refusal, "remote_token", nil}, 1},
		"another failure":                                 {[]any{"stable_token", refusal, "stable_token", &wechat.Error{Code: 45009}}, 1},
		"refused again":                                   {[]any{"stable_token", refusal, "stable_token", nil, "stable_token", refusal}, 1},
		"a failure that names no address was not refused": {[]any{"stable_token", &wechat.Error{Timeout: true}}, 0},
	} {
		if got := steps(c.calls...); len(got) != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	o := observe.NewAccount("old", nil, nil)
	o.Called("stable_token", refusal, 0)
	if got := o.RefusedLately(now.Add(time.Hour + time.Second)); len(got) != 0 {
		t.Errorf("an hour later: got %v", got)
	}
}
