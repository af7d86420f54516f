package clock

import (
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// While WeChat does not answer, the time is not asked for at each look into the store.
func TestClockThatNobodyTellsIsAskedForOnceAMinute(t *testing.T) {
	client := wechat.New(wechat.Config{BaseURLs: []string{"http://127.0.0.1:1"}})
	defer client.Close()
	c := New(client, time.Now, new(State))
	c.Learn(t.Context())
	asked := c.state.asked
	c.Learn(t.Context())
	if asked.IsZero() || c.state.asked != asked {
		t.Errorf("asked at %v and %v", asked, c.state.asked)
	}
	c.state.asked = asked.Add(-pause)
	c.Learn(t.Context())
	if c.state.asked.Before(asked) {
		t.Error("not asked again after a minute")
	}
}
