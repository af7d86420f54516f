package messages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/redisstore/redistest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const (
	pushToken    = "t0ken"
	userInfoPath = "/card/membercard/userinfo/get"
)

type world struct {
	*accounttest.World
	*Inbox
}

func newWorld(t *testing.T, settings func(*account.Config), change func(*Config)) *world {
	t.Helper()
	w := accounttest.New(t, settings)
	cfg := Config{
		Push: push.Config{Token: pushToken}, AppID: accounttest.AppID, Clock: w.Clock, Prefix: "pushes", Now: w.Config.Now,
		Member: func(ctx context.Context, cardID, code string) (m wechat.Member, err error) {
			err = w.Call(ctx, func(token string) (err error) {
				m, err = w.Client.MemberUserInfo(ctx, token, cardID, code)
				return err
			})
			return m, err
		},
	}
	if change != nil {
		change(&cfg)
	}
	in, err := New(cfg, NewState())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Stop)
	return &world{w, in}
}

// open brings a message that is not encrypted.
func (w *world) open(t testing.TB, body string) *push.Message {
	t.Helper()
	q := push.Query{Timestamp: fmt.Sprint(w.Now().Unix()), Nonce: push.Sign(body)}
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	m, err := w.OpenPush(t.Context(), q, []byte(body), "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestAgainWithoutKeep forgets a message that is accepted when it is brought again, though none are kept any longer.
func TestAgainWithoutKeep(t *testing.T) {
	state := NewState()
	for _, keep := range []int{5, 0} {
		w := newWorld(t, nil, nil)
		in, err := New(*w.cfg, state)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(in.Stop)
		in.WillKeep(keep)
		w.Inbox = in
		m := w.open(t, "<xml><MsgType>text</MsgType></xml>")
		if keep > 0 {
			in.KeepPush(m, 500, nil)
		} else {
			ctx, outcome := WithOutcome(t.Context())
			if _, _, err := in.DeliverPush(ctx, m, func() (any, error) { return nil, nil }); err != nil || !outcome.Delivered {
				t.Errorf("outcome %+v, error %v", outcome, err)
			}
		}
		if list, err := in.KeptPushes(t.Context()); err != nil || len(list) != min(keep, 1) {
			t.Errorf("with keep %d: got %+v, error %v", keep, list, err)
		}
	}
}

// TestPushTime goes by WeChat's clock. Ours is a day and two hours ahead.
func TestPushTime(t *testing.T) {
	w := newWorld(t, func(c *account.Config) {
		c.Now = func() time.Time { return time.Now().Add(26 * time.Hour) }
		c.Client = wechat.New(wechat.Config{BaseURLs: []string{c.APIURL}, Now: c.Now})
		t.Cleanup(c.Client.Close)
	}, nil)
	q := push.Query{Timestamp: fmt.Sprint(time.Now().Unix()), Nonce: "1"}
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	if err := w.CheckPush(t.Context(), q); err != nil {
		t.Error(err)
	}
	if _, err := w.OpenPush(t.Context(), q, []byte("<xml/>"), ""); err != nil {
		t.Error(err)
	}
	q.Timestamp = fmt.Sprint(w.Now().Add(26 * time.Hour).Unix())
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	if err := w.CheckPush(t.Context(), q); err == nil {
		t.Error("our own clock is believed")
	}
}

func TestPushWithUserInfo(t *testing.T) {
	w := newWorld(t, nil, nil)
	_, code := w.ActivateTicket(t)
	asXML := "<xml><MsgType>event</MsgType><Event>%s</Event><CardId>" + accounttest.CardID + "</CardId><UserCardCode>" + code + "</UserCardCode></xml>"
	asJSON := `{"MsgType":"event","Event":"%s","CardId":"` + accounttest.CardID + `","UserCardCode":"` + code + `"}`
	const event = push.EventSubmitMembercardUserInfo
	for _, tc := range []struct{ body, want string }{
		{fmt.Sprintf(asXML, event), `</UserCardCode><UserInfo><![CDATA[{"common_field_list":[{`},
		{fmt.Sprintf(asJSON, event), `,"user_info":{"common_field_list":[{`},
	} {
		if got := string(w.PushWithUserInfo(t.Context(), w.open(t, tc.body))); !strings.Contains(got, tc.want) {
			t.Errorf("got %s", got)
		}
	}
	before := w.Sandbox.Calls()[userInfoPath]
	for _, body := range []string{
		fmt.Sprintf(asXML, "user_get_card"),
		"<xml><MsgType>event</MsgType><Event>" + event + "</Event></xml>",
	} {
		if got := string(w.PushWithUserInfo(t.Context(), w.open(t, body))); got != body {
			t.Errorf("got %s", got)
		}
	}
	if n := w.Sandbox.Calls()[userInfoPath]; n != before {
		t.Errorf("%d calls more than before", n-before)
	}

	for _, fault := range []sandbox.Fault{{ErrCode: 40056}, {Delay: 10 * time.Second}} {
		fault.Path, fault.Times = userInfoPath, 1
		if err := w.Sandbox.Fail(fault); err != nil {
			t.Fatal(err)
		}
		body, began := fmt.Sprintf(asXML, event), time.Now()
		if got := string(w.PushWithUserInfo(t.Context(), w.open(t, body))); got != body {
			t.Errorf("got %s", got)
		}
		if took := time.Since(began); took > 2500*time.Millisecond {
			t.Errorf("took %s", took)
		}
	}
}

// TestPushOverRedis brings messages to two processes that share a Redis.
func TestPushOverRedis(t *testing.T) {
	server := redistest.Start(t)
	var told atomic.Int32
	var nodes [2]*world
	for i := range nodes {
		store, err := redisstore.New(redisstore.Config{URLs: []string{server.Addr}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		nodes[i] = newWorld(t, nil, func(c *Config) {
			c.Store = store
			c.Pushed = func(*push.Message) { told.Add(1) }
		})
	}
	bring := func(n, message int, work func() error) (known bool, err error) {
		m := nodes[n].open(t, fmt.Sprintf("<xml><MsgType>text</MsgType><MsgId>%d</MsgId></xml>", message))
		_, known, err = nodes[n].DeliverPush(t.Context(), m, func() (any, error) { return nil, work() })
		return known, err
	}
	var delivered [20]atomic.Int32
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() { // no signature here is wrong, so that open does not fail
			message := i / 2 % len(delivered)
			if _, err := bring(i%2, message, func() error {
				delivered[message].Add(1)
				time.Sleep(20 * time.Millisecond)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range delivered {
		if n := delivered[i].Load(); n != 1 {
			t.Errorf("message %d was delivered %d times", i, n)
		}
	}
	if n := told.Load(); int(n) != len(delivered) {
		t.Errorf("told of %d messages", n)
	}

	if _, err := bring(0, 100, func() error { return errors.New("the backend is down") }); err == nil {
		t.Error("no error")
	}
	if known, err := bring(1, 100, func() error { return nil }); known || err != nil {
		t.Errorf("known %t, error %v", known, err)
	}
	if known, err := bring(0, 100, func() error { return nil }); !known || err != nil {
		t.Errorf("known %t, error %v", known, err)
	}
}
