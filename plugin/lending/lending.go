// Package lending hands credentials on to somebody who keeps them by himself, and takes his word for them.
//
// state.go has what is remembered of that.
package lending

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Loan is a credential for somebody who keeps it by himself.
type Loan struct {
	Text      string
	ExpiresIn int // for how many seconds it is good still: rounded down, at least 1
	Said      int // the same, or the floor that the borrower wants to be told of
}

// Config is what a Lender needs to know.
type Config struct {
	Keeper    func(credential.Kind) (*credential.Keeper, error) // of a kind; fails where there can be no such credential
	Env       *credential.Env                                   // whom the Keepers are asked for
	AppSecret string                                            // of the account; empty: it has none
	Force     bool                                              // whether a good access_token may be replaced
	Classic   bool                                              // every access_token ends the one before within five minutes

	// Probe makes a call of no effect with an access_token. Its error is a *wechat.Error that refuses the token, when WeChat does.
	Probe func(ctx context.Context, token string) error
}

// Lender lends the credentials of one account.
type Lender struct {
	cfg   Config
	state *State
}

// New makes a Lender upon the account's State.
func New(cfg Config, state *State) *Lender { return &Lender{cfg, state} }

// Lend gives the current value of a credential to keep until its end.
func (l *Lender) Lend(ctx context.Context, kind credential.Kind) (Loan, error) {
	keeper, err := l.cfg.Keeper(kind)
	if err != nil {
		return Loan{}, err
	}
	return l.lend(ctx, keeper)
}

func (l *Lender) lend(ctx context.Context, keeper *credential.Keeper) (Loan, error) {
	text, left, err := keeper.Lend(ctx, l.cfg.Env)
	n := int(left / time.Second)
	return Loan{Text: text, ExpiresIn: n, Said: n}, err
}

// LendToken gives the access_token to keep until its end, or for as long as it is said to live: floor seconds at least. Who
// asks for one token again and again has had it refused elsewhere, perhaps: then WeChat is asked, once a minute at most.
func (l *Lender) LendToken(ctx context.Context, floor int) (Loan, error) {
	keeper, err := l.cfg.Keeper(credential.AccessToken)
	if err != nil {
		return Loan{}, err
	}
	loan, err := l.lend(ctx, keeper)
	if err == nil && l.state.insisted(loan.Text, l.cfg.Env.Now()) && l.refuses(ctx, keeper, loan.Text) {
		loan, err = l.lend(ctx, keeper)
	}
	if err != nil {
		return Loan{}, err
	}
	loan.Said = max(loan.ExpiresIn, floor)
	if now := l.cfg.Env.Now(); l.cfg.Classic || loan.Said > loan.ExpiresIn {
		l.state.note(loan.Text, now.Add(time.Duration(loan.Said)*time.Second), now)
	}
	return loan, nil
}

// maxProbe is how long somebody waits for WeChat's word on the token that he asks for.
const maxProbe = 3 * time.Second

// refuses asks WeChat whether it takes a token, and drops one that it refuses.
func (l *Lender) refuses(ctx context.Context, keeper *credential.Keeper, token string) bool {
	if l.cfg.Probe == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, maxProbe)
	defer cancel()
	err := l.cfg.Probe(ctx, token)
	if !wechat.Is(err, wechat.Credential) {
		return false
	}
	keeper.Drop(token, err)
	return true
}

// ForceToken replaces a good access_token at the wish of somebody whom it was lent, as force_refresh of stable_token
// does. Like at WeChat nothing happens when that must not be now: the Keeper's guard forbids it, forced refreshes are off,
// or the token source knows none.
func (l *Lender) ForceToken(ctx context.Context) (refreshed bool, err error) {
	keeper, err := l.cfg.Keeper(credential.AccessToken)
	if err != nil || !l.cfg.Force {
		return false, nil
	}
	l.state.forget()
	return keeper.Force(ctx, l.cfg.Env)
}

// RejectToken takes the word of somebody whom an access_token was lent that WeChat refuses it: what Lend gives next is
// another one. A token that has been replaced already changes nothing.
func (l *Lender) RejectToken(token string) {
	if keeper, err := l.cfg.Keeper(credential.AccessToken); err == nil {
		keeper.Drop(token, errLentRefused)
	}
}

// errLentRefused is why a token counts as dead that this process was not refused itself.
var errLentRefused = errors.New("WeChat refuses the token, says one whom it was lent")

// KnowsToken tells in constant time whether token is an access_token of the account that is good: the current one, or the
// one before it as long as WeChat takes that, or one that was lent, until the end that was said then. It fails when there is
// no current one.
func (l *Lender) KnowsToken(ctx context.Context, token string) (bool, error) {
	keeper, err := l.cfg.Keeper(credential.AccessToken)
	if err != nil {
		return false, err
	}
	known, err := keeper.Knows(ctx, l.cfg.Env, token)
	return known || err == nil && l.state.holds(token, l.cfg.Env.Now()), err
}

// HasAppSecret tells whether the account has an app secret: where others keep its credentials it may have none.
func (l *Lender) HasAppSecret() bool { return l.cfg.AppSecret != "" }

// IsAppSecret tells in constant time whether text is the app secret. Where there is none, nothing is.
func (l *Lender) IsAppSecret(text string) bool {
	// of one length, so that the time does not tell the secret's
	got, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(l.cfg.AppSecret))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && l.HasAppSecret()
}
