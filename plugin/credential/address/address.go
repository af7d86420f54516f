// Package address remembers that WeChat refuses the address that this process calls from. No I/O.
package address

import (
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential/pace"
)

// Address is what WeChat last said of the address that this process calls from. A refusal is a fact about the process
// and the account, whichever credential was asked for: after one, all credentials of the account together make one attempt
// at a time, a minute or more apart. While an attempt is under way nobody is refused: what comes of it is waited for. The
// refusal ends with a call that WeChat takes, and with another secret; a call that fails for another reason leaves it open
// whether the address is taken now, and says itself how long to wait.
type Address struct {
	mu     sync.Mutex
	ended  []func() // told when a refusal has ended
	err    error    // the refusal; nil: there is none
	at     time.Time
	until  time.Time     // of the next attempt
	count  int           // attempts that were refused, one after the other
	under  chan struct{} // closed when the attempt under way has ended; nil: none is
	config string        // fingerprint of the configuration
}

// OnTaken has f called whenever WeChat has taken a call after a refusal.
func (a *Address) OnTaken(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, f)
}

// Refuse notes a refusal and tells when the next attempt is due. Calls that were made before the refusal was known count
// with the first.
func (a *Address) Refuse(err error, now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil || !now.Before(a.until) {
		a.count++
		a.until = now.Add(pace.Setup(a.count))
	}
	a.err, a.at = err, now
	return a.until
}

// Refused gives the refusal, if there is one, and when it came.
func (a *Address) Refused() (at time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, a.err
}

// Recent gives the refusal, unless the attempt after it has been allowed for longer than soon.
func (a *Address) Recent(now time.Time, soon time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.until) > soon {
		return nil
	}
	return a.err
}

// Barred gives the refusal that forbids to call WeChat at now, and until when. It is nil when there is none.
func (a *Address) Barred(now time.Time) (until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.until) {
		return a.until, a.err
	}
	return time.Time{}, nil
}

// Try takes the attempt that is due at now for its caller, who must call done when it has ended, however. Where another is
// under way it gives a channel that is closed when that has ended, to try again then. It gives what Barred does when no
// attempt is due, and nothing at all when none is needed.
func (a *Address) Try(now time.Time) (done func(), under <-chan struct{}, until time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.err == nil:
		return func() {}, nil, time.Time{}, nil
	case now.Before(a.until):
		return nil, nil, a.until, a.err
	case a.under != nil:
		return nil, a.under, time.Time{}, nil
	}
	mine := make(chan struct{})
	a.under = mine
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.under == mine {
			a.end()
		}
	}, nil, time.Time{}, nil
}

// Hurry lets the next attempt be made at once, and those after it begin with short waits again. Who made none after all calls undo.
func (a *Address) Hurry() (undo func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, count := a.until, a.count
	a.until, a.count = time.Time{}, 0
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.err != nil && a.until.IsZero() && a.under == nil { // nor has anybody else
			a.until, a.count = until, count
		}
	}
}

// Take notes a call that WeChat took.
func (a *Address) Take() {
	a.mu.Lock()
	was, ended := a.err, a.ended
	a.forget()
	a.mu.Unlock()
	if was == nil {
		return
	}
	for _, tell := range ended {
		tell()
	}
}

// Configure notes the current configuration. Another one than before starts afresh.
func (a *Address) Configure(fingerprint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.config != fingerprint {
		a.config = fingerprint
		a.forget()
	}
}

// forget ends the refusal. a.mu is held.
func (a *Address) forget() {
	a.err, a.until, a.count = nil, time.Time{}, 0
	a.end()
}

// end ends the attempt under way. a.mu is held.
func (a *Address) end() {
	if a.under != nil {
		close(a.under)
		a.under = nil
	}
}
