// Package credential keeps the short-lived credentials of one official account: its access_token, its card
// api_ticket and its jsapi_ticket. A Keeper fetches one of them, caches it in memory, shares it with the fleet
// through a Store, renews it before it ends, and replaces it when WeChat refuses it.
//
// Where to read on: keeper.go has what callers use, state.go the states of a credential and every change from one to
// another, flight.go the one renewal at a time and lock.go its wait for the fleet, loop.go what starts it when nobody
// asks, value.go a value's life, record.go and seal.go what lies in the store, address.go what WeChat refuses this machine for all credentials, guard.go the caps on calls, env.go what belongs to one configuration, status.go what operators
// see.
package credential

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/storeguard"
)

// Store is where a fleet shares credentials and where they survive a restart.
type Store = storeguard.Store

// Expiring is a Store whose keys can end by themselves.
type Expiring = storeguard.Expiring

// Aging is a Store that tells how long ago a key was stored.
type Aging = storeguard.Aging

// Kind names one of the credentials of an account.
type Kind string

// The kinds. Tickets are fetched with the access_token (GET /cgi-bin/ticket/getticket).
const (
	AccessToken Kind = "access_token" // for calls of WeChat's API
	APITicket   Kind = "api_ticket"   // type=wx_card: signs cards
	JSAPITicket Kind = "jsapi_ticket" // type=jsapi: signs wx.config
)

// Kinds lists all kinds, the one that the others need first.
var Kinds = []Kind{AccessToken, APITicket, JSAPITicket}

// Unavailable says that there is no usable credential just now, whatever the cause.
type Unavailable struct {
	Kind    Kind
	RetryAt time.Time // when the next attempt is due, by the local clock
	Err     error     // the last failure; a *wechat.Error where WeChat's answer was the cause
}

// Error names the kind and the cause. It holds no credential.
func (e *Unavailable) Error() string {
	return fmt.Sprintf("no usable %s: %v", e.Kind, e.Err)
}

// Unwrap gives the cause.
func (e *Unavailable) Unwrap() error { return e.Err }
