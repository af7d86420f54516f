// Package lending hands credentials on to somebody who keeps them by himself, and takes his word for them.
package lending

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Loan is a credential for somebody who keeps it by himself.
type Loan struct {
	Text      string
	ExpiresIn int // for how many seconds it is good still: rounded down, at least 1
}

// Config is what a Lender needs to know.
type Config struct {
	Keeper    func(credential.Kind) (*credential.Keeper, error) // of a kind; fails where there can be no such credential
	Env       *credential.Env                                   // whom the Keepers are asked for
	AppSecret string                                            // of the account; empty: it has none
	Force     bool                                              // whether a good access_token may be replaced
}

// Lender lends the credentials of one account.
type Lender struct{ cfg Config }

// New makes a Lender.
func New(cfg Config) *Lender { return &Lender{cfg} }

// Lend gives the current value of a credential to keep until its end.
func (l *Lender) Lend(ctx context.Context, kind credential.Kind) (Loan, error) {
	keeper, err := l.cfg.Keeper(kind)
	if err != nil {
		return Loan{}, err
	}
	text, left, err := keeper.Lend(ctx, l.cfg.Env)
	return Loan{Text: text, ExpiresIn: int(left / time.Second)}, err
}

// ForceToken replaces a good access_token at the wish of somebody whom it was lent, as force_refresh of stable_token
// does. Like at WeChat nothing happens when that must not be now: the Keeper's guard forbids it, forced refreshes are off,
// or the token source knows none.
func (l *Lender) ForceToken(ctx context.Context) error {
	keeper, err := l.cfg.Keeper(credential.AccessToken)
	if err != nil || !l.cfg.Force {
		return nil
	}
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
// one before it as long as WeChat takes that. It fails when there is no current one.
func (l *Lender) KnowsToken(ctx context.Context, token string) (bool, error) {
	keeper, err := l.cfg.Keeper(credential.AccessToken)
	if err != nil {
		return false, err
	}
	return keeper.Knows(ctx, l.cfg.Env, token)
}

// HasAppSecret tells whether the account has an app secret: where others keep its credentials it may have none.
func (l *Lender) HasAppSecret() bool { return l.cfg.AppSecret != "" }

// IsAppSecret tells in constant time whether text is the app secret. Where there is none, nothing is.
func (l *Lender) IsAppSecret(text string) bool {
	// of one length, so that the time does not tell the secret's
	got, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(l.cfg.AppSecret))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && l.HasAppSecret()
}
