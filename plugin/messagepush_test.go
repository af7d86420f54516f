package plugin

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// open brings a message that is not encrypted.
func (w *world) open(t testing.TB, body string) *push.Message {
	t.Helper()
	q := push.Query{Timestamp: fmt.Sprint(w.now().Unix()), Nonce: push.Sign(body)}
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	m, err := w.OpenPush(t.Context(), q, []byte(body), "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func withPush(c *AccountConfig) { c.MessagePush.Token = pushToken }

func TestMessagePushSettings(t *testing.T) {
	if err := newWorld(t, nil).CheckMessagePush(); err == nil {
		t.Error("an account without settings is taken")
	}
	if err := newWorld(t, withPush).CheckMessagePush(); err != nil {
		t.Error(err)
	}
	cfg := AccountConfig{MessagePush: push.Config{Token: "t", EncodingAESKey: "short"}}
	if _, err := NewAccount(cfg, NewState(cfg)); err == nil || !strings.Contains(err.Error(), "message_push") {
		t.Errorf("got error %v", err)
	}
}

// TestPushTime goes by WeChat's clock. Ours is a day and two hours ahead.
func TestPushTime(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) {
		withPush(c)
		c.Now = func() time.Time { return time.Now().Add(26 * time.Hour) }
		c.Client = wechat.New(wechat.Config{BaseURLs: []string{c.APIURL}, Now: c.Now})
		t.Cleanup(c.Client.Close)
	})
	q := push.Query{Timestamp: fmt.Sprint(time.Now().Unix()), Nonce: "1"}
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	if err := w.CheckPush(t.Context(), q); err != nil {
		t.Error(err)
	}
	if _, err := w.OpenPush(t.Context(), q, []byte("<xml/>"), ""); err != nil {
		t.Error(err)
	}
	q.Timestamp = fmt.Sprint(w.now().Add(26 * time.Hour).Unix())
	q.Signature = push.Sign(pushToken, q.Timestamp, q.Nonce)
	if err := w.CheckPush(t.Context(), q); err == nil {
		t.Error("our own clock is believed")
	}
}

func TestPushWithUserInfo(t *testing.T) {
	w := newWorld(t, withPush)
	_, code := w.activateTicket(t)
	asXML := "<xml><MsgType>event</MsgType><Event>%s</Event><CardId>" + testCard + "</CardId><UserCardCode>" + code + "</UserCardCode></xml>"
	asJSON := `{"MsgType":"event","Event":"%s","CardId":"` + testCard + `","UserCardCode":"` + code + `"}`
	const event = push.EventSubmitMembercardUserInfo
	for _, tc := range []struct{ body, want string }{
		{fmt.Sprintf(asXML, event), `</UserCardCode><UserInfo><![CDATA[{"common_field_list":[{`},
		{fmt.Sprintf(asJSON, event), `,"user_info":{"common_field_list":[{`},
	} {
		if got := string(w.PushWithUserInfo(t.Context(), w.open(t, tc.body))); !strings.Contains(got, tc.want) {
			t.Errorf("got %s", got)
		}
	}
	before := w.wechat.Calls()[userInfoPath]
	for _, body := range []string{
		fmt.Sprintf(asXML, "user_get_card"),
		"<xml><MsgType>event</MsgType><Event>" + event + "</Event></xml>",
	} {
		if got := string(w.PushWithUserInfo(t.Context(), w.open(t, body))); got != body {
			t.Errorf("got %s", got)
		}
	}
	if n := w.wechat.Calls()[userInfoPath]; n != before {
		t.Errorf("%d calls more than before", n-before)
	}

	for _, fault := range []sandbox.Fault{{ErrCode: 40056}, {Delay: 10 * time.Second}} {
		fault.Path, fault.Times = userInfoPath, 1
		if err := w.wechat.Fail(fault); err != nil {
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
		nodes[i] = newWorld(t, func(c *AccountConfig) {
			withPush(c)
			c.Store, c.APIURL = store, "https://api.example.com"
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
