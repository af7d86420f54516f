package oauth

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/seal"
)

// AttemptLife is how long a visitor may take at WeChat's page.
const AttemptLife = 10 * time.Minute

// Attempt is what a browser keeps, sealed, while its user is at WeChat's page.
type Attempt struct {
	State  string // what WeChat's page gives back
	Return string // where the visitor wants to go
	Again  bool   // an attempt before this one has failed

	Begun time.Time // by the clock of the process that began it; to the second
}

// attemptText is how an Attempt lies in its cookie.
type attemptText struct {
	State  string `json:"s"`
	Return string `json:"r"`
	Again  bool   `json:"a,omitempty"`
	Time   int64  `json:"t"`
}

// BeginAttempt makes an Attempt, and the text of a cookie that keeps it for AttemptLife.
func (v *Visitors) BeginAttempt(returnTo string, again bool) (a Attempt, cookie string) {
	a = Attempt{newState(), returnTo, again, time.Unix(v.cfg.Now().Unix(), 0)}
	var text strings.Builder
	plain := json.NewEncoder(&text)
	plain.SetEscapeHTML(false)                                                // each & of a long address would be six bytes, and browsers keep no cookie that is too long
	_ = plain.Encode(attemptText{a.State, a.Return, a.Again, a.Begun.Unix()}) // can always be written
	return a, sealCookie(v.must().attempts, text.String(), "attempt")
}

// OpenAttempt reads what BeginAttempt made: of this account, with its secret as it is now, and not older than AttemptLife. Browsers
// drop the cookie by then; here the clocks of two processes may be ten minutes apart.
func (v *Visitors) OpenAttempt(cookie string) (a Attempt, ok bool) {
	var text attemptText
	if !openCookie(v.must().attempts, cookie, "attempt", &text) || !isState(text.State) {
		return a, false
	}
	begun := time.Unix(text.Time, 0)
	if age := v.cfg.Now().Sub(begun); age < -skew || age > AttemptLife+skew {
		return a, false
	}
	return Attempt{text.State, text.Return, text.Again, begun}, true
}

// A browser may have several attempts under way, in several windows or because WeChat opens a page twice. These bound them: as many
// cookies, and what these take in a header, of which proxies take 8 KiB. The longest addresses leave room for two.
const (
	MaxAttempts     = 16
	MaxAttemptBytes = 6 << 10
)

// slotLength is of a slot, in hex digits: 64 bits, so that windows that begin at the same moment need not know of each other.
const slotLength = 16

// Slot names the cookie of an attempt.
func Slot(state string) string { return seal.Hash("slot", state)[:slotLength] }

// IsSlot tells whether a text can be a Slot.
func IsSlot(s string) bool { return len(s) == slotLength && strings.Trim(s, hexDigits) == "" }

// stateLength is of a state, in characters. WeChat takes 128, and only letters and digits.
const stateLength = 32

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newState makes a state: 190 random bits.
func newState() string {
	state := make([]byte, 0, stateLength)
	var random [2 * stateLength]byte
	for {
		_, _ = rand.Read(random[:]) // never fails (crypto/rand)
		for _, b := range random {
			if b &= 63; int(b) < len(alphanumeric) {
				if state = append(state, alphanumeric[b]); len(state) == stateLength {
					return string(state)
				}
			}
		}
	}
}

// isState tells whether a text can be a state of ours.
func isState(s string) bool {
	return len(s) == stateLength && strings.Trim(s, alphanumeric) == ""
}
