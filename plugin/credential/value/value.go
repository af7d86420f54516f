// Package value has what the Keeper keeps: the kinds of credentials, their values, and how long a value lives. No I/O.
//
// held.go tells whether a value may be served and when its renewal is due, rule.go what a ticket's depends on.
package value

import "time"

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

// IsTicket tells whether it is one of the tickets.
func (k Kind) IsTicket() bool { return k != AccessToken }

// Source says where a value came from.
type Source string

// The sources.
const (
	FromWeChat Source = "wechat" // this process fetched it; EnvConfig.Sources names others that it can come from
	FromStore  Source = "store"  // another process did, or this one before it was restarted
)

// Value is a credential and its life by the local clock. It does not change.
type Value struct {
	Text     string
	Obtained time.Time // start of the request that brought it
	Expires  time.Time
}
