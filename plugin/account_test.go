package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

const testCard = "pOOOOOOOOOOOOOOOOOOOOOOOOOOO"

// world is an account in front of a sandbox, with a clock that tests can set forward.
type world struct {
	*Account
	wechat *sandbox.Sandbox
	url    string
	cfg    AccountConfig

	mu    sync.Mutex
	ahead time.Duration
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func newWorld(t testing.TB, change func(*AccountConfig)) *world {
	t.Helper()
	w := new(world)
	w.wechat = sandbox.New(sandbox.Config{Apps: map[string]string{"wx0123456789abcdef": "s3cr3t"}, Now: w.now})
	srv := httptest.NewServer(w.wechat)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	client := wechat.New(wechat.Config{BaseURLs: []string{srv.URL}, Now: w.now})
	t.Cleanup(client.Close)
	w.cfg = AccountConfig{
		AppID: "wx0123456789abcdef", AppSecret: "s3cr3t", ForceRefresh: true,
		APIURL: srv.URL, Client: client, Now: w.now,
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

// phone passes what we answered to the sandbox's phone and gives its answer.
func (w *world) phone(t testing.TB, call string, body []byte) map[string]any {
	t.Helper()
	resp, err := http.Post(w.url+"/_sandbox/phone/"+call, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestAddedCardIsDecryptedAndOpened(t *testing.T) {
	for _, source := range []TokenSource{Stable, Classic} {
		w := newWorld(t, func(c *AccountConfig) { c.TokenSource = source })
		body, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: testCard, OuterStr: `会员日 "a&b"\`}, {CardID: testCard}}, true)
		if err != nil {
			t.Fatal(err)
		}
		answer := w.phone(t, "addCard", body)
		if answer["errMsg"] != "addCard:ok" {
			t.Fatalf("%s: the phone refuses %s: %v", source, body, answer)
		}
		got := answer["cardList"].([]any)[0].(map[string]any)
		code, err := w.DecryptCode(t.Context(), got["code"].(string))
		if err != nil {
			t.Fatal(err)
		}
		open := fmt.Appendf(nil, `{"cardList":[{"cardId":%q,"code":%q}]}`, testCard, code)
		if answer := w.phone(t, "openCard", open); answer["errMsg"] != "openCard:ok" {
			t.Errorf("%s: the phone does not open %s: %v", source, open, answer)
		}
	}
}

func TestNonceOffIsInNeitherPlace(t *testing.T) {
	w := newWorld(t, nil)
	body, err := w.AddCard(t.Context(), nil, []card.Ext{{CardID: testCard, NonceStr: "left over", NumericTimestamp: true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte("nonce")) {
		t.Errorf("%s holds a nonce", body)
	}
	if answer := w.phone(t, "addCard", body); answer["errMsg"] != "addCard:ok" {
		t.Errorf("the phone refuses %s: %v", body, answer)
	}
}

func TestEveryCardHasItsOwnNonce(t *testing.T) {
	w := newWorld(t, nil)
	seen := map[string]bool{}
	for range 200 {
		cards := []card.Ext{{CardID: testCard}, {CardID: testCard}, {CardID: testCard}}
		if _, err := w.AddCard(t.Context(), nil, cards, true); err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			if len(c.NonceStr) != 32 || seen[c.NonceStr] {
				t.Fatalf("nonce %q", c.NonceStr)
			}
			seen[c.NonceStr] = true
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
				c.Store = newMemoryStore()
			})
			if _, err := w.Credential(t.Context(), credential.AccessToken); err != nil {
				t.Fatal(err)
			}
			w.forward(time.Minute) // forced refreshes are 30 s apart
			before := w.wechat.Calls()
			if err := w.wechat.Revoke(sandbox.Revocation{Sticky: tc.sticky}); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					want := fmt.Sprintf("%012d", i)
					code, err := w.DecryptCode(t.Context(), w.wechat.EncryptCode(w.cfg.AppID, want))
					if err != nil || code != want {
						t.Errorf("DecryptCode = %q, %v; want %q", code, err, want)
					}
				})
			}
			wg.Wait()
			after := w.wechat.Calls()
			tokens := after["/cgi-bin/token"] + after["/cgi-bin/stable_token"] - before["/cgi-bin/token"] - before["/cgi-bin/stable_token"]
			if atMost := map[bool]int{false: 1, true: 2}[tc.sticky]; tokens > atMost {
				t.Errorf("%d token calls, want at most %d", tokens, atMost)
			}
		})
	}
}

func TestDecryptedCodesAreRemembered(t *testing.T) {
	w := newWorld(t, nil)
	good, bad := w.wechat.EncryptCode(w.cfg.AppID, "123456789012"), "bm90IGEgY29kZQ=="
	for range 50 {
		if code, err := w.DecryptCode(t.Context(), good); err != nil || code != "123456789012" {
			t.Fatalf("DecryptCode = %q, %v", code, err)
		}
		_, err := w.DecryptCode(t.Context(), bad)
		if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Code != 40075 {
			t.Fatalf("a bad code gives %v", err)
		}
	}
	if got := w.wechat.Calls()["/card/code/decrypt"]; got != 2 {
		t.Errorf("%d decrypt calls, want 2", got)
	}
}

func TestDecryptIsBounded(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.DecryptLimit = 10 })
	busy := 0
	began := time.Now()
	for i := range 2000 {
		_, err := w.DecryptCode(t.Context(), fmt.Sprintf("%024d", i))
		if b, ok := errors.AsType[*limit.Busy](err); ok {
			busy++
			if b.RetryAfter <= 0 || b.RetryAfter > 6*time.Second {
				t.Fatalf("RetryAfter %v", b.RetryAfter)
			}
		}
	}
	if calls := w.wechat.Calls()["/card/code/decrypt"]; calls < 10 || calls > 11+int(time.Since(began)/(6*time.Second)) || busy != 2000-calls {
		t.Errorf("%d calls and %d refusals", calls, busy)
	}
}

// While there is no token nothing is asked of WeChat, and so nothing counts: when it is well again, so are we.
func TestNoTokenUsesUpNoLimit(t *testing.T) {
	w := newWorld(t, func(c *AccountConfig) { c.DecryptLimit, c.GeturlLimit = 2, 2 })
	if err := w.wechat.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: -1}); err != nil {
		t.Fatal(err)
	}
	ask := func(i int) (error, error) {
		_, decrypt := w.DecryptCode(t.Context(), fmt.Sprintf("%040d", i))
		_, geturl := w.MemberCardComponent(t.Context(), ComponentQuery{CardID: testCard, OuterStr: fmt.Sprint(i), ClientChosen: true})
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
	w.wechat.Reset()
	w.forward(time.Minute)
	decrypt, geturl := ask(5)
	if !wechat.Is(decrypt, wechat.Refused) || geturl != nil {
		t.Errorf("after recovery: got %v, %v", decrypt, geturl)
	}
}

func TestComponent(t *testing.T) {
	w := newWorld(t, nil)
	for _, outer := range []string{"", "guide", "a&b=c%d+e", "小程序 会员日", "100%", "%2B"} {
		data, err := w.MemberCardComponent(t.Context(), ComponentQuery{CardID: testCard, OuterStr: outer, MaxAge: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if data.OuterStr != outer {
			t.Errorf("outer_str %q became %q", outer, data.OuterStr)
		}
		body := []byte(`{"appId":"wxeb490c6f9b154ef9","extraData":`)
		body = append(data.AppendJSON(body), '}')
		if answer := w.phone(t, "openComponent", body); answer["errMsg"] != "navigateToMiniProgram:ok" {
			t.Errorf("the phone refuses %s: %v", body, answer)
		}
	}
}

func TestComponentOfACustomCodeCard(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.wechat.PutCard(w.cfg.AppID, "pCustom", `{"card_type":"MEMBER_CARD","member_card":{"base_info":{"use_custom_code":true}}}`); err != nil {
		t.Fatal(err)
	}
	_, err := w.MemberCardComponent(t.Context(), ComponentQuery{CardID: "pCustom"})
	if e, ok := errors.AsType[*wechat.Error](err); !ok || e.Code != 40158 || !strings.Contains(e.Hint(), "custom-code") {
		t.Errorf("got %v", err)
	}
}

func TestHundredThousandOuterStrs(t *testing.T) {
	w := newWorld(t, nil)
	ask := func(q ComponentQuery) card.ExtraData {
		t.Helper()
		q.MaxAge = 10 * time.Minute
		data, err := w.MemberCardComponent(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	began := time.Now()
	for i := range 100_000 {
		outer := fmt.Sprintf("user-%d", i)
		data := ask(ComponentQuery{CardID: testCard, OuterStr: outer, ClientChosen: true})
		if data.OuterStr != outer || data.EncryptCardID == "" || data.Biz == "" {
			t.Fatalf("answer %d is %+v", i, data)
		}
	}
	refill := int(time.Since(began)/time.Second) + 1
	if calls := w.wechat.Calls()["/card/membercard/activate/geturl"]; calls > DefaultGeturlLimit+refill {
		t.Errorf("%d geturl calls", calls)
	}
	if n := w.state.components.Len(); n > maxComponents {
		t.Errorf("%d answers in memory", n)
	}
	// Strangers cannot use up what the configuration's own questions need.
	if data := ask(ComponentQuery{CardID: "pAnother"}); data.EncryptCardID == "" {
		t.Errorf("another card got %+v", data)
	}
	// A card without any answer yet has nothing to fall back on. One call a second is allowed again.
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		_, err = w.MemberCardComponent(t.Context(), ComponentQuery{CardID: fmt.Sprint("pThird", i), OuterStr: "x", ClientChosen: true})
	}
	if _, ok := errors.AsType[*limit.Busy](err); !ok {
		t.Errorf("got %v, want *limit.Busy", err)
	}
}

func TestComponentWhileWeChatFails(t *testing.T) {
	w := newWorld(t, nil)
	q := ComponentQuery{CardID: testCard, OuterStr: "a"}
	first, err := w.MemberCardComponent(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.wechat.Fail(sandbox.Fault{Path: "/card/*", Status: 500}); err != nil {
		t.Fatal(err)
	}
	q.OuterStr = "b"
	data, err := w.MemberCardComponent(t.Context(), q)
	if err != nil || data.OuterStr != "b" || data.EncryptCardID != first.EncryptCardID {
		t.Errorf("got %+v, %v", data, err)
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
		if ahead := time.Until(time.Unix(cards[0].Timestamp, 0)); (ahead - 10*time.Minute).Abs() > 3*time.Second {
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
		if err := w.wechat.Fail(sandbox.Fault{Path: "/cgi-bin/*", Body: &body}); err != nil {
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
		for _, n := range w.wechat.Calls() {
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
