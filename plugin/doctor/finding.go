package doctor

import (
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// Verdict says how a check came out; the worse, the greater.
type Verdict int

// The verdicts.
const (
	Fine    Verdict = iota
	Warning         // it works, but somebody should look at it
	Wrong           // it does not work
)

// Finding is what a check found, without any secret.
type Finding struct {
	Check   string // what was looked at: hosts, clock, address, …
	Card    string // the card's id, where it was a card
	Verdict Verdict
	Text    string // what was found
	Todo    string // what to do; empty: nothing
}

// Report is told of each finding as soon as there is one.
type Report func(Finding)

// The things that are looked at.
const (
	checkHosts   = "hosts"
	checkClock   = "clock"
	checkStore   = "store"
	checkAccount = "account" // app_id and app_secret
	checkAddress = "address" // that this machine calls from
	checkRights  = "rights"
	checkQuota   = "quota"
	checkCard    = "card" // of the id beside it
	checkCards   = "cards"
)

// failed is the finding for a call that failed.
func failed(check, what string, err error) Finding {
	f := Finding{Check: check, Verdict: Wrong}
	if u, ok := errors.AsType[*credential.Unavailable](err); ok && u.Err != nil {
		err = u.Err
	}
	f.Text = what + ": " + err.Error()
	e, ok := errors.AsType[*wechat.Error](err)
	if !ok {
		return f
	}
	if f.Todo = e.Hint(); f.Todo == "" && e.Code == 0 {
		f.Todo = "see what is said of the hosts"
	}
	if e.RefusesAddress() || e.RefusedIP() != "" {
		f.Check = checkAddress
	}
	return f
}
