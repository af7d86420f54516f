package platform_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// core is an account that authorised the component, in a process.
func (w *world) core(t testing.TB, p *platform.Platform, appID string) *account.Core {
	t.Helper()
	cfg := account.Config{
		AppID: appID, SealSecret: "seal of " + appID, Token: p.Source(appID), APIURL: "https://api.example", Now: w.Now,
		Store: listingStore{plainStore{w.store, new(fate)}},
	}
	core, err := account.New(cfg, credential.NewKeepers(cfg.ID()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(core.Stop)
	return core
}

// Two processes, and many who ask them at once, refresh an account's token once, again when it is due, and once when it is refused.
func TestOneRefreshInAFleet(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	w.authorise(t, a, merchant, 8)
	cores := []*account.Core{w.core(t, a, merchant), w.core(t, b, merchant)}
	ask := func() (tokens []string) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				token, err := cores[i%2].Credential(context.Background(), credential.AccessToken)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				tokens = append(tokens, token)
			})
		}
		wg.Wait()
		slices.Sort(tokens)
		return slices.Compact(tokens)
	}
	for round := range 3 {
		if tokens := ask(); len(tokens) != 1 || !w.Takes(merchant, tokens[0]) {
			t.Errorf("round %d: tokens %v", round, tokens)
		}
		if n := w.Calls("api_authorizer_token"); n != round+1 {
			t.Errorf("round %d: %d calls", round, n)
		}
		w.Forward(2*time.Hour + time.Minute)
	}
}

// Whatever keeps two processes from knowing of each other: of two refreshes at once no authorisation is lost.
func TestRefreshesThatRace(t *testing.T) {
	t.Parallel()
	w := newWorld()
	processes := make([]*platform.Platform, 4)
	for i := range processes {
		processes[i] = w.process(t, nil)
	}
	w.pushTicket(t, processes[0])
	w.authorise(t, processes[0], merchant, 8)
	for range 10 {
		var wg sync.WaitGroup
		for _, p := range processes {
			wg.Go(func() { w.fetch(t, p, merchant) })
		}
		wg.Wait()
	}
}

// What WeChat refuses for good is asked about once an hour, says so, and is well again with another scan.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	w.authorise(t, a, merchant, 8)
	w.Cancel(merchant) // and the event is lost
	for range 20 {
		for _, p := range []*platform.Platform{a, b} {
			if _, err := p.Source(merchant).Fetch(t.Context(), credential.AccessToken, ""); wechat.Errcode(err) != 61003 {
				t.Fatal(err)
			}
		}
		w.Forward(2 * time.Minute)
	}
	if n := w.Calls("api_authorizer_token"); n != 1 {
		t.Errorf("%d calls in 40 minutes", n)
	}
	if held, err := b.Authorisation(t.Context(), merchant); err != nil || held.Refused != 61003 {
		t.Errorf("got %+v, %v", held, err)
	}
	w.Forward(time.Hour)
	_, _ = a.Source(merchant).Fetch(t.Context(), credential.AccessToken, "")
	if n := w.Calls("api_authorizer_token"); n != 2 {
		t.Errorf("%d calls after an hour", n)
	}
	if again := w.authorise(t, b, merchant, 8); again.Refused != 0 {
		t.Errorf("after another scan: %+v", again)
	}
	w.fetch(t, a, merchant)
}

// WeChat may err: what it refused is asked again at once where an operator says so, by whichever process.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	w.authorise(t, a, merchant, 8)
	a.AskAgain(t.Context(), merchant) // of which nothing comes
	w.Refuse("api_authorizer_token", 61003)
	if _, err := a.Source(merchant).Fetch(t.Context(), credential.AccessToken, ""); wechat.Errcode(err) != 61003 {
		t.Fatal(err)
	}
	w.Refuse("api_authorizer_token", 0)
	if _, err := b.Source(merchant).Fetch(t.Context(), credential.AccessToken, ""); wechat.Errcode(err) != 61003 {
		t.Errorf("within the hour: %v", err)
	}
	b.AskAgain(t.Context(), merchant)
	w.fetch(t, a, merchant)
	w.Forward(time.Second)
	if held, err := b.Authorisation(t.Context(), merchant); err != nil || held.Refused != 0 {
		t.Errorf("got %+v, %v", held, err)
	}
}

// One merchant's refusal is nobody else's; that of the machine's address is everybody's, and costs one call a while.
func TestRefusalsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	const other = "wx0000000000000002"
	w.authorise(t, p, merchant, 8)
	w.authorise(t, p, other, 8)
	w.Cancel(other)
	if _, err := p.Source(other).Fetch(t.Context(), credential.AccessToken, ""); err == nil {
		t.Error("a token of nobody")
	}
	w.fetch(t, p, merchant)
	w.Refuse("api_authorizer_token", 61004)
	before := w.Calls("api_authorizer_token")
	for range 5 {
		_, err := p.Source(merchant).Fetch(t.Context(), credential.AccessToken, "")
		if u, ok := errors.AsType[*credential.Unavailable](err); !ok || wechat.Errcode(err) != 61004 || !u.RetryAt.After(w.Now()) {
			t.Errorf("got %v", err)
		}
	}
	if n := w.Calls("api_authorizer_token") - before; n != 1 {
		t.Errorf("%d calls", n)
	}
	w.Refuse("api_authorizer_token", 0)
	w.Forward(10 * time.Minute)
	w.fetch(t, p, merchant)
}

// A ticket that does not come for eleven hours is used still; then it is not, and WeChat is asked to push, once an hour.
func TestTicketThatDoesNotCome(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.pushTicket(t, a)
	for range 5 {
		w.Forward(2*time.Hour + 10*time.Minute)
		if _, _, err := b.PreAuthCode(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Calls("api_start_push_ticket"); n != 0 {
		t.Errorf("%d calls for a ticket while there is one", n)
	}
	w.Forward(2*time.Hour + 10*time.Minute)
	for range 3 {
		if _, _, err := a.PreAuthCode(t.Context()); !errors.Is(err, platform.ErrNoTicket) {
			t.Errorf("with a ticket of thirteen hours: %v", err)
		}
		w.Forward(2 * time.Minute)
	}
	if n := w.Calls("api_start_push_ticket"); n != 1 {
		t.Errorf("%d calls for a ticket", n)
	}
	w.pushTicket(t, b)
	if _, _, err := b.PreAuthCode(t.Context()); err != nil {
		t.Error(err)
	}
	w.Forward(time.Minute) // what forbids a to ask
	if _, _, err := a.PreAuthCode(t.Context()); err != nil {
		t.Error(err)
	}
}

// A ticket that WeChat refuses is shown once. It is asked to push, and what it pushes is used at once.
func TestTicketThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.mu2(func(f *fakeWeChat) {
		f.push = func(ticket string) {
			w.Forward(time.Second)
			if err := p.TakeTicket(t.Context(), ticket, w.Now()); err != nil {
				t.Error(err)
			}
		}
	})
	if err := p.TakeTicket(t.Context(), "ticket@@@of-yesterday", w.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.PreAuthCode(t.Context()); err != nil {
		t.Error(err)
	}
	if n, m := w.Calls("api_component_token"), w.Calls("api_start_push_ticket"); n != 2 || m != 1 {
		t.Errorf("%d calls for a token, %d for a ticket", n, m)
	}
}

// The newest ticket counts, whatever comes behind it; one of a wrong clock does not count for ever.
func TestTicketsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	now := w.Now()
	for _, tc := range []struct {
		at   time.Time
		want time.Time // of the ticket in use
	}{
		{now.Add(-time.Minute), now.Add(-time.Minute)},
		{now.Add(-time.Hour), now.Add(-time.Minute)},
		{now.Add(24 * 365 * time.Hour), now},
		{now.Add(2 * time.Minute), now.Add(2 * time.Minute)},
	} {
		if err := p.TakeTicket(t.Context(), w.Ticket(), tc.at); err != nil {
			t.Fatal(err)
		}
		if got := p.Standing().Ticket; got.Sub(tc.want).Abs() > 2*time.Second {
			t.Errorf("of %s: in use is that of %s", tc.at, got)
		}
	}
	for _, bad := range []string{"", "a b", "a\n", string(make([]byte, 5000))} {
		if err := p.TakeTicket(t.Context(), bad, now); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// The component's secret was wrong. With the right one, and what was kept before, all goes on.
func TestComponentSecretRotated(t *testing.T) {
	t.Parallel()
	w := newWorld()
	keys := []string{"a-key-of-at-least-32-characters-0"}
	p := w.process(t, func(c *platform.Config) { c.SealKeys = keys })
	w.pushTicket(t, p)
	w.authorise(t, p, merchant, 8)
	wrong := w.process(t, func(c *platform.Config) { c.SealKeys, c.AppSecret = keys, "rotated too early" })
	w.Forward(3 * time.Hour)
	if _, err := wrong.Source(merchant).Fetch(t.Context(), credential.AccessToken, ""); wechat.Errcode(err) != 40125 {
		t.Errorf("with a wrong secret: %v", err)
	}
	if held, err := wrong.Authorisation(t.Context(), merchant); err != nil || held.Refused != 0 {
		t.Errorf("it touches the accounts: %+v, %v", held, err)
	}
	w.fetch(t, w.process(t, func(c *platform.Config) { c.SealKeys = keys }), merchant)
}

// The first start of all: WeChat is asked to push when somebody listens, and what it pushes to one process serves the other.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a, b := w.process(t, nil), w.process(t, nil)
	w.mu2(func(f *fakeWeChat) {
		f.push = func(ticket string) {
			if err := a.TakeTicket(t.Context(), ticket, w.Now()); err != nil {
				t.Error(err)
			}
		}
	})
	a.Start()
	b.Start()
	if n := w.Calls("api_start_push_ticket"); n != 0 {
		t.Error("it is asked before anybody listens")
	}
	w.Forward(5 * time.Second)
	for _, p := range []*platform.Platform{a, b} {
		eventually(t, "no token", func() bool { return p.Standing().Token.State == credential.Fresh })
	}
	// Each asks by itself where both saw the ticket before either had a token to share: the later one's counts, and both have it.
	if n := w.Calls("api_component_token"); n > 2 {
		t.Errorf("%d calls for a token", n)
	}
}

// An event whose account is authorised no more when its code is exchanged is done with.
func TestEventOfWhatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.process(t, nil)
	w.pushTicket(t, p)
	code := w.Scan(merchant, 1, 8)[0]
	w.Cancel(merchant)
	if err := p.Happened(t.Context(), platform.Event{Kind: platform.Authorised, AppID: merchant, Code: code, Created: w.Now()}); wechat.Errcode(err) != 61003 {
		t.Errorf("got %v", err)
	}
	if w.holds("/events/") {
		t.Error("it will be tried again")
	}
}
