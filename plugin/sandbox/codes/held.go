// Package codes is the cards that users have, by their codes. Nothing in it is safe for concurrent use.
package codes

import (
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/cards"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// The states of a user's card.
const (
	Normal      = "NORMAL"
	Consumed    = "CONSUMED"
	Unavailable = "UNAVAILABLE"
	Deleted     = "DELETE"
)

// MaxCode is the longest code that WeChat takes.
const MaxCode = 20

// Held is a card that a user has.
type Held struct {
	Code   string
	Card   *cards.Card
	User   string
	Begin  time.Time
	Status string

	Active     bool
	Membership string
	Bonus      int
	Balance    int
	Form       []FormValue
}

// FormValue is one field of what a user typed when activating a card.
type FormValue struct {
	Name  string   `json:"name"`
	Value string   `json:"value"`
	List  []string `json:"value_list,omitempty"`
}

// Submitted is what an activate_ticket stands for.
type Submitted struct {
	App     string
	Expires time.Time
	Form    []FormValue
}

// Refusal says why a user's card cannot be used, nil if it can.
func (h *Held) Refusal() error {
	switch h.Status {
	case Normal:
		return nil
	case Consumed:
		return wire.ErrConsumed
	}
	return wire.ErrUserCardStatus
}

// IsCode says whether a merchant's code is one that WeChat takes: at most 20 characters, none of them special.
func IsCode(code string) bool {
	if code == "" || len(code) > MaxCode {
		return false
	}
	for _, b := range []byte(code) {
		if !wire.IsAlphanumeric(b) {
			return false
		}
	}
	return true
}
