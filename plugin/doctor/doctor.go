// Package doctor finds out why an account does not work: the way to WeChat, the clock, the store, the credentials, what the
// account may do, the day's quotas, and whether each card is what its routes need it to be.
//
// A check reports what it finds, one finding after the other (finding.go); each has a file of its own.
package doctor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Caller makes calls with the account's access_token.
type Caller interface {
	Call(ctx context.Context, call func(token string) error) error
}

// Credentials gives credentials, and tells how they stand.
type Credentials interface {
	Credential(ctx context.Context, kind credential.Kind) (string, error)
	Status(kind credential.Kind) credential.Status
}

// Config is what a Doctor needs to know.
type Config struct {
	AppID, AppSecret string
	Source           account.TokenSource // of the access_token
	ForeignTickets   bool                // whether somebody else keeps the tickets
	MiniProgram      bool                // whether it is a mini program, which has neither tickets nor cards
	Shared           bool                // whether credentials are shared through a store

	Client      *wechat.Client // required, as what follows
	Caller      Caller
	Credentials Credentials
	Card        func(ctx context.Context, cardID string) (json.RawMessage, cards.Card, error) // gives a card's data
	Now         func() time.Time                                                              // by our clock
	WeChatTime  func() time.Time                                                              // by WeChat's
}

// Doctor looks at one account.
type Doctor struct{ cfg Config }

// New makes a Doctor.
func New(cfg Config) *Doctor { return &Doctor{cfg} }
