// Package accounts is the official accounts and mini programs that exist, with their credentials and quotas: who gets a
// token or a ticket, and how long it is good. Nothing in it is safe for concurrent use.
package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"
)

// App is an official account or a mini program.
type App struct {
	ID              string
	Kind            Kind   // "": nobody has said
	Secret          string // the one that it showed last; "": none yet
	Classic, Stable Source
	forced          forced
	sticky          bool                 // stable_token believes in a token that is dead
	Tickets         map[string][]*Ticket // by type, oldest first
	quota           daily
	clears          monthly
	Menu            []json.RawMessage // its buttons; nil: there is none
}

// Kind is what an App is.
type Kind string

// The kinds.
const (
	Official Kind = "official"
	Mini     Kind = "mini_program"
)

// Source is one of the ways to get an access_token.
type Source struct{ Current, Previous *Token }

// Token is an access_token.
type Token struct {
	Text    string
	App     *App
	Grant   *Grant    // nil: it is the account's own
	Expires time.Time // as its expires_in said
	Until   time.Time // no later: when it stops working
}

// endBy lets t work no longer than until at.
func (t *Token) endBy(at time.Time) {
	if t.Until.After(at) {
		t.Until = at
	}
}

func (t *Token) works(now time.Time) bool { return now.Before(t.Until) }

// Ticket is an api_ticket or a jsapi_ticket.
type Ticket struct {
	Text    string
	Made    time.Time
	Expires time.Time
}

// Live says whether what is signed with t is good.
func (t *Ticket) Live(now time.Time) bool { return now.Before(t.Expires) }

// forced counts the forced refreshes of a day.
type forced struct {
	day   string
	count int
	last  time.Time
}

// daily counts the calls of a day, by path.
type daily struct {
	day  string
	used map[string]int
}

// monthly counts the clear_quota calls of a month.
type monthly struct {
	month string
	count int
}

// Biz is how WeChat's pages name an account: its number, in base64.
func Biz(appID string) string {
	sum := sha256.Sum256([]byte("biz " + appID))
	n := 3_000_000_000 + binary.BigEndian.Uint64(sum[:8])%1_000_000_000
	return base64.StdEncoding.EncodeToString(strconv.AppendUint(nil, n, 10))
}
