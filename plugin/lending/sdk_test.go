package lending

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/value"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/accounts"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// forEver is a cache that keeps what it was given.
const forEver = 100 * 365 * 24 * time.Hour

var errRefused = errors.New("the SDK refuses what it was given")

// sdk is how a library keeps what it was lent: for how long, when it was said to live for so many seconds. None and an error
// means that the library's call fails.
type sdk struct {
	name   string
	token  func(said int) (time.Duration, error)
	ticket func(said int) (time.Duration, error)
	floor  int  // min_expires_in that it needs with a stable token
	deaf   bool // it does not listen to expires_in
	short  bool // it fails when little is left, or keeps that for ever: not for tickets whose true rest WeChat tells
}

// less is a cache in the library's memory from which margin seconds are subtracted: nothing left is kept for no time.
func less(margin int) func(int) (time.Duration, error) {
	return func(said int) (time.Duration, error) { return time.Duration(said-margin) * time.Second, nil }
}

// redis is the same in a Redis: SET with a duration that is not positive has no end.
func redis(margin int) func(int) (time.Duration, error) {
	return func(said int) (time.Duration, error) {
		if said <= margin {
			return forEver, nil
		}
		return time.Duration(said-margin) * time.Second, nil
	}
}

// otherwise is a cache in which what is not positive counts as WeChat's 7200.
func otherwise(margin int) func(int) (time.Duration, error) {
	return func(said int) (time.Duration, error) {
		if said <= margin {
			return 2 * time.Hour, nil
		}
		return time.Duration(said-margin) * time.Second, nil
	}
}

// orFail is a cache that fails with what is not positive.
func orFail(margin int) func(int) (time.Duration, error) {
	return func(said int) (time.Duration, error) {
		if said <= margin {
			return 0, errRefused
		}
		return time.Duration(said-margin) * time.Second, nil
	}
}

// steps are those of chanxuehong/wechat.
func steps(said int) (time.Duration, error) {
	switch {
	case said > 3600:
		said -= 600
	case said > 1800:
		said -= 300
	case said > 300:
		said -= 60
	case said > 60:
		said -= 10
	default:
		return 0, errRefused
	}
	return time.Duration(said) * time.Second, nil
}

// share is the cache of fastwego/offiaccount, whose files with no life have no end.
func share(said int) (time.Duration, error) {
	if said = said * 9 / 10; said == 0 {
		return forEver, nil
	}
	return time.Duration(said) * time.Second, nil
}

func fixed(d time.Duration) func(int) (time.Duration, error) {
	return func(int) (time.Duration, error) { return d, nil }
}

// sdks are the libraries of docs/migrating.md.
var sdks = []sdk{
	{name: "silenceper, memory", token: less(1500), ticket: less(1500)},
	{name: "silenceper, Redis", token: redis(1500), ticket: redis(1500), floor: 1800, short: true},
	{name: "silenceper's stable token, Redis", token: redis(300), ticket: redis(1500), floor: 600, short: true},
	{name: "PowerWeChat", token: otherwise(500), ticket: orFail(500), floor: 600, short: true},
	{name: "PowerWeChat, Redis", token: redis(500), ticket: redis(500), floor: 600, short: true},
	{name: "WxJava", token: less(200), ticket: less(200)},
	{name: "WxJava, Redis", token: redis(200), ticket: redis(200), floor: 300, short: true},
	{name: "chanxuehong", token: steps, ticket: steps, floor: 300, short: true},
	{name: "fastwego", token: share, ticket: less(0), floor: 60},
	{name: "wechatpy", token: less(60), ticket: less(0)},
	{name: "EasyWeChat 6, node-easywechat", token: less(0), ticket: less(0)},
	{name: "co-wechat-api, wechat-api", token: less(10), ticket: less(10)},
	{name: "wechat-jssdk", token: fixed(119 * time.Minute), ticket: fixed(119 * time.Minute), deaf: true},
}

// weChat is WeChat with the clock of the bubble.
type weChat struct {
	mu    sync.Mutex
	store *accounts.Store
	app   *accounts.App
	calls map[credential.Kind]int
}

func newWeChat(rule accounts.Rule) *weChat {
	w := &weChat{store: accounts.New(nil, 0), calls: map[credential.Kind]int{}}
	w.store.Rule = rule
	w.app = w.store.App(accounttest.AppID)
	return w
}

func (w *weChat) takes(token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.store.Authorize(token, time.Now())
	return err == nil
}

// gone is for how long a ticket has been no good.
func (w *weChat) gone(text string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.app.Tickets[accounts.CardTicket] {
		if t.Text == text {
			return max(0, time.Since(t.Expires))
		}
	}
	return forEver
}

// lender is a gateway whose account has its credentials from w.
func (w *weChat) lender(t *testing.T, classic bool) (*Lender, *credential.Keeper, *credential.Env) {
	t.Helper()
	keepers := credential.NewKeepers(credential.ID{BaseURL: "https://api.weixin.qq.com", AppID: accounttest.AppID, Source: fmt.Sprint(classic)})
	tokens := keepers.Keeper(credential.AccessToken)
	var env *credential.Env
	env, err := credential.NewEnv(credential.EnvConfig{
		Store: accounttest.NewMemory(), Secret: accounttest.AppSecret, Classic: classic, ForceRefresh: true,
		Fetch: func(ctx context.Context, kind credential.Kind, force bool) (wechat.Grant, error) {
			now := time.Now()
			time.Sleep(100 * time.Millisecond)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls[kind]++
			switch {
			case kind != credential.AccessToken:
				ticket, said := w.store.Ticket(w.app, accounts.CardTicket, time.Now())
				return wechat.NewGrant(ticket.Text, max(said.Truncate(time.Second), time.Second), now)
			case classic:
				return wechat.NewGrant(w.store.Classic(w.app, time.Now()).Text, 2*time.Hour, now)
			}
			token, err := w.store.Renewed(w.app, force, time.Now())
			if err != nil {
				return wechat.Grant{}, err
			}
			return wechat.NewGrant(token.Text, max(time.Until(token.Expires).Truncate(time.Second), time.Second), now)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepers.Start(env, credential.AccessToken)
	t.Cleanup(func() { keepers.Stop(env) })
	return New(Config{
		Keeper:  func(kind credential.Kind) (*credential.Keeper, error) { return keepers.Keeper(kind), nil },
		Env:     env,
		Classic: classic,
		Probe: func(_ context.Context, token string) error {
			if !w.takes(token) {
				return &wechat.Error{API: "quota_get", Code: 40001}
			}
			return nil
		},
	}, NewState()), tokens, env
}

// kept is what an SDK has in a cache.
type kept struct {
	text  string
	until time.Time
}

func (k kept) good() bool { return time.Now().Before(k.until) }

// TestADayOfEachSDK has libraries take their tokens and tickets from us for a day and a half, make their calls through relay,
// and sign. None of what they do may fail.
func TestADayOfEachSDK(t *testing.T) {
	for _, classic := range []bool{false, true} {
		for _, rule := range accounts.Rules {
			for _, lib := range sdks {
				if lib.short && rule == accounts.Honest {
					continue // docs/migrating.md says so
				}
				name := fmt.Sprintf("%s, classic %v, tickets %s", lib.name, classic, rule)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { aDayOf(t, lib, classic, rule) })
				})
			}
		}
	}
}

func aDayOf(t *testing.T, lib sdk, classic bool, rule accounts.Rule) {
	w := newWeChat(rule)
	floor := lib.floor
	if classic {
		floor = 0
	}
	lender, tokens, env := w.lender(t, classic)
	var token, ticket kept
	asked, calls, late := 0, 0, 0
	keep := func(text string, said int, cache func(int) (time.Duration, error)) kept {
		life, err := cache(said)
		if err != nil {
			t.Fatalf("%v: %d s: %v", time.Now(), said, err)
		}
		return kept{text, time.Now().Add(life)}
	}
	getToken := func() string {
		if !token.good() {
			asked++
			loan, err := lender.LendToken(t.Context(), floor)
			if err != nil {
				t.Fatalf("%v: token: %v", time.Now(), err)
			}
			if classic && loan.ExpiresIn < 1800 {
				t.Errorf("a classic token was lent for %d s", loan.ExpiresIn)
			}
			token = keep(loan.Text, loan.Said, lib.token)
		}
		return token.text
	}
	begin := time.Now()
	for end := begin.Add(36 * time.Hour); time.Now().Before(end); time.Sleep(rand.N(2 * time.Minute)) {
		calls++
		if !ticket.good() {
			if lib.deaf {
				token = kept{} // it has both anew
			}
			known, err := lender.KnowsToken(t.Context(), getToken())
			if err != nil || !known {
				t.Fatalf("%v: the token that it has is none: %v", time.Now(), err)
			}
			asked++
			loan, err := lender.Lend(t.Context(), credential.APITicket)
			if err != nil {
				t.Fatalf("%v: ticket: %v", time.Now(), err)
			}
			if rule != accounts.Honest && loan.ExpiresIn < 1800 {
				t.Errorf("a ticket was lent for %d s", loan.ExpiresIn)
			}
			ticket = keep(loan.Text, loan.Said, lib.ticket)
		}
		if gone := w.gone(ticket.text); gone > 0 && rule == accounts.Grid && (gone < value.MaxSuperseded+value.MaxLentFloor || time.Since(begin) < 2*time.Hour) || gone > 0 && lib.deaf {
			late++ // nobody could tell it
		} else if gone > 0 {
			t.Fatalf("%v: it signs with a ticket that is no good since %v", time.Now(), gone)
		}
		getToken() // which relay replaces:
		v, err := tokens.Get(t.Context(), env)
		if err == nil && !w.takes(v.Text) {
			v, err = tokens.Reject(t.Context(), env, v.Text, &wechat.Error{API: "decrypt", Code: 40001})
		}
		if err != nil || !w.takes(v.Text) {
			t.Fatalf("%v: a call through relay fails: %v", time.Now(), err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if most := map[bool]int{false: 20, true: 29}[classic]; w.calls[credential.AccessToken] > most {
		t.Errorf("%d calls for tokens", w.calls[credential.AccessToken])
	}
	if most := map[accounts.Rule]int{accounts.Fresh: 30, accounts.Honest: 22, accounts.Grid: 121}[rule]; w.calls[credential.APITicket] > most {
		t.Errorf("%d calls for tickets", w.calls[credential.APITicket])
	}
	t.Logf("%d times at work, %d of them with a ticket that was no good; asked us %d times, we WeChat %d and %d times",
		calls, late, asked, w.calls[credential.AccessToken], w.calls[credential.APITicket])
}
