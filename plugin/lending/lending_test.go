package lending

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account/accounttest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox"
)

type world struct {
	*accounttest.World
	*Lender
}

func newWorld(t *testing.T, change func(*account.Config)) world {
	t.Helper()
	w := accounttest.New(t, change)
	return world{w, New(Config{
		Keeper: w.Keeper, Env: w.Env(), AppSecret: w.Config.AppSecret,
		Force:   w.Config.Source() == account.Stable && w.Config.ForceRefresh,
		Classic: w.Config.Source() == account.Classic,
		Probe: func(ctx context.Context, token string) error {
			_, err := w.Config.Client.Quota(ctx, token, "/cgi-bin/ticket/getticket")
			return err
		},
	}, NewState())}
}

func (w world) lend(t *testing.T, kind credential.Kind) Loan {
	t.Helper()
	loan, err := w.Lend(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return loan
}

func (w world) knows(t *testing.T, token string) bool {
	t.Helper()
	known, err := w.KnowsToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func TestLentTokenLivesAsLongAsItSays(t *testing.T) {
	for _, source := range []account.TokenSource{account.Stable, account.Classic} {
		t.Run(string(source), func(t *testing.T) {
			w := newWorld(t, func(c *account.Config) { c.TokenSource = source })
			first := w.lend(t, credential.AccessToken)
			w.Forward(time.Hour)
			if again := w.lend(t, credential.AccessToken); again.Text != first.Text || again.ExpiresIn < 3595 || again.ExpiresIn > 3600 {
				t.Errorf("after an hour: %+v, before: %+v", again, first)
			}
			w.Forward(59 * time.Minute)
			w.lend(t, credential.AccessToken) // begins the renewal
			second := w.lend(t, credential.AccessToken)
			for deadline := time.Now().Add(5 * time.Second); second.Text == first.Text && time.Now().Before(deadline); {
				second = w.lend(t, credential.AccessToken)
			}
			if second.Text == first.Text || second.ExpiresIn < 7190 {
				t.Errorf("a minute before its end: %+v, before: %+v", second, first)
			}
			if !w.knows(t, first.Text) || !w.knows(t, second.Text) || w.knows(t, "x") {
				t.Error("two tokens are good, and no third")
			}
			w.Forward(2 * time.Minute)
			if w.knows(t, first.Text) || !w.knows(t, second.Text) {
				t.Error("only the second is good")
			}
		})
	}
}

func TestForceToken(t *testing.T) {
	for name, tc := range map[string]struct {
		source account.TokenSource
		off    bool
		forced bool
	}{
		"stable":             {account.Stable, false, true},
		"stable, without":    {account.Stable, true, false},
		"classic has no way": {account.Classic, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *account.Config) {
				c.TokenSource, c.ForceRefresh, c.Store = tc.source, !tc.off, accounttest.NewMemory()
			})
			first := w.lend(t, credential.AccessToken)
			w.Forward(time.Minute)
			for range 3 { // the others come too soon
				if _, err := w.ForceToken(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			second := w.lend(t, credential.AccessToken)
			if (second.Text != first.Text) != tc.forced {
				t.Errorf("from %+v to %+v", first, second)
			}
			calls := w.Sandbox.Calls()
			if n := calls["/cgi-bin/stable_token"] + calls["/cgi-bin/token"]; n > 2 || !tc.forced && n > 1 {
				t.Errorf("calls %v", calls)
			}
		})
	}
}

func TestNothingToLend(t *testing.T) {
	w := newWorld(t, func(c *account.Config) { c.TokenSource, c.AppSecret = account.None, "" })
	_, err := w.Lend(t.Context(), credential.AccessToken)
	if _, ok := errors.AsType[*credential.Unavailable](err); !ok {
		t.Errorf("got %v", err)
	}
	if known, err := w.KnowsToken(t.Context(), ""); known || err == nil {
		t.Errorf("knows the empty token, %v", err)
	}
	if w.HasAppSecret() || w.IsAppSecret("") || w.IsAppSecret("s3cr3t") {
		t.Error("there is no app secret")
	}
	w = newWorld(t, nil)
	if !w.HasAppSecret() || !w.IsAppSecret("s3cr3t") || w.IsAppSecret("") || w.IsAppSecret("s3cr3") || w.IsAppSecret("s3cr3t ") {
		t.Error("the app secret is s3cr3t")
	}
	if err := w.Sandbox.Fail(sandbox.Fault{Path: "/cgi-bin/stable_token", ErrCode: 45009}); err != nil {
		t.Fatal(err)
	}
	if known, err := w.KnowsToken(t.Context(), "x"); known || err == nil {
		t.Errorf("without a token, got %v, %v", known, err)
	}
}

// TestWhatIsSaidOfAToken has a token rotate under somebody who was told more than was true.
func TestWhatIsSaidOfAToken(t *testing.T) {
	w := newWorld(t, nil)
	ask := func(floor int) Loan {
		t.Helper()
		loan, err := w.LendToken(t.Context(), floor)
		if err != nil {
			t.Fatal(err)
		}
		return loan
	}
	first := ask(1800)
	if first.Said != first.ExpiresIn || first.ExpiresIn < 7190 {
		t.Errorf("got %+v", first)
	}
	w.Forward(100 * time.Minute)
	if loan := ask(0); loan.Said != loan.ExpiresIn || loan.ExpiresIn > 1200 {
		t.Errorf("without a floor: %+v", loan)
	}
	if loan := ask(1800); loan.Text != first.Text || loan.Said != 1800 || loan.ExpiresIn > 1200 {
		t.Errorf("got %+v", loan)
	}
	w.Forward(25 * time.Minute)
	second := ask(1800)
	if second.Text == first.Text || !w.knows(t, first.Text) || !w.knows(t, second.Text) {
		t.Error("who holds the first to be good gets no ticket with it")
	}
	w.Forward(6 * time.Minute)
	if w.knows(t, first.Text) {
		t.Error("the first is good for longer than was said")
	}
}

// TestForcedTokensAreForgotten: what was lent may be in the wrong hands then.
func TestForcedTokensAreForgotten(t *testing.T) {
	w := newWorld(t, func(c *account.Config) { c.Store = accounttest.NewMemory() })
	if _, err := w.LendToken(t.Context(), 7200); err != nil {
		t.Fatal(err)
	}
	w.Forward(time.Minute)
	first, err := w.LendToken(t.Context(), 7200)
	if err != nil || first.Said == first.ExpiresIn {
		t.Fatalf("got %+v, %v", first, err)
	}
	if _, err := w.ForceToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Forward(6 * time.Minute)
	if w.knows(t, first.Text) {
		t.Error("it is good still")
	}
}

// TestInsistenceIsHeeded has SDKs ask for a token that WeChat refuses again and again, as wechatpy does.
func TestInsistenceIsHeeded(t *testing.T) {
	const probe = "/cgi-bin/openapi/quota/get"
	w := newWorld(t, nil)
	ask := func() string {
		t.Helper()
		loan, err := w.LendToken(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return loan.Text
	}
	first := ask()
	for range 20 { // none of them in a hurry
		w.Forward(40 * time.Second)
		ask()
	}
	if n := w.Sandbox.Calls()[probe]; n > 0 {
		t.Errorf("%d probes for nothing", n)
	}
	if err := w.Sandbox.Revoke(sandbox.Revocation{}); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for token := first; token == first && asked < 500; asked++ {
		token = ask()
	}
	if asked > 4 {
		t.Errorf("got another after %d times", asked)
	}
	for range 300 { // of a good one, by many
		ask()
		w.Forward(time.Second)
	}
	if n := w.Sandbox.Calls()[probe]; n > 6 {
		t.Errorf("%d probes in five minutes", n)
	}
	if n := w.Sandbox.Calls()["/cgi-bin/stable_token"]; n != 2 {
		t.Errorf("%d tokens", n)
	}
}
