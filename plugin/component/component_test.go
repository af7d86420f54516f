package component

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/racetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const perMinute = 60

type world struct {
	*accounttest.World
	*Component
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := accounttest.New(t, nil)
	return world{w, New(w.Core, w.Client, w.Now, NewState(perMinute))}
}

func TestComponent(t *testing.T) {
	w := newWorld(t)
	for _, outer := range []string{"", "guide", "a&b=c%d+e", "小程序 会员日", "100%", "%2B"} {
		data, err := w.MemberCardComponent(t.Context(), Query{CardID: accounttest.CardID, OuterStr: outer, MaxAge: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if data.OuterStr != outer {
			t.Errorf("outer_str %q became %q", outer, data.OuterStr)
		}
		body := []byte(`{"appId":"wxeb490c6f9b154ef9","extraData":`)
		body = append(data.AppendJSON(body), '}')
		if answer := w.Phone(t, "openComponent", body); answer["errMsg"] != "navigateToMiniProgram:ok" {
			t.Errorf("the phone refuses %s: %v", body, answer)
		}
	}
}

func TestComponentOfACustomCodeCard(t *testing.T) {
	w := newWorld(t)
	if err := w.Sandbox.PutCard(accounttest.AppID, "pCustom", `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"use_custom_code":true}}}`); err != nil {
		t.Fatal(err)
	}
	_, err := w.MemberCardComponent(t.Context(), Query{CardID: "pCustom"})
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Code != 40158 || !strings.Contains(e.Hint(), "custom-code") {
		t.Errorf("got %v", err)
	}
}

func TestHundredThousandOuterStrs(t *testing.T) {
	w := newWorld(t)
	ask := func(q Query) card.ExtraData {
		t.Helper()
		q.MaxAge = 10 * time.Minute
		data, err := w.MemberCardComponent(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	began := time.Now()
	for i := range racetest.Fewer(100_000) {
		outer := fmt.Sprintf("user-%d", i)
		data := ask(Query{CardID: accounttest.CardID, OuterStr: outer, ClientChosen: true})
		if data.OuterStr != outer || data.EncryptCardID == "" || data.Biz == "" {
			t.Fatalf("answer %d is %+v", i, data)
		}
	}
	refill := int(time.Since(began)/time.Second) + 1
	if calls := w.Sandbox.Calls()["/card/membercard/activate/geturl"]; calls > perMinute+refill {
		t.Errorf("%d geturl calls", calls)
	}
	if n := w.state.components.Len(); n > maxComponents {
		t.Errorf("%d answers in memory", n)
	}
	// Strangers cannot use up what the configuration's own questions need.
	if data := ask(Query{CardID: "pAnother"}); data.EncryptCardID == "" {
		t.Errorf("another card got %+v", data)
	}
	// A card without any answer yet has nothing to fall back on. One call a second is allowed again.
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		_, err = w.MemberCardComponent(t.Context(), Query{CardID: fmt.Sprint("pThird", i), OuterStr: "x", ClientChosen: true})
	}
	if _, ok := errors.AsType[*limit.Busy](err); !ok {
		t.Errorf("got %v, want *limit.Busy", err)
	}
}

// TestLateCallerFindsTheParameters has somebody else's call begin and end after a caller has looked in vain for them.
func TestLateCallerFindsTheParameters(t *testing.T) {
	w := newWorld(t)
	ask := func(c *Component) {
		t.Helper()
		if _, err := c.MemberCardComponent(t.Context(), Query{CardID: accounttest.CardID, MaxAge: time.Minute}); err != nil {
			t.Error(err)
		}
	}
	ask(w.Component)
	w.Forward(time.Hour)
	between := func() { ask(w.Component) }
	ask(New(w.Core, w.Client, func() time.Time {
		now, meanwhile := w.Now(), between
		if between = nil; meanwhile != nil {
			meanwhile()
		}
		return now
	}, w.state))
	if got := w.Sandbox.Calls()["/card/membercard/activate/geturl"]; got != 2 {
		t.Errorf("%d geturl calls, want 2", got)
	}
}

func TestComponentWhileWeChatFails(t *testing.T) {
	w := newWorld(t)
	q := Query{CardID: accounttest.CardID, OuterStr: "a"}
	first, err := w.MemberCardComponent(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sandbox.Fail(sandbox.Fault{Path: "/card/*", Status: 500}); err != nil {
		t.Fatal(err)
	}
	q.OuterStr = "b"
	data, err := w.MemberCardComponent(t.Context(), q)
	if err != nil || data.OuterStr != "b" || data.EncryptCardID != first.EncryptCardID {
		t.Errorf("got %+v, %v", data, err)
	}
}
