package plugin

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const testCard = accounttest.CardID

// world is an account in front of a sandbox, with a clock that tests can set forward.
type world struct {
	*Account
	*accounttest.WeChat
	cfg AccountConfig
}

func newWorld(t testing.TB, change func(*AccountConfig)) *world {
	t.Helper()
	w := &world{WeChat: accounttest.NewWeChat(t)}
	w.cfg = AccountConfig{
		AppID: accounttest.AppID, AppSecret: accounttest.AppSecret, ForceRefresh: true,
		APIURL: w.URL, Client: w.Client, Now: w.Now,
	}
	if change != nil {
		change(&w.cfg)
	}
	var err error
	if w.Account, err = NewAccount(w.cfg, NewState(w.cfg)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

func TestAddedCardIsDecryptedAndOpened(t *testing.T) {
	for _, source := range []TokenSource{Stable, Classic} {
		w := newWorld(t, func(c *AccountConfig) { c.TokenSource = source })
		body, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: testCard, OuterStr: `会员日 "a&b"\`}, {CardID: testCard}}, true)
		if err != nil {
			t.Fatal(err)
		}
		answer := w.Phone(t, "addCard", body)
		if answer["errMsg"] != "addCard:ok" {
			t.Fatalf("%s: the phone refuses %s: %v", source, body, answer)
		}
		got := answer["cardList"].([]any)[0].(map[string]any)
		code, err := w.DecryptCode(t.Context(), got["code"].(string))
		if err != nil {
			t.Fatal(err)
		}
		open := fmt.Appendf(nil, `{"cardList":[{"cardId":%q,"code":%q}]}`, testCard, code)
		if answer := w.Phone(t, "openCard", open); answer["errMsg"] != "openCard:ok" {
			t.Errorf("%s: the phone does not open %s: %v", source, open, answer)
		}
	}
}

func TestRevokedTokenIsReplacedUnseen(t *testing.T) {
	for _, tc := range []struct {
		name   string
		source TokenSource
		sticky bool
	}{
		{"classic", Classic, false},
		{"stable", Stable, false},
		{"stable gives the dead one again", Stable, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, func(c *AccountConfig) {
				c.TokenSource = tc.source
				c.Store = accounttest.NewMemory()
			})
			if _, err := w.Credential(t.Context(), credential.AccessToken); err != nil {
				t.Fatal(err)
			}
			w.Forward(time.Minute) // forced refreshes are 30 s apart
			before := w.Sandbox.Calls()
			if err := w.Sandbox.Revoke(sandbox.Revocation{Sticky: tc.sticky}); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					want := fmt.Sprintf("%012d", i)
					code, err := w.DecryptCode(t.Context(), w.Sandbox.EncryptCode(w.cfg.AppID, want))
					if err != nil || code != want {
						t.Errorf("DecryptCode = %q, %v; want %q", code, err, want)
					}
				})
			}
			wg.Wait()
			after := w.Sandbox.Calls()
			tokens := after["/cgi-bin/token"] + after["/cgi-bin/stable_token"] - before["/cgi-bin/token"] - before["/cgi-bin/stable_token"]
			if atMost := map[bool]int{false: 1, true: 2}[tc.sticky]; tokens > atMost {
				t.Errorf("%d token calls, want at most %d", tokens, atMost)
			}
		})
	}
}

// While there is no token nothing is asked of WeChat, and so nothing counts: when it is well again, so are we.
func TestNoTokenUsesUpNoLimit(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.DecryptLimit, c.GeturlLimit = 2, 2 })
	if err := w.Sandbox.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: -1}); err != nil {
		t.Fatal(err)
	}
	ask := func(i int) (error, error) {
		_, decrypt := w.DecryptCode(t.Context(), fmt.Sprintf("%040d", i))
		_, geturl := w.MemberCardComponent(t.Context(), component.Query{CardID: testCard, OuterStr: fmt.Sprint(i), ClientChosen: true})
		return decrypt, geturl
	}
	for i := range 5 {
		decrypt, geturl := ask(i)
		for _, err := range []error{decrypt, geturl} {
			if _, ok := errors.AsType[*credential.Unavailable](err); !ok {
				t.Errorf("call %d: got %v, want no credential", i, err)
			}
		}
	}
	w.Sandbox.Reset()
	w.Forward(time.Minute)
	decrypt, geturl := ask(5)
	if !wechat.Is(decrypt, wechat.Refused) || geturl != nil {
		t.Errorf("after recovery: got %v, %v", decrypt, geturl)
	}
}

func TestTempInfoIsBounded(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.DecryptLimit = 3 })
	for i := range 3 {
		if _, err := w.TempInfo(t.Context(), fmt.Sprint("forged", i)); wechat.Errcode(err) != 72011 {
			t.Fatal(err)
		}
	}
	_, err := w.TempInfo(t.Context(), "one more")
	if busy, ok := errors.AsType[*limit.Busy](err); !ok || busy.API != "tempinfo" || busy.RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
	if _, err := w.DecryptCode(t.Context(), w.Sandbox.EncryptCode("wx0123456789abcdef", "1")); err != nil {
		t.Errorf("decrypting has a share of its own: %v", err)
	}
}

func TestClockOffsetOutlivesAReload(t *testing.T) {
	w := newWorld(t, nil)
	weChat := httptest.NewServer(sandbox.New(sandbox.Config{Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}))
	defer weChat.Close()
	w.cfg.APIURL = weChat.URL
	state := NewState(w.cfg)
	for i := range 2 {
		cfg := w.cfg
		cfg.Client = wechat.New(wechat.Config{BaseURLs: []string{weChat.URL}})
		defer cfg.Client.Close()
		account, err := NewAccount(cfg, state)
		if err != nil {
			t.Fatal(err)
		}
		defer account.Stop()
		cards := []card.Ext{{CardID: testCard}}
		if _, err := account.AddCard(t.Context(), nil, cards, true); err != nil {
			t.Fatal(err)
		}
		if ahead := time.Unix(cards[0].Timestamp, 0).Sub(w.Now()); (ahead - 10*time.Minute).Abs() > 3*time.Second {
			t.Errorf("configuration %d signs for %v from now", i, ahead)
		}
	}
}

func TestWeChatTalksNonsense(t *testing.T) {
	for _, body := range []string{
		"", "{}", "null", "[]", "<html>", `{"access_token":"T","expires_in":`, `{"access_token":"","expires_in":7200}`,
		`{"access_token":"T","expires_in":0}`, `{"access_token":"T","expires_in":-1}`, `{"access_token":"T","expires_in":"7200"}`,
		`{"access_token":"T"}`, `{"access_token":"T","expires_in":1e99}`, `{"access_token":5,"expires_in":7200}`,
		`{"access_token":"a b","expires_in":7200}`,
	} {
		w := newWorld(t, nil)
		if err := w.Sandbox.Fail(sandbox.Fault{Path: "/cgi-bin/*", Body: &body}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 100 {
			answer, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: testCard}}, true)
			if _, ok := errors.AsType[*credential.Unavailable](err); !ok || len(answer) != 0 {
				t.Fatalf("%q: AddCard = %s, %v", body, answer, err)
			}
		}
		calls := 0
		for _, n := range w.Sandbox.Calls() {
			calls += n
		}
		if calls > 3+int(time.Since(began).Seconds()) {
			t.Errorf("%q: %d calls for 100 requests", body, calls)
		}
	}
}

func BenchmarkAddCard(b *testing.B) {
	w := newWorld(b, nil)
	cards := []card.Ext{{CardID: testCard, OuterStr: "shop-1"}}
	buf := make([]byte, 0, 1024)
	if _, err := w.AddCard(b.Context(), buf, cards, true); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.AddCard(b.Context(), buf[:0], cards, true); err != nil {
			b.Fatal(err)
		}
	}
}
