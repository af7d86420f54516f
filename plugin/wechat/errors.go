package wechat

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Error is the one error of this package. It never holds a URL, a secret or a
// token, whatever WeChat or the network put into its text.
type Error struct {
	API     string // our name of the call, Call.API
	Code    int    // errcode; 0 when no WeChat answer came
	Msg     string // errmsg, printable and at most 512 bytes; its tail repeats RID
	RID     string // WeChat's id of the request, which its support asks for; may be empty
	Status  int    // HTTP status when it was not 200
	Timeout bool   // no answer in time
	Err     error  // transport or decoding failure, without URL
}

// Error is one line of printable text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.API)
	switch {
	case e.Code != 0:
		b.WriteString(": errcode ")
		b.WriteString(strconv.Itoa(e.Code))
		msg, rid := splitRID(e.Msg)
		if rid == "" {
			msg = e.Msg
		}
		if msg != "" {
			b.WriteString(": ")
			b.WriteString(msg)
		}
		if e.RID != "" {
			b.WriteString(" (rid ")
			b.WriteString(e.RID)
			b.WriteByte(')')
		}
	case e.Timeout:
		b.WriteString(": no answer in time")
	case e.Status != 0:
		b.WriteString(": HTTP status ")
		b.WriteString(strconv.Itoa(e.Status))
	case e.Err != nil:
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	default:
		b.WriteString(": failed")
	}
	return b.String()
}

// Unwrap gives the transport or decoding failure, nil when WeChat answered.
func (e *Error) Unwrap() error { return e.Err }

// Reaction says what to do about e. A code that this package does not know is
// Setup: it stops no loop short to call it so, tells the operator, and blames
// nobody who asked in good faith.
func (e *Error) Reaction() Reaction {
	if e.Code <= 0 {
		return Transient // -1 is "system busy"; the other negative codes are of that family
	}
	r, known := e.rule()
	if !known {
		return Setup
	}
	if r.reaction == Credential && e.ofTokenCall() {
		return Setup
	}
	return r.reaction
}

// rule is what we know of the errcode.
func (e *Error) rule() (r rule, known bool) {
	if r, known = ofPhones[e.Code]; known && e.API == APIPhone {
		return r, true
	}
	if r, known = ofComponents[e.Code]; known && componentCalls[e.API] {
		return r, true
	}
	r, known = codes[e.Code]
	return r, known
}

// AccountWide says that the failure holds for the account wherever it is
// called from, so that the other machines need not try. Otherwise it may be
// this machine's alone: its IP, its network, its configuration.
func (e *Error) AccountWide() bool {
	return e.Code > 0 && codes[e.Code].account
}

// RefusesAddress says that WeChat takes no calls of the account from this
// machine's address until an operator has put it right: 40164, 45035, 61004
// and 89501 to 89505. (89506 and 89507 say themselves how long to wait.)
func (e *Error) RefusesAddress() bool {
	rule := codes[e.Code]
	return rule.namesIP && rule.wait == 0
}

// NotBefore is when the next attempt makes sense by what WeChat says. The zero
// time leaves it to the caller's back-off. now is by the local clock.
func (e *Error) NotBefore(now time.Time) time.Time {
	wait := codes[e.Code].wait
	switch {
	case wait == 0:
		return time.Time{}
	case e.Code == codeDayQuota:
		// The operator may clear the quota by hand any time.
		if day := NextDay(now); day.Before(now.Add(wait)) {
			return day
		}
	}
	return now.Add(wait)
}

// Hint says in a sentence what is likely to be wrong, for the operator or, with
// Refused, for whoever asked. It is empty when nothing useful is known.
func (e *Error) Hint() string {
	if e.Code <= 0 {
		return ""
	}
	if e.Code == codeInvalidCredential && e.ofTokenCall() {
		if componentCalls[e.API] {
			return hintComponentSecret
		}
		return hintSecret
	}
	rule, _ := e.rule()
	hint := rule.hint
	if (e.API == APIWebLogin || e.API == APIComponentWebLogin) && rule.reaction == Refused {
		hint = hintWebCode // nothing else was asked about
	}
	if ip := e.RefusedIP(); ip != "" {
		hint += ": " + ip
	}
	return hint
}

// RefusedIP is the address that WeChat saw and refused, as its errmsg names it,
// or empty.
func (e *Error) RefusedIP() string {
	if !codes[e.Code].namesIP {
		return ""
	}
	// `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: …`
	for _, word := range strings.FieldsFunc(e.Msg, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF.:", r)
	}) {
		for _, s := range []string{word, strings.Trim(word, ".:")} {
			if ip, err := netip.ParseAddr(s); err == nil && !ip.IsUnspecified() {
				return ip.Unmap().String()
			}
		}
	}
	return ""
}

// ofTokenCall says whether e is from a call that shows the app secret and no
// access_token: there 40001 means a wrong secret.
func (e *Error) ofTokenCall() bool {
	return e.API == "token" || e.API == "stable_token" || e.API == "jscode2session" || e.API == APIWebLogin ||
		e.API == APIComponentToken || e.API == APIStartPush
}

// findRID takes the id of the request out of an errmsg.
func findRID(msg string) string {
	_, rid := splitRID(msg)
	return rid
}

// splitRID cuts the tail `rid: 62bc2cbd-27a1fbc6-3ae9d2d5` off an errmsg.
func splitRID(msg string) (text, rid string) {
	i := strings.LastIndex(msg, "rid:")
	if i < 0 {
		return msg, ""
	}
	rid = strings.TrimSpace(msg[i+len("rid:"):])
	if rid == "" || len(rid) > 64 || strings.ContainsFunc(rid, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
	}) {
		return msg, ""
	}
	return strings.TrimRight(msg[:i], " ,;"), rid
}
