// Package plugin is the gateway itself, without Caddy.
package plugin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/card"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// TokenSource says where access_tokens come from.
type TokenSource string

// The token sources.
const (
	Stable  TokenSource = "stable"
	Classic TokenSource = "classic"
)

// AccountConfig is all that an Account needs to know.
type AccountConfig struct {
	AppID, AppSecret string
	TokenSource      TokenSource // default Stable
	ForceRefresh     bool        // may forced refreshes be spent
	DecryptLimit     int         // calls a minute; 0: 600
	GeturlLimit      int         // calls a minute; 0: 60
	APIURL           string      // the first api URL: part of the credential's name
	Client           *wechat.Client
	Store            credential.Store // nil: share nothing
	Logger           *slog.Logger
	Now              func() time.Time // nil: time.Now
}

// State is what outlives a configuration: credentials, caches, limits. One per SharedKey, kept in a pool by the host.
type State struct{}

func NewState() *State                   { return &State{} }
func (s *State) Close()                  {}
func SharedKey(cfg AccountConfig) string { return "" }

// Account is one official account (公众号).
type Account struct{}

func NewAccount(cfg AccountConfig, state *State) *Account { return &Account{} }

// Start makes this account's configuration current and warms kinds in the background; Stop undoes it and waits.
func (a *Account) Start(kinds ...credential.Kind) {}
func (a *Account) Stop()                          {}

// AddCard appends the JSON object {"cardList":[…]} to dst. It sets each card's timestamp, and its nonce when nonce is true.
func (a *Account) AddCard(ctx context.Context, dst []byte, cards []card.Ext, nonce bool) ([]byte, error) {
	return nil, errors.New("todo")
}

// DecryptCode turns an encrypted code into the plain one.
func (a *Account) DecryptCode(ctx context.Context, encrypted string) (string, error) {
	return "", errors.New("todo")
}

// ComponentQuery asks for the parameters of the member-card component.
type ComponentQuery struct {
	CardID       string
	OuterStr     string
	ClientChosen bool          // the client chose card_id or outer_str: counts against the clients' share
	MaxAge       time.Duration // how long one activate URL is reused; 0: not at all
}

func (a *Account) MemberCardComponent(ctx context.Context, q ComponentQuery) (card.ExtraData, error) {
	return card.ExtraData{}, errors.New("todo")
}

// Credential gives the current value of a credential.
func (a *Account) Credential(ctx context.Context, kind credential.Kind) (string, error) {
	return "", errors.New("todo")
}

// Busy says that a bound of ours was reached.
type Busy struct {
	API        string
	RetryAfter time.Duration
}

func (e *Busy) Error() string { return e.API + ": too many calls a minute" }
